"""Values of one thing at several times in one sentence: "2024 auf 14, nun auf 25 Milliarden".

A reader has one answer for a passage: beside the first of two right ones the second looks wrong to
it. So the passage is read again with the likeliest of them left out, and the others stand for
themselves. A question that names a time has chosen among them itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from index.text.analysis import terms
from qa.question.analyse import Question
from qa.reading.base import Reader
from qa.reading.spans import Reading
from qa.scoring.candidates import Candidate, reader_margin, text_read
from qa.values.find import Value

LEFT_OUT = "…"

WORTH_READING = -5.0
"""A sentence whose likeliest value has a lower margin than this is not read again."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence to read again in its passage, with the value ``without`` left out.

    ``others`` are those that may be an answer then.
    """

    candidate: Candidate
    without: Value
    others: tuple[Value, ...]

    @property
    def text(self) -> str:
        text, start = text_read(self.candidate.hit), self.candidate.reading_start
        return text[: start + self.without.start] + LEFT_OUT + text[start + self.without.end :]

    def margins(self, reading: Reading) -> Mapping[int, float]:
        """Of the others, by where they start."""
        found = {}
        for value in self.others:
            low, high = self.candidate.room_around(value)
            at = (self._place(place) for place in (value.start, value.end, low, high))
            found[value.start] = reader_margin(reading.best_around(*at))
        return found

    def _place(self, place: int) -> int:
        """Where a place of the sentence is in the text that is read."""
        moved = len(LEFT_OUT) - len(self.without.text) if place >= self.without.end else 0
        return self.candidate.reading_start + place + moved


def read_again(
    question: Question, candidates: Sequence[Candidate], reader: Reader
) -> list[Candidate]:
    """The candidates, with what the reader says of values that tell of other times than another."""
    if question.limit is not None:
        return list(candidates)
    found = {c: s for c in candidates if (s := _sentence(c)) is not None}
    readings = reader.read(question.text, [sentence.text for sentence in found.values()])
    margins = {
        candidate: sentence.margins(reading)
        for (candidate, sentence), reading in zip(found.items(), readings, strict=True)
    }
    return [replace(c, again=margins[c]) if c in margins else c for c in candidates]


def _sentence(candidate: Candidate) -> _Sentence | None:
    language = candidate.hit.passage.article.language
    groups = [
        _Sentence(candidate, value, others)
        for value in candidate.values
        if (others := tuple(o for o in candidate.values if is_at_another_time(value, o, language)))
    ]
    best = max(groups, key=lambda group: _margin(candidate, group.without), default=None)
    if best is None or _margin(candidate, best.without) < WORTH_READING:
        return None
    return best


def _margin(candidate: Candidate, value: Value) -> float:
    return reader_margin(candidate.read(value.start, value.end))


def is_at_another_time(one: Value, other: Value, language: str) -> bool:
    """Whether two values of a sentence measure the same at different times."""
    if one.time is None or other.time is None or one.time == other.time:
        return False
    if one.kind is not other.kind or one.unit != other.unit or one.conversion or other.conversion:
        return False
    if one.noun is None or other.noun is None:
        return one.unit is not None or one.noun is other.noun
    return bool(set(terms(one.noun, language)) & set(terms(other.noun, language)))
