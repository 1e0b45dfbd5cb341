"""From logits to spans: where in a passage the answer stands, and how surely it stands there.

A model gives two numbers for each token: how well an answer starts there, and how well it ends. A
passage that does not fit into the model's input is read in windows that overlap.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_QUESTION = 64
"""Tokens of a question that are read, so that a long one leaves room for the passage."""
STRIDE = 96
"""Tokens that two windows of a long passage share, so that no answer is cut in both."""
LONGEST_SPAN = 30
SPANS = 5


@dataclass(frozen=True, slots=True)
class SpanScore:
    """``passage[start:end]`` as an answer, in code points.

    ``score`` is the sum of its start and end logits, ``margin`` how far that is above the score of
    "no answer here". Margins of different passages can be compared, scores less well.
    """

    start: int
    end: int
    score: float
    margin: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader sees in one passage: distinct spans, best first, and the no-answer score.

    No two of ``spans`` overlap. There is none where the passage has no text.
    """

    spans: tuple[SpanScore, ...]
    null_score: float
    _windows: tuple[Window, ...] = field(default=(), repr=False, compare=False)

    @property
    def margin(self) -> float:
        """The best span's margin; minus infinity where there is no span."""
        return self.spans[0].margin if self.spans else -math.inf

    def best_within(self, start: int, end: int) -> SpanScore | None:
        """The best span inside ``passage[start:end]``, a sentence for example; None without one."""
        found = [
            span
            for window in self._windows
            for span in window.spans(*window.tokens_within(start, end), limit=1)
        ]
        return max(found, key=lambda span: span.margin, default=None)

    def spans_within(self, start: int, end: int, limit: int) -> list[SpanScore]:
        """At most ``limit`` spans inside ``passage[start:end]`` that do not overlap, best first."""
        found = [
            span
            for window in self._windows
            for span in window.spans(*window.tokens_within(start, end), limit=limit)
        ]
        return _apart(sorted(found, key=lambda span: -span.margin), limit)

    def best_around(self, start: int, end: int, low: int, high: int) -> SpanScore | None:
        """The best span inside ``passage[start:end]`` or around it; None where there is none.

        It does not reach beyond ``low`` and ``high``.
        """
        found = [window.best_around(start, end, low, high) for window in self._windows]
        return max((s for s in found if s), key=lambda span: span.margin, default=None)


@dataclass(frozen=True, slots=True)
class Window:
    """The tokens of a passage that were read together, with their logits.

    ``begins`` and ``stops`` are (n,) code points, ``starts`` and ``ends`` (n,) logits.
    """

    text: str
    begins: NDArray[np.int64]
    stops: NDArray[np.int64]
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]
    null: float

    @classmethod
    def of(
        cls,
        text: str,
        offsets: Sequence[tuple[int, int]],
        logits: NDArray[np.float32],
        null: float,
    ) -> Window:
        import numpy as np

        places = np.array(offsets, np.int64).reshape(-1, 2)
        return cls(text, places[:, 0], places[:, 1], logits[:, 0], logits[:, 1], null)

    def tokens_within(self, start: int, end: int) -> tuple[int, int]:
        """The range of tokens that lie wholly in ``text[start:end]``."""
        import numpy as np

        first = int(np.searchsorted(self.begins, start, "left"))
        last = int(np.searchsorted(self.stops, end, "right"))
        return first, max(first, last)

    def best_around(self, start: int, end: int, low: int, high: int) -> SpanScore | None:
        """As ``Reading.best_around``, in this window."""
        first, last = self.tokens_touching(start, end)
        lowest, highest = self.tokens_within(low, high)
        first, last = max(first, lowest), min(last, highest)
        if first >= last:
            return None
        begin = lowest + int(self.starts[lowest : first + 1].argmax())
        stop = last - 1 + int(self.ends[last - 1 : highest].argmax())
        score = float(self.starts[begin] + self.ends[stop])
        inside = next(self.spans(first, last, limit=1), None)
        if inside is not None and inside.score >= score:
            return inside
        return SpanScore(int(self.begins[begin]), int(self.stops[stop]), score, score - self.null)

    def tokens_touching(self, start: int, end: int) -> tuple[int, int]:
        """The range of tokens that share a character with ``text[start:end]``."""
        import numpy as np

        first = int(np.searchsorted(self.stops, start, "right"))
        last = int(np.searchsorted(self.begins, end, "left"))
        return first, max(first, last)

    def spans(self, first: int, last: int, limit: int) -> Iterator[SpanScore]:
        """At most ``limit`` spans that do not overlap, of the tokens ``first``..``last``."""
        import numpy as np

        count = last - first
        if count <= 0:
            return
        beyond = np.full(LONGEST_SPAN - 1, -np.inf, np.float32)
        ends = np.concatenate([self.ends[first:last], beyond])
        reach = np.lib.stride_tricks.sliding_window_view(ends, LONGEST_SPAN)
        scores = self.starts[first:last, None] + reach  # (count, LONGEST_SPAN): start, length - 1
        taken: list[tuple[int, int]] = []
        while len(taken) < limit:
            start, longer = divmod(int(scores.argmax()), LONGEST_SPAN)
            score = float(scores[start, longer])
            if score == -math.inf:
                return
            scores[start, longer] = -np.inf
            begin, stop = self.begins[first + start], self.stops[first + start + longer]
            bounds = _trimmed(self.text, int(begin), int(stop))
            if bounds is None or _touches(bounds, taken):
                continue
            taken.append(bounds)
            yield SpanScore(*bounds, score, score - self.null)
            scores[start : start + longer + 1] = -np.inf
            for before in range(max(0, start - LONGEST_SPAN + 1), start):
                scores[before, start - before :] = -np.inf


