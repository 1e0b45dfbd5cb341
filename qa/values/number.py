"""A number in a text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Number:
    """A number at ``[start, end)``, scale word included: "14 Mrd." is 14 × 10**9.

    ``written`` is the number without its scale; ``article`` marks "ein", "one", "une", which are
    numbers only before a unit or a scale; ``plain`` marks bare digits without separators.
    """

    start: int
    end: int
    written: Decimal
    power: int = 0
    words: bool = False
    article: bool = False
    ordinal: bool = False
    plain: bool = False

    @property
    def amount(self) -> Decimal:
        return self.written * (Decimal(10) ** self.power)
