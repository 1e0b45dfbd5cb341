"""The lines of an article to parts: what the marks at their beginnings make of them.

These are CommonMark's blocks, laid out flat, and read with more care for prose: what looks like a
list or a quotation is one only where something beside it says so ("1. Mai 2024 war ein Feiertag.",
"- 5 Grad", "> 50 Prozent"), an indented line is no code, and no line is ever left out. Each line is
looked at once, so the time grows with the text alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["heading", "paragraph", "item", "quote", "code", "rule"]
Place = tuple[int, int]
"""Where something begins and ends in the article."""

_LINE = re.compile(r"([^\r\n]*+)(?:\r\n?|\n|\Z)")
_QUOTE = re.compile(r"> ?(?:[ \t]*+> ?)*+")
_RULE = re.compile(r"([-*_=])[ \t]*+(?:\1[ \t]*+){2,}+")
_HEADING = re.compile(r"(#{1,6})\s++")
_ITEM = re.compile(r"(?:([-+*])|([0-9]{1,9})([.)]))\s++")
_FENCE = re.compile(r"(`{3,}+|~{3,}+)[ \t]*+([\w+#.-]*+(?:[ \t]*+\{[^{}`]*+\})?+)")
_CLOSING_FENCE = re.compile(
    r"(?:^|[\r\n])[^\S\r\n]*+(?:>[^\S\r\n]*+)*+(`{3,}+|~{3,}+)[^\S\r\n]*+(?=[\r\n]|\Z)"
)

_MARKED = frozenset("#-*+_=`~0123456789")
"""What a line begins with that may be more than text."""
_LONGEST_HEADING = 200
"""Characters of a line that a line of dashes underlines; below a longer one it is a rule."""
_INDENTED = 4
"""Columns from which on a mark is no heading's and no fence's: Markdown has code there."""


@dataclass(slots=True)
class Part:
    """The lines of one block, without white space at their ends; ``hidden`` are marks among them.

    ``depth`` is the number of quotations it stands in, ``info`` what an opening fence says.
    """

    kind: Kind
    level: int
    depth: int
    lines: list[Place]
    hidden: list[Place] = field(default_factory=list)
    numbered: bool = False
    info: Place | None = None
    start: int = 0
    begin: int = 0
    """Where its first line begins, and where what is written there, with the mark of an item."""
    is_sure: bool = True


@dataclass(slots=True)
class _Line:
    """One line; ``inside`` is where it begins behind the marks of quotations."""

    start: int
    inside: int
    begin: int
    end: int
    raw_end: int
    depth: int
    column: int
    content: str


@dataclass(frozen=True, slots=True)
class _Item:
    """A list item that lines may still belong to; its content stands in that column."""

    column: int
    mark: str
    number: int
    part: Part


@dataclass(frozen=True, slots=True)
class _Fence:
    mark: str
    depth: int
    part: Part


def parts(text: str) -> list[Part]:
    """All parts of ``text``, in order."""
    reader = _Reader(text)
    for match in _LINE.finditer(text):
        reader.take(_line_of(match))
    for part in reader.parts:
        if not part.is_sure:
            _make_prose(text, part)
    return reader.parts


def _line_of(match: re.Match[str]) -> _Line:
    start, raw_end = match.span(1)
    raw = match[1]
    stripped = raw.rstrip()
    content = stripped.lstrip()
    end = start + len(stripped)
    inside, depth = start, 0
    if quote := _QUOTE.match(content):
        depth = quote[0].count(">")
        inside = end - len(content) + quote.end()
        content = content[quote.end() :].lstrip()
    begin = end - len(content)
    column = len(raw[inside - start : begin - start].expandtabs(4)) if begin > inside else 0
    return _Line(start, inside, begin, end, raw_end, depth, column, content)


class _Reader:
    """Takes line after line."""

    def __init__(self, text: str) -> None:
        self.parts: list[Part] = []
        self._text = text
        self._open: Part | None = None  # what the next line may continue
        self._items: list[_Item] = []
        self._depth = 0
        self._fence: _Fence | None = None
        self._fences: _Fences | None = None

    def take(self, line: _Line) -> None:
        """Add a line to the part it belongs to."""
        if self._fence and self._is_in_fence(self._fence, line):
            return
        if not line.content:
            self._open = None
            return
        if line.depth != self._depth:
            self._items.clear()
            self._depth = line.depth
        if line.content[0] in _MARKED and (
            self._is_rule(line)
            or self._is_heading(line)
            or self._opens_fence(line)
            or self._is_item(line)
        ):
            return
        self._add_text(line)

    def _is_in_fence(self, fence: _Fence, line: _Line) -> bool:
        """Whether the line is code or ends it. Out of a quotation there is no more of its code."""
        if line.depth < fence.depth:
            self._fence = None
            return False
        begin = line.inside if fence.depth else line.start
        closing = self._text[begin : line.raw_end].strip()
        if closing.startswith(fence.mark) and not closing.strip(fence.mark[0]):
            self._fence = None
            return True
        if fence.depth:
            fence.part.hidden.append((line.start, begin))
        fence.part.lines.append((begin, line.raw_end))
        return True

    def _is_rule(self, line: _Line) -> bool:
        if not _RULE.fullmatch(line.content):
            return False
        above = self._open
        mark = line.content[0]
        if (
            above is not None
            and mark in "-="
            and " " not in line.content
            and above.kind == "paragraph"
            and above.depth == line.depth
            and len(above.lines) == 1
            and above.lines[0][1] - above.lines[0][0] <= _LONGEST_HEADING
        ):
            above.kind, above.level = "heading", 1 if mark == "=" else 2
        else:
            self._leave(line.column)
            self._begin(line, "rule", 0, [])
        self._open = None
        return True

    def _is_heading(self, line: _Line) -> bool:
        match = _HEADING.match(line.content)
        if match is None or self._is_indented(line):
            return False
        words = line.content[match.end() :]
        without = words.rstrip("#")
        if without != words and (not without or without[-1].isspace()):
            words = without.rstrip()
        if not words:
            return False
        self._leave(line.column)
        begin = line.begin + match.end()
        self._begin(line, "heading", len(match[1]), [(begin, begin + len(words))])
        self._open = None
        return True

    def _opens_fence(self, line: _Line) -> bool:
        match = _FENCE.fullmatch(line.content)
        if match is None or self._is_indented(line):
            return False
        self._fences = self._fences or _Fences(self._text)
        if not self._fences.is_closed(match[1], line.end):
            return False
        self._leave(line.column)
        part = self._begin(line, "code", len(self._items), [])
        if match[2]:
            part.info = (line.begin + match.start(2), line.begin + match.end(2))
        self._fence = _Fence(match[1], line.depth, part)
        self._open = None
        return True

    def _is_item(self, line: _Line) -> bool:
        match = _ITEM.match(line.content)
        if match is None:
            return False
        number = -1 if match[1] else int(match[2])
        mark = match[1] or match[3]
        above = self._open
        interrupts = above is not None and above.kind != "item" and above.depth == line.depth
        before = self._leaving(line.column)
        is_next = before is not None and before.mark == mark and number - before.number in (0, 1)
        if interrupts and number > 1 and not is_next:
            return False  # a line of prose happens to begin with a number
        self._leave(line.column)
        words = line.begin + match.end()
        # The number of an item says something; that it is one, a dash or a star.
        begin = words if match[1] else line.begin
        part = self._begin(line, "item", len(self._items) + 1, [(begin, line.end)])
        part.numbered = not match[1]
        starts_list = bool(match[1]) and not interrupts and not self._text[words].isdigit()
        part.is_sure = is_next or starts_list
        if is_next and before is not None:
            before.part.is_sure = True
        self._items.append(_Item(line.column + _width(match), mark, number, part))
        return True

    def _add_text(self, line: _Line) -> None:
        part = self._open
        if part is None or part.depth != line.depth:
            self._leave(line.column)
            kind: Kind = "quote" if line.depth else "paragraph"
            level = line.depth or len(self._items)
            part = self._begin(line, kind, level, [(line.begin, line.end)])
            # "> 50 Prozent" is a comparison, unless it goes on as a quotation.
            part.is_sure = line.depth != 1 or not line.content[0].isdigit()
            return
        last = part.lines[-1][1]
        if self._text[last - 1] == "\\":
            part.hidden.append((last - 1, last))  # it only says that the line ends here
        if line.depth:
            part.hidden.append((line.start, line.begin))
        part.lines.append((line.begin, line.end))
        part.is_sure = part.is_sure or part.kind == "quote"

    def _begin(self, line: _Line, kind: Kind, level: int, lines: list[Place]) -> Part:
        part = Part(kind, level, line.depth, lines, start=line.start, begin=line.begin)
        self.parts.append(part)
        self._open = part
        return part

    def _is_indented(self, line: _Line) -> bool:
        return line.column - (self._items[-1].column if self._items else 0) >= _INDENTED

    def _leaving(self, column: int) -> _Item | None:
        """The outermost item that a line in this column no longer belongs to."""
        found = None
        for item in reversed(self._items):
            if item.column <= column:
                break
            found = item
        return found

    def _leave(self, column: int) -> None:
        while self._items and self._items[-1].column > column:
            self._items.pop()


class _Fences:
    """The lines that may close a fence. Looked through once, however many fences there are."""

    def __init__(self, text: str) -> None:
        # Of each mark, from the last line to the first: those that are longer than all after them.
        self._places: dict[str, list[int]] = {"`": [], "~": []}
        self._lengths: dict[str, list[int]] = {"`": [], "~": []}
        for match in reversed(list(_CLOSING_FENCE.finditer(text))):
            mark, length = match[1][0], len(match[1])
            lengths = self._lengths[mark]
            if not lengths or length > lengths[-1]:
                lengths.append(length)
                self._places[mark].append(match.start(1))

    def is_closed(self, fence: str, position: int) -> bool:
        """Whether a line after the position closes this fence."""
        last = bisect_left(self._lengths[fence[0]], len(fence))
        places = self._places[fence[0]]
        return last < len(places) and places[last] > position


def _width(match: re.Match[str]) -> int:
    """The columns of an item's mark and the blanks behind it; of many blanks one counts."""
    mark = len(match[0].rstrip())
    blanks = len(match[0].expandtabs(4)) - mark
    return mark + (blanks if blanks <= _INDENTED else 1)


def _make_prose(text: str, part: Part) -> None:
    """Give back the mark that only looked like one."""
    was_item = part.kind == "item"
    begin = part.begin if was_item else text.index(">", part.start)
    part.lines[0] = (begin, part.lines[0][1])
    part.numbered = False
    if was_item and part.depth:
        part.kind, part.level = "quote", part.depth
    else:
        part.kind, part.level = "paragraph", part.level - 1
