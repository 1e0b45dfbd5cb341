"""The values of a sentence: exact spans, normalised, with the time and hedge they stand under.

``find_values`` reads top to bottom: times first, then numbers with their units, then ranges and
shared units ("10 und 12 Millionen Euro"), then what the clause says about each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from qa.values.clauses import Clauses
from qa.values.context import with_context, with_conversions
from qa.values.corrections import with_former
from qa.values.dates import find_moments
from qa.values.neighbours import opens_list_item
from qa.values.notes import without_notes
from qa.values.numbers import fold
from qa.values.quantities import find_quantities
from qa.values.quantity import overlap
from qa.values.same import group_values, normalized_key, same_value
from qa.values.value import Value

__all__ = ["Value", "find_values", "group_values", "normalized_key", "same_value"]


def find_values(text: str, language: str) -> tuple[Value, ...]:
    """The values of ``text`` in order of their start; spans do not overlap.

    ``language`` is an ISO 639-1 code and decides separators, number words and names of months;
    German and English units are known in every language. "mehrere Milliarden" has no value and is
    not returned.
    """
    folded = fold(text)
    found: list[Value] = []
    for start, end in _blocks(folded):
        places = without_notes(folded[start:end])
        bare, said = ("".join(whole[start + place] for place in places) for whole in (folded, text))
        for value in _block_values(bare, said, language):
            first = start + places[value.start]
            after = start + places[value.end - 1] + 1
            found.append(replace(value, start=first, end=after, text=text[first:after]))
    return tuple(found)


# No clause is as long; it bounds the time a text without paragraphs can take.
_LONGEST_BLOCK = 2000
# Three small letters keep "14. März" and "14 Mrd. Dollar" whole.
_SENTENCE_END = re.compile(r"[a-zäöüß]{3}[.;!?](?= [A-ZÄÖÜ])")


def _blocks(folded: str) -> Iterator[tuple[int, int]]:
    """Ranges that no value crosses: paragraphs, long ones cut after a sentence or a word."""
    for paragraph in re.finditer(r"[^\n]+", folded):
        start, end = paragraph.span()
        while end - start > _LONGEST_BLOCK:
            limit = start + _LONGEST_BLOCK
            cuts = [m.end() for m in _SENTENCE_END.finditer(folded, start, limit)]
            cut = cuts[-1] if cuts else max(folded.rfind(" ", start, limit), start)
            cut = cut if cut > start else limit
            yield start, cut
            start = cut
        yield start, end


def _block_values(folded: str, text: str, language: str) -> list[Value]:
    moments = find_moments(folded, language)
    quantities = [
        quantity
        for quantity in find_quantities(folded, language, moments)
        if not opens_list_item(quantity, folded, text)
    ]
    # "2024 Euro" and "2000 km": a unit makes a number of what looked like a year.
    moments = [m for m in moments if not any(overlap(m, q) for q in quantities)]
    clauses = Clauses(
        folded, [*((q.start, q.end) for q in quantities), *((m.start, m.end) for m in moments)]
    )
    found = [with_context(q, quantities, moments, clauses, folded, text) for q in quantities]
    found = with_conversions(found, folded)
    times = [
        Value(
            kind=m.kind, start=m.start, end=m.end, text=text[m.start : m.end],
            moment=m.iso,
        )
        for m in moments
    ]  # fmt: skip
    return with_former(sorted(found + times, key=lambda v: v.start), folded, language)
