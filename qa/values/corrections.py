"""Which value of a sentence no longer holds: "statt 48 Millionen nun 71"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from index.text.words import words_understood
from qa.answer_types import QUANTITIES, Kind
from qa.values.value import Value

_LONGEST_BEFORE = 60


def with_former(values: Sequence[Value], folded: str, language: str) -> list[Value]:
    """The values in order, those marked ``former`` which the sentence itself replaces by others.

    Only beside a value of its kind that still holds: else a former value is all there is.
    """
    spoken = _patterns(language)
    former = [
        value.kind in QUANTITIES
        and not value.conversion
        and spoken.is_former(folded, value, _next_quantity(values[place + 1 :]))
        for place, value in enumerate(values)
    ]
    return [
        replace(value, former=True)
        if old
        and any(
            _is_of_a_kind(other, value) and not gone
            for other, gone in zip(values, former, strict=True)
        )
        else value
        for value, old in zip(values, former, strict=True)
    ]


def _next_quantity(values: Sequence[Value]) -> Value | None:
    return next((value for value in values if value.kind in QUANTITIES), None)


def _is_of_a_kind(one: Value, other: Value) -> bool:
    """Whether the one may stand for the other: "statt 48 nun 71 Millionen" leaves the unit out."""
    return one.kind is other.kind or Kind.COUNT in {one.kind, other.kind} <= QUANTITIES


@dataclass(frozen=True, slots=True)
class _Patterns:
    former: re.Pattern[str]
    once: re.Pattern[str]
    valid: re.Pattern[str]
    pairs: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]

    def is_former(self, folded: str, value: Value, following: Value | None) -> bool:
        led = folded[max(0, value.start - _LONGEST_BEFORE) : value.start]
        if self.former.search(led):
            return True
        if following is None:
            return False
        between = folded[value.end : following.start]
        if following.approximator:
            between = between.rstrip().removesuffix(following.approximator.lower())
        # What was so before may be so still: only what a valid value follows is former.
        if self.once.search(led) and self.valid.search(between):
            return True
        return any(first.search(led) and second.fullmatch(between) for first, second in self.pairs)


_WORDS = r"(?: [^\W\d][\w-]*){0,%d}"
"""So many words at most, none of them a number, as in "statt der geplanten 48"."""


@cache
def _patterns(language: str) -> _Patterns:
    understood = words_understood(language)

    def one_of(forms: Iterable[str]) -> str:
        return "|".join(map(re.escape, forms)) or r"(?!)"

    def before(forms: Iterable[str], words: int) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w)(?:{one_of(forms)}){_WORDS % words} $", re.I)

    def pair(first: str, second: str, left: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
        between = rf"[^.;:]{{0,40}}?,? ?\b{re.escape(second)}{left} ?"
        return before([first], 2), re.compile(between, re.I)

    return _Patterns(
        before([form for own in understood for form in own.former], 3),
        before([form for own in understood for form in own.once], 3),
        re.compile(rf"(?<!\w)(?:{one_of(f for own in understood for f in own.valid)})(?!\w)", re.I),
        tuple(
            pair(first, second, left)
            for own in understood
            for forms, left in ((own.replaced, r"(?!\w).{0,40}"), (own.changed, r"(?!\w)"))
            for first, seconds in forms.items()
            for second in seconds
        ),
    )
