"""An article's text as passages of whole sentences, by offsets.

The text is read line by line into paragraphs, each prose, heading or boilerplate. A heading and
the prose up to the next one make a section; langchain-text-splitters divides a section between
paragraphs, then between sentences. A heading is the first sentence of its section's first
passage. Boilerplate ends a passage and is in none. A heading such as "Empfohlen" opens a teaser
block, in which each teaser, a heading and a paragraph, is a passage of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from index.records import Chunk, Span
from index.text.boilerplate import is_boilerplate, is_byline, is_date_line, opens_teasers
from index.text.sentences import extends, sentences, trimmed

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

splitter_version = "1"
"""Names the rules for passages; an index built by others has other passages."""

CountTokens = Callable[[Sequence[str]], list[int]]
"""The length of each text in the model's tokens."""


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
    count_tokens = _bounding_characters(count_tokens)
    paragraphs = _classified(text, _paragraphs(text), title[:_MAX_TITLE])
    sections = list(_sections(text, paragraphs))
    if not sections and paragraphs:
        sections = [Section([replace(p, kind=Kind.PROSE) for p in paragraphs])]
    for section in sections:
        for paragraph in section.paragraphs:
            paragraph.sentences.extend(_sentences(text, paragraph, language))
    _cut_long_sentences(text, sections, count_tokens, maximum)
    sections = [part for section in sections for part in _apart(section)]
    lengths = _lengths(text, sections, count_tokens)
    return tuple(
        chunk for section in sections for chunk in _chunks(text, section, lengths, limit, maximum)
    )


_MAX_TITLE = 300  # lines are compared with it; a longer one repeats no line of boilerplate
_CHARACTERS_PER_TOKEN = 40
"""A text of more characters is no writing, and would make one passage of any length: a word of a
megabyte is one token, and invisible characters are none. German has 4 characters to a token."""


