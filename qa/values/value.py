"""A value: an exact span of a text with what it says."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qa.answer_types import Kind


@dataclass(frozen=True, slots=True)
class Value:
    """A value at ``[start, end)``; ``text`` is exactly that slice of the source.

    ``amount`` is in ``unit`` (ISO 4217 code, "%", "km", "a" for years, or None for a count), scale
    included; ``upper`` is the other end of a range. ``moment`` is the EDTF form of a date or
    year, None for a relative one. ``noun`` is the thing counted.
    ``approximator`` stands right before the value ("rund"), ``hedge`` elsewhere in its clause
    ("geschätzt"), ``time`` is the time its clause speaks of; all three as written.
    ``conversion`` marks the same quantity said again in another unit, ``former`` one that its
    sentence replaces by another: "statt 48 nun 71".
    """

    kind: Kind
    start: int
    end: int
    text: str
    amount: Decimal | None = None
    unit: str | None = None
    upper: Decimal | None = None
    moment: str | None = None
    noun: str | None = None
    approximator: str | None = None
    hedge: str | None = None
    time: str | None = None
    conversion: bool = False
    former: bool = False
    base: str | None = None
    factor: Decimal = Decimal(1)
