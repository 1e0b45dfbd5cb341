"""How sure an answer is, in a word with the number behind it."""

from __future__ import annotations

from index.translation import percent, text

CERTAIN, LIKELY = 0.9, 0.7
"""The least probability of each word. A probability is that of a view, as calibrated."""

MOST = 0.99
"""No more is shown: a source may be wrong."""


def sureness(probability: float) -> str:
    """ "certain (97 %)", in the language spoken."""
    if probability >= CERTAIN:
        word = text("certain")
    elif probability >= LIKELY:
        word = text("likely")
    else:
        word = text("unsure")
    return f"{word} ({percent(min(MOST, probability))})"