def _bounding_characters(count_tokens: CountTokens) -> CountTokens:
    """``count_tokens``, but at least one, and more for a text of few tokens that is long."""

    def count(texts: Sequence[str]) -> list[int]:
        counted = zip(texts, count_tokens(texts), strict=True)
        return [max(1, n, len(text) // _CHARACTERS_PER_TOKEN) for text, n in counted]

    return count


class Kind(Enum):
    PROSE = auto()
    HEADING = auto()
    BOILERPLATE = auto()
    SYMBOLS = auto()  # a rule of dashes or stars: neither prose nor the end of a section
    TEASERS = auto()  # the heading of a teaser block


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph's range, without white space at its ends."""

    span: Span
    lines: int
    kind: Kind = Kind.PROSE
    sentences: list[Span] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Section:
    """Neighbouring paragraphs that may share a passage; headings only at its beginning."""

    paragraphs: list[Paragraph]


# --- lines to paragraphs ---------------------------------------------------------------------

_LINE = re.compile("[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def _paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of ``text``: lines, or several where a line break only wraps them."""
    lines = [
        span
        for match in _LINE.finditer(text)
        if (span := trimmed(text, Span(*match.span()))).end > span.start
    ]
    found: list[Paragraph] = []
    for block in _blocks(text, lines):
        wrapped = _is_wrapped(block)
        start, count = block[0].start, 1
        for line, after in pairwise([*block, None]):
            assert line is not None
            if after is not None and _continues(line.of(text), after.of(text), wrapped):
                count += 1
                continue
            found.append(Paragraph(Span(start, line.end), count))
            if after is not None:
                start, count = after.start, 1
    return found


def _blocks(text: str, lines: list[Span]) -> Iterator[list[Span]]:
    """Runs of lines without a blank line between them."""
    block: list[Span] = []
    for line in lines:
        if block and len(_BREAK.findall(text, block[-1].end, line.start)) > 1:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _is_wrapped(block: list[Span]) -> bool:
    """Whether an editor broke the lines at a column: all but the last are about as long."""
    lengths = [line.end - line.start for line in block[:-1]]
    return len(lengths) >= 2 and 40 <= max(lengths) <= 120 and min(lengths) >= 0.7 * max(lengths)


def _continues(line: str, after: str, wrapped: bool) -> bool:
    """Whether the line break between the two does not end a paragraph."""
    if _LIST_ITEM.match(after) or _MARKDOWN_HEADING.match(after) or _MARKDOWN_HEADING.match(line):
        return False
    return wrapped or (after[0].islower() and line[-1] not in ".!?:;" and len(line) >= 40)


_LIST_ITEM = re.compile(r"(?:[-–—*•·▪◦‣+]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))\s")
_MARKDOWN_HEADING = re.compile(r"(#{1,6})[ \t]+(?=\S)")


# --- paragraphs to kinds ---------------------------------------------------------------------


def _classified(text: str, paragraphs: list[Paragraph], title: str) -> list[Paragraph]:
    """The same paragraphs, each with its kind."""
    if not title and paragraphs and _may_be_heading(paragraphs[0].span.of(text)):
        first = _words_of(paragraphs[0].span.of(text))  # a title that the caller did not know
    else:
        first = ""
    kinds: list[Kind] = []
    in_head = True
    for i, paragraph in enumerate(paragraphs):
        line = paragraph.span.of(text)
        words = _words_of(line)
        if not any(map(str.isalnum, line)):
            kind = Kind.SYMBOLS
        elif opens_teasers(words):
            kind = Kind.TEASERS
        elif paragraph.lines > 1:
            kind = Kind.PROSE
        elif is_boilerplate(words, title=title if title or i == 0 else first) or (
            in_head and i > 0 and (is_date_line(words) or is_byline(words, text))
        ):
            kind = Kind.BOILERPLATE
        else:
            kind = Kind.HEADING if _may_be_heading(line) else Kind.PROSE
        in_head = in_head and kind is not Kind.PROSE and i < _HEAD_LINES
        kinds.append(kind)
    in_teasers = False
    for i, kind in enumerate(kinds):
        in_teasers = in_teasers or kind is Kind.TEASERS
        if in_teasers and kind in (Kind.PROSE, Kind.HEADING):
            heading = _heads_teaser(text, paragraphs, kinds, i)
            kinds[i] = Kind.HEADING if heading else Kind.PROSE
        elif kind is Kind.HEADING and not _heads_prose(text, paragraphs, kinds, i):
            kinds[i] = Kind.PROSE
    return [replace(p, kind=kind) for p, kind in zip(paragraphs, kinds, strict=True)]


_HEAD_LINES = 40  # a page names its author and date at its top; each such line is looked up


def _words_of(line: str) -> str:
    """``line`` without a Markdown heading's mark."""
    match = _MARKDOWN_HEADING.match(line)
    return line[match.end() :] if match else line


def _may_be_heading(line: str) -> bool:
    """A short line without closing punctuation, or one marked as a heading."""
    if _MARKDOWN_HEADING.match(line):
        return True
    return (
        len(line) <= 120
        and len(line.split()) <= 15
        and line[-1] not in '.!…:;,-–“”"«»)'
        and not line[0].islower()
        and not _LIST_ITEM.match(line)
        and any(map(str.isalpha, line))
    )


def _heads_prose(text: str, paragraphs: list[Paragraph], kinds: list[Kind], i: int) -> bool:
    """Whether prose longer than it follows; in a run of short lines only the last two count.

    A table or a list of links is a run of short lines, and one passage rather than many.
    """
    if _MARKDOWN_HEADING.match(paragraphs[i].span.of(text)):
        return True
    following = [j for j in range(i + 1, min(i + 4, len(kinds))) if kinds[j] is not Kind.SYMBOLS]
    if following and kinds[following[0]] is Kind.HEADING:
        following = following[1:]
    if not following or kinds[following[0]] is not Kind.PROSE:
        return False
    after = paragraphs[following[0]].span
    return after.end - after.start > paragraphs[i].span.end - paragraphs[i].span.start


def _heads_teaser(text: str, paragraphs: list[Paragraph], kinds: list[Kind], i: int) -> bool:
    """Inside a teaser block, where headlines are long and paragraphs may lack a full stop."""
    line = paragraphs[i].span.of(text)
    if _MARKDOWN_HEADING.match(line):
        return True
    if paragraphs[i].lines > 1 or line[-1] in ".…:;,":
        return False
    length = len(line)
    if length <= 120 and line[-1] not in '!”“"«»':
        return True
    if length > 300 or (i > 0 and kinds[i - 1] is Kind.HEADING):
        return False
    after = paragraphs[i + 1].span if i + 1 < len(paragraphs) else Span(0, 0)
    return after.end - after.start > length


# --- paragraphs to sections ------------------------------------------------------------------


def _sections(text: str, paragraphs: list[Paragraph]) -> Iterator[Section]:
    """The sections, in order. In a teaser block a heading takes one paragraph and no more."""
    current: list[Paragraph] = []
    block_level: int | None = None  # None outside of teasers
    for paragraph in paragraphs:
        level = _level(text, paragraph)
        previous = current[-1].kind if current else None
        ends = paragraph.kind is not Kind.SYMBOLS and (
            paragraph.kind is not Kind.PROSE
            or (block_level is not None and len(current) > 1 and current[-2].kind is Kind.HEADING)
        )
        if paragraph.kind is Kind.HEADING and previous is Kind.HEADING and block_level is None:
            ends = False
        if ends and current:
            yield Section(current)
            current = []
        if paragraph.kind is Kind.TEASERS:
            block_level = level
        elif paragraph.kind is Kind.HEADING and block_level and 0 < level <= block_level:
            block_level = None
        if paragraph.kind in (Kind.PROSE, Kind.HEADING):
            current.append(paragraph)
    if current:
        yield Section(current)


def _level(text: str, paragraph: Paragraph) -> int:
    """The level of a Markdown heading, 1 to 6, else 0."""
    match = _MARKDOWN_HEADING.match(text, paragraph.span.start, paragraph.span.end)
    return len(match[1]) if match else 0


# --- paragraphs to sentences -----------------------------------------------------------------


def _sentences(text: str, paragraph: Paragraph, language: str) -> list[Span]:
    start, end = paragraph.span.start, paragraph.span.end
    match = _MARKDOWN_HEADING.match(text, start, end)
    if match:
        start = match.end()
    if paragraph.kind is Kind.HEADING:
        return [Span(start, end)]
    return [
        Span(start + found.start, start + found.end)
        for found in sentences(text[start:end], language)
    ]


def _cut_long_sentences(
    text: str, sections: list[Section], count_tokens: CountTokens, maximum: int
) -> None:
    """Replaces each sentence of more than ``maximum`` tokens by pieces of at most as many."""
    for section in sections:
        for paragraph in section.paragraphs:
            # A token has at least a byte, most have several characters: shorter ones cannot be.
            if all((s.end - s.start) * 4 <= maximum for s in paragraph.sentences):
                continue
            counts = count_tokens([s.of(text) for s in paragraph.sentences])
            if all(count <= maximum for count in counts):
                continue
            paragraph.sentences[:] = [
                piece
                for sentence, count in zip(list(paragraph.sentences), counts, strict=True)
                for piece in (
                    [sentence]
                    if count <= maximum
                    else _pieces(text, sentence, count_tokens, maximum)
                )
            ]


def _pieces(text: str, span: Span, count_tokens: CountTokens, maximum: int) -> list[Span]:
    """``span`` halved at white space, or anywhere in text without, until each part is short."""
    waiting, done = [span], []
    while waiting:
        counts = count_tokens([part.of(text) for part in waiting])
        halves: list[Span] = []
        for part, count in zip(waiting, counts, strict=True):
            if count <= maximum or part.end - part.start < 2:
                done.append(part)
                continue
            middle = _cut_point(text, part)
            halves += [
                half
                for half in (
                    trimmed(text, Span(part.start, middle)),
                    trimmed(text, Span(middle, part.end)),
                )
                if half.end > half.start
            ]
        waiting = halves
    return sorted(done, key=lambda part: part.start)


def _cut_point(text: str, span: Span) -> int:
    """An offset inside ``span`` near its middle, at white space or between two characters."""
    middle = (span.start + span.end) // 2
    reach = max(1, (span.end - span.start) // 4)
    for mark in (_CLAUSE_END, _WHITE):
        ends = [m.end() for m in mark.finditer(text, middle - reach, middle + reach)]
        ends = [end for end in ends if span.start < end < span.end]
        if ends:
            return min(ends, key=lambda end: abs(end - middle))
    cut = middle
    while cut > span.start + 1 and extends(text[cut], text[cut - 1]):
        cut -= 1
    return cut if cut > span.start + 1 or not extends(text[cut], text[cut - 1]) else middle


_CLAUSE_END = re.compile(r"[;,:.!?。！？、，；]\s|[。！？、，；]")
_WHITE = re.compile(r"\s")


# --- sections to passages --------------------------------------------------------------------

_MAX_GAP = 1_000
"""Characters without a sentence, blanks or a rule of dashes, that a passage may span."""


def _apart(section: Section) -> Iterator[Section]:
    """The parts of ``section`` that long gaps leave; itself where there is none."""
    parts: list[list[Paragraph]] = [[]]
    end: int | None = None
    for paragraph in section.paragraphs:
        runs: list[list[Span]] = [[]]
        for sentence in paragraph.sentences:
            if end is not None and sentence.start - end > _MAX_GAP:
                runs.append([])
            runs[-1].append(sentence)
            end = sentence.end
        for i, run in enumerate(runs):
            if i > 0:
                parts.append([])
            parts[-1].append(replace(paragraph, sentences=run))
    yield from (Section(part) for part in parts)


def _lengths(text: str, sections: list[Section], count_tokens: CountTokens) -> dict[Span, int]:
    """The tokens of every sentence, counted in one call."""
    spans = [s for section in sections for p in section.paragraphs for s in p.sentences]
    return dict(zip(spans, count_tokens([s.of(text) for s in spans]), strict=True))


def _chunks(
    text: str, section: Section, lengths: dict[Span, int], limit: int, maximum: int
) -> Iterator[Chunk]:
    """The passages of one section, from the strings that the splitter gives back."""
    spans = [s for p in section.paragraphs for s in p.sentences]
    if not spans:
        return
    bounds = [*(s.start for s in spans), spans[-1].end]
    pieces = {s: text[a:b] for s, (a, b) in zip(spans, pairwise(bounds), strict=True)}
    parts: list[list[tuple[str, int]]] = []
    heading, heading_length = "", 0
    for paragraph in section.paragraphs:
        part: list[tuple[str, int]] = []
        for span in paragraph.sentences:
            piece, length = pieces[span], lengths[span]
            if heading and heading_length + length > maximum:
                part.append((heading, heading_length))
            else:
                piece, length = heading + piece, heading_length + length
            heading, heading_length = "", 0
            if paragraph.kind is Kind.HEADING and length < limit:
                heading, heading_length = piece, length  # never apart from what it heads
            else:
                part.append((piece, length))
        parts.append(part)
    if heading:
        parts.append([(heading, heading_length)])
    whole = text[bounds[0] : bounds[-1]]
    strings = _section_splitter()(parts, limit).split_text(whole)
    if "".join(strings) != whole:
        raise AssertionError("the splitter changed the text it was to divide")
    start, used = bounds[0], 0
    for string in strings:
        end = start + len(string)
        inside: list[Span] = []
        while used < len(spans) and spans[used].start < end:
            inside.append(spans[used])
            used += 1
        yield Chunk(inside[0].start, inside[-1].end, tuple(inside))
        start = end


@cache
def _section_splitter() -> Callable[[list[list[tuple[str, int]]], int], TextSplitter]:
    """The splitter's class; its base takes half a second to import, so only splitting pays."""
    from langchain_text_splitters import TextSplitter

    class SectionSplitter(TextSplitter):  # type: ignore[misc]
        """Merges a section's paragraphs, or the sentences of a long one, up to the limit."""

        def __init__(self, parts: list[list[tuple[str, int]]], limit: int) -> None:
            self._chunk_size = limit
            self._tokens: dict[str, int] = {"": 0}
            self._parts: list[list[str]] = []
            for part in parts:
                if part:
                    self._tokens.update(part)
                    self._parts.append([piece for piece, _ in part])
                    self._tokens["".join(self._parts[-1])] = sum(n for _, n in part)
            super().__init__(
                chunk_size=limit,
                chunk_overlap=0,
                # A sentence beyond the limit fills a passage alone.
                length_function=lambda piece: min(self._tokens[piece], self._chunk_size),
                keep_separator="end",
                strip_whitespace=False,
            )

        def split_text(self, text: str) -> list[str]:
            limit = self._chunk_size
            groups: list[str] = []
            short: list[str] = []
            for part in self._parts:
                joined = "".join(part)
                if self._tokens[joined] <= limit:
                    short.append(joined)
                else:
                    groups += self._even(short, limit) + self._even(part, limit)
                    short = []
            groups += self._even(short, limit)
            return self._glued(groups, limit)

        def _even(self, pieces: list[str], limit: int) -> list[str]:
            """As few groups as the limit allows, and those of about the same length."""
            groups = self._merged(pieces, limit)
            if 1 < len(groups) <= _EVEN_GROUPS:
                low, high = 1, limit  # the least size that needs no further group
                while low < high:
                    size = (low + high) // 2
                    if len(self._merged(pieces, size)) <= len(groups):
                        high = size
                    else:
                        low = size + 1
                groups = self._merged(pieces, low)
            return groups

        def _merged(self, pieces: list[str], size: int) -> list[str]:
            limit, self._chunk_size = self._chunk_size, size
            try:
                groups: list[str] = self._merge_splits(pieces, "")
            finally:
                self._chunk_size = limit
            remaining = iter(pieces)
            for group in groups:
                characters = tokens = 0
                while characters < len(group):
                    piece = next(remaining)
                    characters += len(piece)
                    tokens += self._tokens[piece]
                self._tokens[group] = tokens
            return groups

        def _glued(self, groups: list[str], limit: int) -> list[str]:
            """The groups, a very short one with its neighbour if both fit together."""
            glued: list[str] = []
            for group in groups:
                if glued:
                    sizes = self._tokens[glued[-1]], self._tokens[group]
                    if min(sizes) < limit * _SHORT and sum(sizes) <= limit * _SLACK:
                        joined = glued.pop() + group
                        self._tokens[joined] = sum(sizes)
                        group = joined
                glued.append(group)
            return glued

    return SectionSplitter


_EVEN_GROUPS = 6  # in a longer section the last group is as good as any
_SHORT, _SLACK = 0.25, 1.25  # of the limit: what is too short alone, and how far it may be passed
