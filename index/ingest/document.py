"""What a reader of one kind gets: the bytes of one source, and what to call it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One source in memory. ``uri`` names it in articles, failures and warnings."""

    uri: str
    data: bytes
