"""A section divided into passages: between paragraphs, and between the sentences of a long one.

langchain-text-splitters merges them, some hundred at a time: a section may be of any length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, islice, pairwise

from langchain_text_splitters import TextSplitter

from index.records import Span
from index.text.lengths import Sentence


def divided(
    text: str, section: Iterable[Sentence], limit: int, maximum: int
) -> Iterator[tuple[Span, ...]]:
    """The passages of one section, each the spans of its sentences."""
    pieces = _under_headings(section, limit, maximum)
    for piece in _glued(_grouped(text, pieces, limit), limit):
        yield piece.sentences


@dataclass(frozen=True, slots=True)
class _Piece:
    """Sentences that follow each other and are not divided.

    ``end`` is where the next piece begins: the white space between the two is in it.
    """

    sentences: tuple[Span, ...]
    end: int
    tokens: int
    paragraph: int

    def of(self, text: str) -> str:
        return text[self.sentences[0].start : self.end]


def _joined(*pieces: _Piece) -> _Piece:
    """Neighbours as one, of the last one's paragraph."""
    return _Piece(
        tuple(chain.from_iterable(piece.sentences for piece in pieces)),
        pieces[-1].end,
        sum(piece.tokens for piece in pieces),
        pieces[-1].paragraph,
    )


def _under_headings(section: Iterable[Sentence], limit: int, maximum: int) -> Iterator[_Piece]:
    """A piece for each sentence, a heading in one with what it heads."""
    heading: _Piece | None = None
    for sentence, after in pairwise(chain(section, [None])):
        assert sentence is not None  # None ends them
        end = after.span.start if after else sentence.span.end
        piece = _Piece((sentence.span,), end, sentence.tokens, sentence.paragraph)
        if heading and heading.tokens + piece.tokens > maximum:
            yield replace(heading, paragraph=piece.paragraph)
        elif heading:
            piece = _joined(heading, piece)
        heading = piece if sentence.is_heading and piece.tokens < limit else None
        if heading is None:
            yield piece
    if heading:
        yield replace(heading, paragraph=_NONE)  # it heads nothing, and is a paragraph alone


_NONE = -1


# --- pieces to passages ----------------------------------------------------------------------


def _grouped(text: str, pieces: Iterable[_Piece], limit: int) -> Iterator[_Piece]:
    """Short paragraphs that follow each other in even groups, and the pieces of each long one."""
    for _, run in groupby(_paragraphs(pieces, limit), key=lambda paragraph: paragraph[0]):
        yield from _even(text, chain.from_iterable(pieces for _, pieces in run), limit)


def _paragraphs(
    pieces: Iterable[_Piece], limit: int
) -> Iterator[tuple[int | None, Iterable[_Piece]]]:
    """A paragraph beyond the limit with its number, a shorter one as one piece with None."""
    for number, paragraph in groupby(pieces, key=lambda piece: piece.paragraph):
        beginning: list[_Piece] = []
        tokens = 0
        while tokens <= limit and (piece := next(paragraph, None)):
            beginning.append(piece)
            tokens += piece.tokens
        if tokens > limit:
            yield number, chain(beginning, paragraph)
        else:
            yield None, [_joined(*beginning)]


def _even(text: str, pieces: Iterable[_Piece], limit: int) -> Iterator[_Piece]:
    """As few groups as the limit allows, and those of about the same length.

    Of many the last is as good as any: they are given out as they are filled.
    """
    coming = iter(pieces)
    waiting: list[_Piece] = []
    are_many = False
    while more := list(islice(coming, _AT_ONCE)):
        waiting += more
        groups = _merged(text, waiting, limit)
        are_many = are_many or len(groups) > _EVEN_GROUPS
        if are_many:
            *full, waiting = groups
            yield from (_joined(*group) for group in full)
    groups = _merged(text, waiting, limit)
    if not are_many and len(groups) > 1:
        low, high = 1, limit  # the least size that needs no further group
        while low < high:
            size = (low + high) // 2
            if len(_merged(text, waiting, size)) <= len(groups):
                high = size
            else:
                low = size + 1
        groups = _merged(text, waiting, low)
    yield from (_joined(*group) for group in groups)


_AT_ONCE = 500  # pieces
_EVEN_GROUPS = 6


def _glued(groups: Iterable[_Piece], limit: int) -> Iterator[_Piece]:
    """The groups, a very short one with its neighbour if both fit together."""
    last: _Piece | None = None
    for group in groups:
        if last:
            sizes = last.tokens, group.tokens
            if min(sizes) < limit * _SHORT and sum(sizes) <= limit * _SLACK:
                group = _joined(last, group)
            else:
                yield last
        last = group
    if last:
        yield last


_SHORT, _SLACK = 0.25, 1.25  # of the limit: what is too short alone, and how far it may be passed


def _merged(text: str, pieces: Sequence[_Piece], size: int) -> list[list[_Piece]]:
    """The pieces in groups of at most ``size`` tokens; one that is longer fills a group alone.

    What group a piece is in is told by running sums of characters.
    """
    merged = _Merger(text, pieces, size).split_text(text)
    groups: list[list[_Piece]] = []
    place = end = 0
    lengths = map(len, merged)
    for piece in pieces:
        if place >= end and (length := next(lengths, None)) is not None:
            end += length
            groups.append([])
        groups[-1].append(piece)
        place += len(piece.of(text))
    return groups


class _Merger(TextSplitter):  # type: ignore[misc]
    """langchain's merging, of pieces that are known instead of such as separators tell."""

    def __init__(self, text: str, pieces: Sequence[_Piece], size: int) -> None:
        self._pieces = [piece.of(text) for piece in pieces]
        tokens = {part: piece.tokens for part, piece in zip(self._pieces, pieces, strict=True)}
        tokens[""] = 0
        super().__init__(
            chunk_size=size,
            chunk_overlap=0,
            length_function=lambda part: min(tokens[part], size),
            keep_separator="end",
            strip_whitespace=False,
        )

    def split_text(self, text: str) -> list[str]:
        merged: list[str] = self._merge_splits(self._pieces, "")
        return merged
