"""Sentences with their lengths in tokens; one that is too long for the model comes in pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from index.records import Span
from index.text.sentences import extends, trimmed

CountTokens = Callable[[Sequence[str]], list[int]]
"""The length of each text in the model's tokens."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, the numbers of the section and the paragraph it is of, and its tokens."""

    span: Span
    section: int
    paragraph: int
    is_heading: bool
    tokens: int = 0


def counted(
    text: str, sentences: Iterable[Sentence], count_tokens: CountTokens, maximum: int
) -> Iterator[Sentence]:
    """The sentences with their tokens; one of more than ``maximum`` as pieces of at most as many.

    A text has at least one token, and more than the model says where it is long for so few.
    """
    waiting = iter(sentences)
    while batch := list(islice(waiting, _AT_ONCE)):
        for sentence, tokens in zip(batch, _count(text, batch, count_tokens, maximum), strict=True):
            if tokens <= maximum:
                yield replace(sentence, tokens=tokens)
            else:
                yield from _pieces(text, sentence, count_tokens, maximum)


_AT_ONCE = 1_000  # sentences, of whose words the tokenizer makes the records of one call
_CHARACTERS_PER_TOKEN = 40
"""A text of more characters is no writing, and would make one passage of any length: a word of a
megabyte is one token, and invisible characters are none. German has 4 characters to a token."""


def _count(
    text: str, sentences: Sequence[Sentence], count_tokens: CountTokens, maximum: int
) -> list[int]:
    """The tokens of each; of one that has too many characters no more than that it is too long."""
    least = [(s.span.end - s.span.start) // _CHARACTERS_PER_TOKEN for s in sentences]
    told = iter(
        count_tokens(
            [s.span.of(text) for s, n in zip(sentences, least, strict=True) if n <= maximum]
        )
    )
    return [n if n > maximum else max(1, n, next(told)) for n in least]


def _pieces(
    text: str, sentence: Sentence, count_tokens: CountTokens, maximum: int
) -> Iterator[Sentence]:
    """Halved at white space, or anywhere in text without, until each part is short."""
    waiting = [sentence]
    while waiting:
        part = waiting.pop()
        tokens = _count(text, [part], count_tokens, maximum)[0]
        if tokens <= maximum or part.span.end - part.span.start < 2:
            yield replace(part, tokens=tokens)
        else:
            waiting += [replace(part, span=half) for half in _halves(text, part.span)][::-1]


def _halves(text: str, span: Span) -> Iterator[Span]:
    middle = _cut_point(text, span)
    for half in (Span(span.start, middle), Span(middle, span.end)):
        half = trimmed(text, half)
        if half.end > half.start:
            yield half


def _cut_point(text: str, span: Span) -> int:
    """An offset inside ``span`` near its middle, at white space or between two characters."""
    middle = (span.start + span.end) // 2
    reach = max(1, (span.end - span.start) // 4)
    for mark in (_CLAUSE_END, _WHITE):
        ends = (match.end() for match in mark.finditer(text, middle - reach, middle + reach))
        inside = (end for end in ends if span.start < end < span.end)
        nearest = min(inside, key=lambda end: abs(end - middle), default=None)
        if nearest is not None:
            return nearest
    cut = middle
    while cut > span.start + 1 and extends(text[cut], text[cut - 1]):
        cut -= 1
    return cut if cut > span.start + 1 or not extends(text[cut], text[cut - 1]) else middle


_CLAUSE_END = re.compile(r"[;,:.!?。！？、，；]\s|[。！？、，；]")
_WHITE = re.compile(r"\s")
