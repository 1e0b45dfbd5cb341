"""What a number without a unit counts."""

from __future__ import annotations

import re
from dataclasses import replace

from qa.values.quantity import Quantity

_NOUN_DE = re.compile(
    r"(?:-| (?:[a-zäöüß]+(?:e|en|er|es|te|ten) ){0,2})([A-ZÄÖÜ][\w-]+)|"
    r"-?( ?[Mm]al)\b"
)
_NOUN_EN = re.compile(r"[ -]((?:[a-z]+ed |[A-Z]\w+ )?[a-zA-Z]{3,})\b")
_NO_NOUN = frozenset(
    {
        "and", "but", "was", "were", "has", "had", "have", "the", "that", "this", "than",
        "with", "from", "for", "are", "out", "per", "who", "which", "when", "while",
        "after", "before", "into", "over", "under", "about", "more", "less", "other",
        "years", "year", "as", "its", "also",
    }
)  # fmt: skip


def with_noun(quantity: Quantity, folded: str, language: str) -> Quantity:
    if quantity.unit is not None or quantity.number.ordinal:
        return quantity
    if language == "de":
        match = _NOUN_DE.match(folded, quantity.end)
        return (
            replace(quantity, noun=(match.group(1) or match.group(2)).strip())
            if match
            else quantity
        )
    match = _NOUN_EN.match(folded, quantity.end)
    if match is None or match.group(1).split()[0].casefold() in _NO_NOUN:
        return quantity
    return replace(quantity, noun=match.group(1))
