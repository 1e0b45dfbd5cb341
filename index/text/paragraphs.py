"""Lines to paragraphs, and what each of them is: prose, a heading, boilerplate.

One after the other: no list of a text's lines or paragraphs is held, so that a text of a hundred
megabytes needs little more memory than its own.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import chain, pairwise

from index.records import Span
from index.text.boilerplate import is_boilerplate, is_byline, is_date_line, opens_teasers


class Kind(Enum):
    PROSE = auto()
    HEADING = auto()
    BOILERPLATE = auto()
    SYMBOLS = auto()  # a rule of dashes or stars: neither prose nor the end of a section
    TEASERS = auto()  # the heading of a teaser block


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph's range, without white space at its ends."""

    start: int
    end: int
    lines: int
    kind: Kind = Kind.PROSE

    def __len__(self) -> int:
        return self.end - self.start


def paragraphs(text: str, title: str) -> Iterator[Paragraph]:
    """The paragraphs of ``text``, each with its kind."""
    return _in_context(text, _by_themselves(text, unsorted(text), title))


# --- lines to paragraphs ---------------------------------------------------------------------

_BREAKS = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_LINE = re.compile(rf"\S(?:[^{_BREAKS}]*\S)?")  # without white space at its ends
_BREAK = re.compile(rf"\r\n|[{_BREAKS}]")


def unsorted(text: str) -> Iterator[Paragraph]:
    """The paragraphs of ``text``: lines, or several where a line break only wraps them."""
    for block, wrapped in _blocks(text):
        lines = _lines(text, block)
        first = next(lines)
        start, count = first.start, 1
        for line, after in pairwise(chain([first], lines)):
            if _continues(text, line, after, wrapped):
                count += 1
            else:
                yield Paragraph(start, line.end, count)
                start, count = after.start, 1
        yield Paragraph(start, block.end, count)


def _lines(text: str, within: Span) -> Iterator[Span]:
    for match in _LINE.finditer(text, within.start, within.end):
        yield Span(*match.span())


def _blocks(text: str) -> Iterator[tuple[Span, bool]]:
    """Runs of lines without a blank line between them, and whether an editor wrapped them."""
    start: int | None = None
    previous = Span(0, 0)
    widths = _Widths()
    for line in _lines(text, Span(0, len(text))):
        if start is None:
            start = line.start
        elif _is_blank_line_between(text, previous, line):
            yield Span(start, previous.end), widths.are_wrapped()
            start, widths = line.start, _Widths()
        else:
            widths.add(previous.end - previous.start)
        previous = line
    if start is not None:
        yield Span(start, previous.end), widths.are_wrapped()


def _is_blank_line_between(text: str, line: Span, after: Span) -> bool:
    first = _BREAK.search(text, line.end, after.start)
    return first is not None and _BREAK.search(text, first.end(), after.start) is not None


@dataclass(slots=True)
class _Widths:
    """The lengths of a block's lines, but for the last."""

    lines: int = 0
    least: int = 0
    most: int = 0

    def add(self, width: int) -> None:
        self.least = min(self.least, width) if self.lines else width
        self.most = max(self.most, width)
        self.lines += 1

    def are_wrapped(self) -> bool:
        """Whether an editor broke the lines at a column: they are all about as long."""
        return self.lines >= 2 and 40 <= self.most <= 120 and self.least >= 0.7 * self.most


def _continues(text: str, line: Span, after: Span, wrapped: bool) -> bool:
    """Whether the line break between the two does not end a paragraph."""
    if (
        _LIST_ITEM.match(text, after.start, after.end)
        or MARKDOWN_HEADING.match(text, after.start, after.end)
        or MARKDOWN_HEADING.match(text, line.start, line.end)
    ):
        return False
    return wrapped or (
        text[after.start].islower()
        and text[line.end - 1] not in ".!?:;"
        and line.end - line.start >= 40
    )


_LIST_ITEM = re.compile(r"(?:[-–—*•·▪◦‣+]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))\s")
MARKDOWN_HEADING = re.compile(r"(#{1,6})[ \t]+(?=\S)")


# --- paragraphs to kinds ---------------------------------------------------------------------


