"""Which addresses a reader may be sent to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from qa.show.sanitize import visible

_SCHEMES = ("http", "https")
_MISREAD = re.compile(r"[\s\\]")
"""What browsers leave out of an address, or take for another character."""


def link_of(source: str) -> str | None:
    """``source`` if it is an address of the web that shows where it leads, else None.

    One with a user's name or password in it ("https://bank.example@evil.example/") is none.
    """
    if _MISREAD.search(source) or visible(source) != source:
        return None
    try:
        parts = urlsplit(source)
        _ = parts.port  # raises where it is none
    except ValueError:
        return None
    is_web = parts.scheme in _SCHEMES and bool(parts.hostname) and "@" not in parts.netloc
    return source if is_web else None


def host_of(source: str) -> str | None:
    """The host of an address of the web, with or without a user's name; None for others."""
    try:
        parts = urlsplit(source)
        return parts.hostname if parts.scheme in _SCHEMES else None
    except ValueError:
        return None
