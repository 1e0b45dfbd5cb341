"""Fractions in words, as percentages."""

from __future__ import annotations

import re
from decimal import Decimal

from qa.values.number import Number
from qa.values.quantity import Quantity
from qa.values.units import PERCENT

_HALVES = re.compile(
    r"\b(?<!zweiten )(?<!ersten )(?<!zweite )(?<!erste )(?<!obere )(?<!untere )Hälfte\b|"
    r"(?<!first )(?<!second )\bhalf(?= (?:of|the|its|their|all|his|her)\b)|\bla (?:moitié|mitad)\b"
)
_PARTS = re.compile(
    r"\b(?P<n>ein(?:e[mnrs]?)?|zwei|drei|vier|one|an?|two|three|four)[ -]"
    r"(?P<d>Dritteln?|Vierteln?|Fünfteln?|thirds?|quarters?|fifths?)\b"
    r"(?! (?:Jahr|Stunde|century|year|hour|mile))"
)
_COUNTS = {"zw": 2, "tw": 2, "dr": 3, "th": 3, "vi": 4, "fo": 4}
_PARTS_OF = {"dr": 3, "th": 3, "vi": 4, "qu": 4, "fü": 5, "fi": 5}


def find_shares(folded: str) -> list[Quantity]:
    """Fractions in words, as percentages: "die Hälfte" is 50 %, "two-thirds" 66.67 %."""
    found = []
    for match in _HALVES.finditer(folded):
        found.append(_share(match.start(), match.end(), Decimal(50)))
    for match in _PARTS.finditer(folded):
        above = _COUNTS.get(match.group("n")[:2], 1)
        below = _PARTS_OF[match.group("d")[:2].casefold()]
        percent = (Decimal(100 * above) / below).quantize(Decimal("0.01"))
        found.append(_share(match.start(), match.end(), percent))
    return found


def _share(start: int, end: int, percent: Decimal) -> Quantity:
    return Quantity(start, end, Number(start, end, percent, words=True), PERCENT, share=percent)
