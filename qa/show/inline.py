"""Markdown within a paragraph: what is strong, emphasis, code or a link, with exact places.

As CommonMark has it, but more careful with prose: a star or an underscore within a word
("Kolleg*innen", "snake_case") or an address is none of its marks, and text in brackets is a link
only where an address follows. What is no markup stays as it is written.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from qa.show.links import link_of

if TYPE_CHECKING:
    from index import Span

Style = Literal["strong", "emphasis", "code"]


@dataclass(frozen=True, slots=True)
class Run:
    """Characters as they stand in the article: ``article.text[start:start + len(text)] == text``.

    ``href`` is where a link leads that may be followed.
    """

    text: str
    start: int
    style: Style | None = None
    href: str | None = None


def runs(piece: str, offset: int, hidden: Sequence[Span] = ()) -> tuple[Run, ...]:
    """The runs of ``piece``, which begins at ``offset`` of its article; their marks are in none.

    Nor is what is ``hidden`` in the piece, and blank there.
    """
    if not hidden and not _MARKUP.search(piece):
        return (Run(piece, offset),) if piece else ()
    scan = _Scan(piece, hidden)
    scan.read()
    return tuple(scan.runs(offset))


_MARKUP = re.compile(r"[\\`*_\[<]|https?://")

_TOKEN = re.compile(
    r"""
    \\[!-/:-@\[-`{-~]               # a character that is escaped
    | `+ | \*+ | _+
    | !?\[ | \]
    | <https?://[^\s<>]++>
    | (?<!\w)(?:https?://|www\.)    # an address as people write it, its parentheses in pairs
      [^\s<>`()\[\]]++(?:\([^\s<>`()]*+\)[^\s<>`()\[\]]*+)*+
    """,
    re.VERBOSE,
)
_AFTER_ADDRESS = ".,;:!?…'\"*_~|„“”‚‘’«»‹›"
"""Characters at the end of an address that belong to the sentence."""

_REST_OF_LINK = r""">?(?:\s++(?:"[^"]*+"|'[^']*+'))?+\s*+\)"""
_TARGET = re.compile(
    r"\(\s*+<?((?:https?://|mailto:|www\.|/|\#|\.\.?/)"
    r"[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+)" + _REST_OF_LINK
)
_IMAGE = re.compile(r"\(\s*+<?([^\s()<>]++)" + _REST_OF_LINK)

_LONGEST_DELIMITER = 3  # more stars in a row are a hotel's, or hide a word
_WITHIN_ADDRESSES = "@/\\=&#"
_NO_OPENING_BEFORE = ")]},.;:!?"
_NO_CLOSING_AFTER = "([{"
_UNSPACED = "\u2e80"
"""From here on stand the letters of scripts that put no blanks between words."""


@dataclass(slots=True)
class _Opener:
    """Stars or underscores that wait for their counterparts; the last ones are nearest."""

    mark: str
    start: int
    end: int


class _Scan:
    """One pass over a piece. Each mark is looked at once, and each opener given up once."""

    def __init__(self, piece: str, hidden: Sequence[Span]) -> None:
        self._piece = piece
        self._hidden = [(span.start, span.end) for span in hidden]
        self._styled: list[tuple[int, int, Style]] = []
        self._linked: list[tuple[int, int, str]] = []
        self._openers: list[_Opener] = []
        self._waiting: Counter[str] = Counter()
        self._brackets: list[re.Match[str]] = []
        self._ticks: dict[int, deque[int]] | None = None

    def read(self) -> None:
        """Find all marks."""
        actions: dict[str, Callable[[re.Match[str]], int]] = {
            "\\": self._escape,
            "`": self._code,
            "*": self._emphasis,
            "_": self._emphasis,
            "[": self._opening,
            "!": self._opening,
            "]": self._closing,
            "<": self._address_in_brackets,
        }
        position = 0
        while token := _TOKEN.search(self._piece, position):
            position = actions.get(token[0][0], self._address)(token)

    def runs(self, offset: int) -> Iterator[Run]:
        """What is visible, cut where its style or link changes."""
        changes: list[tuple[int, bool, str, str | None]] = []
        for start, end in self._hidden:
            changes += [(start, True, "hidden", None), (end, False, "hidden", None)]
        for start, end, style in self._styled:
            changes += [(start, True, style, None), (end, False, style, None)]
        for start, end, leads_to in self._linked:
            changes += [(start, True, "link", leads_to), (end, False, "link", None)]
        changes.sort(key=lambda change: change[0])
        changes.append((len(self._piece), False, "end", None))
        depth: Counter[str] = Counter()
        position, href = 0, None
        for place, begins, what, address in changes:
            if place > position:
                if not depth["hidden"]:
                    shown = self._piece[position:place]
                    yield Run(shown, offset + position, _style(depth), href)
                position = place
            if what == "link":
                href = address
            depth[what] += 1 if begins else -1

    def _escape(self, token: re.Match[str]) -> int:
        self._hide(token.start(), token.start() + 1)
        return token.end()

    def _code(self, token: re.Match[str]) -> int:
        start, end = token.span()
        closing = self._closing_ticks(end - start, end)
        if self._piece[start - 1 : start].isalnum() or closing is None:
            return end
        content = self._piece[end:closing]
        if content.isspace():
            return end
        self._hide(start, end)
        self._hide(closing, closing + end - start)
        self._styled.append((end, closing, "code"))
        return closing + end - start

    def _closing_ticks(self, count: int, position: int) -> int | None:
        """The next run of so many backticks from here on, but for an apostrophe's ("`ne")."""
        if self._ticks is None:
            self._ticks = defaultdict(deque)
            for ticks in re.finditer("`+", self._piece):
                if not self._piece[ticks.end() : ticks.end() + 1].isalnum():
                    self._ticks[len(ticks[0])].append(ticks.start())
        places = self._ticks[count]
        while places and places[0] < position:
            places.popleft()
        return places[0] if places else None

    def _emphasis(self, token: re.Match[str]) -> int:
        start, end = token.span()
        if end - start <= _LONGEST_DELIMITER:
            opens, closes = _flanks(self._piece, start, end)
            if closes:
                start = self._close(token[0][0], start, end)
            if opens and start < end:
                self._openers.append(_Opener(token[0][0], start, end))
                self._waiting[token[0][0]] += 1
        return token.end()

    def _close(self, mark: str, start: int, end: int) -> int:
        """Where the marks begin that closed nothing."""
        while start < end and self._waiting[mark]:
            opener = self._openers[-1]
            if opener.mark == mark == "_" and opener.end - opener.start != end - start:
                break  # "__init__" and "name_" are names
            if opener.mark == mark:
                count = min(2, opener.end - opener.start, end - start)
                style: Style = "strong" if count == 2 else "emphasis"
                self._styled.append((opener.end, start, style))
                self._hide(opener.end - count, opener.end)
                self._hide(start, start + count)
                opener.end -= count
                start += count
            if opener.mark != mark or opener.start == opener.end:
                self._openers.pop()
                self._waiting[opener.mark] -= 1
        return start

    def _opening(self, token: re.Match[str]) -> int:
        self._brackets.append(token)
        return token.end()

    def _closing(self, token: re.Match[str]) -> int:
        if not self._brackets:
            return token.end()
        opening = self._brackets.pop()
        is_image = opening[0] == "!["
        target = (_IMAGE if is_image else _TARGET).match(self._piece, token.end())
        if target is None or (not is_image and opening.end() == token.start()):
            return token.end()
        self._hide(*opening.span())
        self._hide(token.start(), target.end())
        if not is_image:
            self._brackets.clear()  # a link stands in no other
            self._link(opening.end(), token.start(), link_of(target[1]))
        return target.end()

    def _address_in_brackets(self, token: re.Match[str]) -> int:
        start, end = token.span()
        address = link_of(self._piece[start + 1 : end - 1])
        if address is not None:
            self._hide(start, start + 1)
            self._hide(end - 1, end)
            self._link(start + 1, end - 1, address)
        return end

    def _address(self, token: re.Match[str]) -> int:
        address = token[0].rstrip(_AFTER_ADDRESS)
        end = token.start() + len(address)
        self._link(token.start(), end, link_of(address))
        return max(end, token.start() + 1)

    def _link(self, start: int, end: int, address: str | None) -> None:
        while self._linked and self._linked[-1][0] >= start:
            self._linked.pop()
        if address is not None:
            self._linked.append((start, end, address))

    def _hide(self, start: int, end: int) -> None:
        self._hidden.append((start, end))


def _style(depth: Counter[str]) -> Style | None:
    styles: tuple[Style, ...] = ("code", "strong", "emphasis")
    return next((style for style in styles if depth[style]), None)


def _flanks(piece: str, start: int, end: int) -> tuple[bool, bool]:
    """Whether the marks between the two may open emphasis, and whether they may close it."""
    before, after = piece[max(0, start - 1) : start] or " ", piece[end : end + 1] or " "
    opens = (
        not after.isspace()
        and after not in _NO_OPENING_BEFORE
        and not _belongs_to_word(before, piece[max(0, start - 2) : max(0, start - 1)])
    )
    closes = (
        not before.isspace()
        and before not in _NO_CLOSING_AFTER
        and not _belongs_to_word(after, piece[end + 1 : end + 2])
    )
    return opens, closes


def _belongs_to_word(near: str, farther: str) -> bool:
    """Whether a mark beside this character stands within a word, a name or an address."""
    if near == ".":
        return farther.isalnum()  # "__init__.py"
    return near in _WITHIN_ADDRESSES or (near.isalnum() and near < _UNSPACED)
