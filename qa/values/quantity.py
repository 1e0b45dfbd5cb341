"""A number with its unit, and its place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from qa.values.number import Number
from qa.values.units import Unit


class Spanned(Protocol):
    """What stands at ``[start, end)``."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Quantity:
    start: int
    end: int
    number: Number
    unit: Unit | None
    upper: Number | None = None
    noun: str | None = None
    share: Decimal | None = None


def overlap(a: Spanned, b: Spanned) -> bool:
    return a.start < b.end and b.start < a.end
