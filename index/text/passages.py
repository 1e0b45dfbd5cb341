"""An article's text as passages of whole sentences, by offsets.

The text is read line by line into paragraphs, each prose, heading or boilerplate. A heading and
the prose up to the next one make a section; langchain-text-splitters divides a section between
paragraphs, then between sentences. A heading is the first sentence of its section's first
passage. Boilerplate ends a passage and is in none. A heading such as "Empfohlen" opens a teaser
block, in which each teaser, a heading and a paragraph, is a passage of its own.

Each step takes from the one before what it needs for its next passage, so of a text of a hundred
megabytes only its letters and the numbers of its passages are ever in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import overload

from index.records import Chunk, Span
from index.text.lengths import CountTokens, Sentence, counted
from index.text.paragraphs import MARKDOWN_HEADING, Kind, Paragraph, paragraphs, unsorted
from index.text.sentences import sentences


def split(
    text: str,
    *,
    title: str,
    language: str,
    count_tokens: CountTokens,
    limit: int = 200,
    maximum: int = 480,
) -> tuple[Chunk, ...]:
    """The passages of ``text`` in order, about ``limit`` tokens each, without overlap.

    Only a sentence of more than ``maximum`` tokens is cut. Every letter outside boilerplate is
    in a passage; a text of nothing but boilerplate is treated as prose. White space alone gives
    no passage.
    """
    from index.text.division import divided  # langchain takes half a second

    found = _sentences(text, _in_sections(text, paragraphs(text, title[:_MAX_TITLE])), language)
    first = next(found, None)
    if first is None:
        found = _sentences(text, ((0, paragraph) for paragraph in unsorted(text)), language)
    else:
        found = chain([first], found)
    sized = _apart(counted(text, found, count_tokens, maximum))
    return tuple(
        Chunk(passage[0].start, passage[-1].end, Spans(passage))
        for _, section in groupby(sized, key=lambda sentence: sentence.section)
        for passage in divided(text, section, limit, maximum)
    )


class Spans(Sequence[Span]):
    """Spans as numbers, 8 bytes each instead of 120: a text of 100 MB has a million sentences."""

    __slots__ = ("_starts_and_ends",)

    def __init__(self, spans: Sequence[Span]) -> None:
        self._starts_and_ends = array("I", [n for span in spans for n in (span.start, span.end)])

    def __len__(self) -> int:
        return len(self._starts_and_ends) // 2

    @overload
    def __getitem__(self, index: int) -> Span: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Span, ...]: ...

    def __getitem__(self, index: int | slice) -> Span | tuple[Span, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        place = 2 * range(len(self))[index]
        return Span(self._starts_and_ends[place], self._starts_and_ends[place + 1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


_MAX_TITLE = 300  # lines are compared with it; a longer one repeats no line of boilerplate


# --- paragraphs to sections ------------------------------------------------------------------


def _in_sections(text: str, paragraphs: Iterable[Paragraph]) -> Iterator[tuple[int, Paragraph]]:
    """Prose and headings with the number of their section.

    The paragraphs of a section may share a passage; headings are only at its beginning. In a
    teaser block a heading takes one paragraph and no more.
    """
    number = 0
    previous: Kind | None = None  # in this section
    is_headed = False  # whether the one before that was a heading
    block_level: int | None = None  # None outside of teasers
    for paragraph in paragraphs:
        level = _level(text, paragraph)
        ends = paragraph.kind is not Kind.SYMBOLS and (
            paragraph.kind is not Kind.PROSE or (block_level is not None and is_headed)
        )
        if paragraph.kind is Kind.HEADING and previous is Kind.HEADING and block_level is None:
            ends = False
        if ends:
            number, previous, is_headed = number + 1, None, False
        if paragraph.kind is Kind.TEASERS:
            block_level = level
        elif paragraph.kind is Kind.HEADING and block_level and 0 < level <= block_level:
            block_level = None
        if paragraph.kind in (Kind.PROSE, Kind.HEADING):
            is_headed, previous = previous is Kind.HEADING, paragraph.kind
            yield number, paragraph


def _level(text: str, paragraph: Paragraph) -> int:
    """The level of a Markdown heading, 1 to 6, else 0."""
    match = MARKDOWN_HEADING.match(text, paragraph.start, paragraph.end)
    return len(match[1]) if match else 0


# --- paragraphs to sentences -----------------------------------------------------------------


def _sentences(
    text: str, paragraphs: Iterable[tuple[int, Paragraph]], language: str
) -> Iterator[Sentence]:
    for number, (section, paragraph) in enumerate(paragraphs):
        start, end = paragraph.start, paragraph.end
        if match := MARKDOWN_HEADING.match(text, start, end):
            start = match.end()
        is_heading = paragraph.kind is Kind.HEADING
        whole = Span(start, end)
        for span in [whole] if is_heading else sentences(text, language, whole):
            yield Sentence(span, section, number, is_heading)


_MAX_GAP = 1_000
"""Characters without a sentence, blanks or a rule of dashes, that a passage may span."""


def _apart(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The same, with a section of its own for what comes after a long gap."""
    section, part, end = None, -1, 0
    for sentence in sentences:
        if sentence.section != section or sentence.span.start - end > _MAX_GAP:
            part += 1
        section, end = sentence.section, sentence.span.end
        yield replace(sentence, section=part)
