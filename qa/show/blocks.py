"""An article's text as the blocks that a reader sees, with the exact place of every character.

Markdown's marks are in no run; whatever else is written is in exactly one, in order. So the offsets
of a citation say which characters to mark, and a plain text loses nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile

from index import Span
from index.text.paragraphs import unsorted
from qa.show.inline import Run, runs
from qa.show.parts import Kind, Part, Place, parts

__all__ = ["Block", "Run", "blocks"]


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item, quotation, piece of code, or a rule, which has no runs.

    ``level`` is a heading's; how deep an item or a quotation is nested, from 1; in how many items a
    paragraph or code stands. The number of a ``numbered`` item is in its first run. Line breaks
    count in code; elsewhere they only wrap the lines.
    """

    kind: Kind
    level: int
    runs: tuple[Run, ...]
    numbered: bool = False


def blocks(text: str, title: str = "") -> list[Block]:
    """The blocks of an article, in order.

    Headings or lines at its beginning that only repeat the ``title`` are left out, unless there is
    nothing else.
    """
    found = [block for part in parts(text) for block in _of_part(text, part)]
    words = " ".join(map(_words, blocks(" ".join(title.split())))) if title else ""
    rest = list(dropwhile(lambda block: _repeats(block, words), found)) if words else found
    return rest or found


def _repeats(block: Block, words: str) -> bool:
    return block.kind in ("heading", "paragraph") and _words(block).casefold() == words.casefold()


def _words(block: Block) -> str:
    return " ".join("".join(run.text for run in block.runs).split())


def _of_part(text: str, part: Part) -> Iterator[Block]:
    if part.kind == "rule":
        yield Block("rule", 0, ())
    elif part.kind == "code":
        if code := tuple(_code(text, part)):
            yield Block("code", part.level, code)
    else:
        kind, numbered = part.kind, part.numbered
        for found in _prose(text, part):
            yield Block(kind, part.level, found, numbered)
            if kind == "item":
                kind, numbered = "paragraph", False  # further lines of the same item


def _prose(text: str, part: Part) -> Iterator[tuple[Run, ...]]:
    """The runs of each paragraph among the part's lines: a line, or several that are wrapped."""
    start, end = part.lines[0][0], part.lines[-1][1]
    if len(part.lines) == 1:
        pieces = [Span(0, end - start)]
        shown = text[start:end]
    else:
        # The paragraphs that passages are made of, so that what is cited is in one of them.
        shown = _blanked(text, start, end, part.hidden)
        pieces = [Span(found.start, found.end) for found in unsorted(shown)]
    for piece in pieces:
        at = start + piece.start
        hidden = _within(part.hidden, at, start + piece.end) if part.hidden else ()
        if found := runs(piece.of(shown), at, hidden):
            yield found


def _blanked(text: str, start: int, end: int, hidden: list[Place]) -> str:
    """``text[start:end]`` with blanks in the place of what is hidden."""
    kept, position = list[str](), start
    for first, after in hidden:
        kept += [text[position:first], " " * (after - first)]
        position = after
    return "".join([*kept, text[position:end]])


def _within(places: list[Place], start: int, end: int) -> list[Span]:
    """Those of the ordered places that are between the two, counted from ``start``."""
    first = bisect_left(places, (start, start))
    after = bisect_left(places, (end, end))
    return [Span(a - start, b - start) for a, b in places[first:after]]


def _code(text: str, part: Part) -> Iterator[Run]:
    """What the fence says of its code, then the code, without the marks of quotations."""
    begins = [begin for begin, _ in part.lines]
    ends = [begin for begin, _ in part.hidden[1:]] + [end for _, end in part.lines[-1:]]
    if not part.hidden:
        begins = begins[:1]
    if part.info:
        begin, end = part.info
        # With its line break, unless the marks of a quotation follow.
        yield Run(text[begin : begins[0] if begins and not part.hidden else end], begin)
    if any(text[begin:end].strip() for begin, end in part.lines):
        for begin, end in zip(begins, ends, strict=True):
            yield Run(text[begin:end], begin, "code")