def _by_themselves(text: str, paragraphs: Iterable[Paragraph], title: str) -> Iterator[Paragraph]:
    """Each with the kind that its own letters, the title and the top of the page tell."""
    in_head = True
    for i, paragraph in enumerate(paragraphs):
        line = _beginning(text, paragraph)
        words = _words_of(line)
        if not _LETTER_OR_DIGIT.search(text, paragraph.start, paragraph.end):
            kind = Kind.SYMBOLS
        elif len(paragraph) > _LONGEST_LINE:
            kind = Kind.HEADING if MARKDOWN_HEADING.match(line) else Kind.PROSE
        elif opens_teasers(words):
            kind = Kind.TEASERS
        elif paragraph.lines > 1:
            kind = Kind.PROSE
        elif is_boilerplate(words, title=title) or (
            in_head and i > 0 and (is_date_line(words) or is_byline(words, text))
        ):
            kind = Kind.BOILERPLATE
        else:
            kind = Kind.HEADING if _may_be_heading(line) else Kind.PROSE
        in_head = in_head and kind is not Kind.PROSE and i < _HEAD_LINES
        if i == 0 and not title and _may_be_heading(line):
            title = words  # that the caller did not know
        yield replace(paragraph, kind=kind)


_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_HEAD_LINES = 40  # a page names its author and date at its top; each such line is looked up
_LONGEST_LINE = 10_000
"""Characters of a line that may still be boilerplate: 300, and white space between them."""


def _beginning(text: str, paragraph: Paragraph) -> str:
    return text[paragraph.start : min(paragraph.end, paragraph.start + _LONGEST_LINE)]


def _words_of(line: str) -> str:
    """``line`` without a Markdown heading's mark."""
    match = MARKDOWN_HEADING.match(line)
    return line[match.end() :] if match else line


def _may_be_heading(line: str) -> bool:
    """A short line without closing punctuation, or one marked as a heading."""
    if MARKDOWN_HEADING.match(line):
        return True
    return (
        len(line) <= 120
        and len(line.split()) <= 15
        and line[-1] not in '.!…:;,-–“”"«»)'
        and not line[0].islower()
        and not _LIST_ITEM.match(line)
        and any(map(str.isalpha, line))
    )


def _in_context(text: str, paragraphs: Iterator[Paragraph]) -> Iterator[Paragraph]:
    """The same, where a neighbour may tell that a heading is prose, or prose a heading."""
    following: deque[Paragraph] = deque()
    before: Kind | None = None
    in_teasers = False
    for paragraph in chain(paragraphs, [None] * _LOOK_AHEAD):
        if paragraph is not None:
            following.append(paragraph)
            if len(following) <= _LOOK_AHEAD:
                continue
        elif not following:
            return
        first = following.popleft()
        kind = first.kind
        in_teasers = in_teasers or kind is Kind.TEASERS
        if in_teasers and kind in (Kind.PROSE, Kind.HEADING):
            heading = _heads_teaser(text, first, before, following)
            kind = Kind.HEADING if heading else Kind.PROSE
        elif kind is Kind.HEADING and not _heads_prose(text, first, following):
            kind = Kind.PROSE
        before = kind
        yield replace(first, kind=kind)


_LOOK_AHEAD = 3


def _heads_prose(text: str, paragraph: Paragraph, following: Sequence[Paragraph]) -> bool:
    """Whether prose longer than it follows; in a run of short lines only the last two count.

    A table or a list of links is a run of short lines, and one passage rather than many.
    """
    if MARKDOWN_HEADING.match(text, paragraph.start, paragraph.end):
        return True
    after = [other for other in following if other.kind is not Kind.SYMBOLS]
    if after and after[0].kind is Kind.HEADING:
        after = after[1:]
    return bool(after) and after[0].kind is Kind.PROSE and len(after[0]) > len(paragraph)


def _heads_teaser(
    text: str, paragraph: Paragraph, before: Kind | None, following: Sequence[Paragraph]
) -> bool:
    """Inside a teaser block, where headlines are long and paragraphs may lack a full stop."""
    if MARKDOWN_HEADING.match(text, paragraph.start, paragraph.end):
        return True
    last = text[paragraph.end - 1]
    if paragraph.lines > 1 or last in ".…:;,":
        return False
    if len(paragraph) <= 120 and last not in '!”“"«»':
        return True
    if len(paragraph) > 300 or before is Kind.HEADING:
        return False
    return bool(following) and len(following[0]) > len(paragraph)