def reading_of(windows: Sequence[Window]) -> Reading:
    """The windows of one passage as one reading; "no answer" is that of the best span's window."""
    candidates = sorted(
        (
            (span, window.null)
            for window in windows
            for span in window.spans(0, len(window.begins), limit=SPANS)
        ),
        key=lambda candidate: -candidate[0].margin,
    )
    spans = _apart([span for span, _ in candidates], SPANS)
    null = candidates[0][1] if candidates else max((w.null for w in windows), default=0.0)
    return Reading(tuple(spans), null, tuple(windows))


def _apart(spans: Iterable[SpanScore], limit: int) -> list[SpanScore]:
    """The first ``limit`` of the spans that do not overlap one before."""
    found: list[SpanScore] = []
    for span in spans:
        if len(found) < limit and not _touches(
            (span.start, span.end), ((other.start, other.end) for other in found)
        ):
            found.append(span)
    return found


def window_starts(tokens: int, room: int) -> Iterator[int]:
    """First tokens of windows of ``room`` tokens that overlap by ``STRIDE``; the last is full."""
    first = 0
    while first + room < tokens:
        yield first
        first += room - STRIDE
    yield max(0, tokens - room)


def _touches(bounds: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(bounds[0] < end and start < bounds[1] for start, end in others)


_EDGE = ",;:"
_OPENED_BY = {")": "(", "]": "["}
_CLOSED_BY = {"(": ")", "[": "]"}
_QUOTES = frozenset("\"„“”«»‚‘’'")
_JOINER = "\u200d"


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without blanks, commas, and quotes or brackets that are unpaired or around it all.

    It is first widened to whole characters as a reader sees them: a combining accent, which some
    tokenizers leave out of a token, belongs to its letter. None where nothing is left.
    """
    while end < len(text) and (_continues(text[end]) or (end > start and text[end - 1] == _JOINER)):
        end += 1
    while start > 0 and (_continues(text[start]) or text[start - 1] == _JOINER):
        start -= 1
    while start < end:
        first, last = text[start], text[end - 1]
        if _is_edge(first) or _is_alone(first, text[start + 1 : end]):
            start += 1
        elif _is_edge(last) or _is_alone(last, text[start : end - 1]):
            end -= 1
        elif _wrap(first, last, text[start + 1 : end - 1]):
            start += 1
            end -= 1
        else:
            return start, end
    return None


def _is_edge(character: str) -> bool:
    if character.isspace() or character in _EDGE:
        return True
    return unicodedata.category(character) in ("Cc", "Cf")


def _is_alone(mark: str, rest: str) -> bool:
    """Whether ``mark`` opens or closes something whose other end is not in ``rest``."""
    if mark in _QUOTES:
        return _QUOTES.isdisjoint(rest)
    other = _CLOSED_BY.get(mark) or _OPENED_BY.get(mark)
    return other is not None and other not in rest


def _wrap(first: str, last: str, between: str) -> bool:
    """Whether the two are a pair of quotation marks or brackets around all of the span."""
    if first in _QUOTES:
        return last in _QUOTES and _QUOTES.isdisjoint(between)
    return _CLOSED_BY.get(first) == last and first not in between


def _continues(character: str) -> bool:
    """Whether the character is drawn together with the one before it."""
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or character == _JOINER
        or 0x1F3FB <= ord(character) <= 0x1F3FF
    )
