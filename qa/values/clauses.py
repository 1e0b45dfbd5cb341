"""Clauses of a text, and what stands in the clause of a value."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from qa.values.hedges import find_hedges

_END = re.compile(r"[,;:()!?\n]|(?<!\d)\.(?= |$)|\.(?= [A-ZÄÖÜ])|(?: -(?= ))")
_ABBREVIATION = re.compile(r"(?:\b\w|\b(?:ca|Mio|Mrd|Nr|Dr|Prof|St|bzw|usw|etc|Chr))$")


class Clauses:
    """The clauses and hedges of one folded text; each look-up costs a binary search.

    ``spans`` are the values and times: a comma or point inside one ends no clause.
    """

    def __init__(self, folded: str, spans: Iterable[tuple[int, int]]) -> None:
        inside = bytearray(len(folded))
        for start, end in spans:
            inside[start:end] = b"\1" * (end - start)
        cuts = [
            m.span()
            for m in _END.finditer(folded)
            if not inside[m.start()] and not _abbreviation(folded, m.start())
        ]
        self._length = len(folded)
        self._starts = [start for start, _ in cuts]
        self._ends = [end for _, end in cuts]
        self._hedges = find_hedges(folded)

    def around(self, start: int, end: int) -> tuple[int, int]:
        """The range of the clause that holds ``[start, end)``."""
        before = bisect_right(self._starts, start - 1)
        after = bisect_left(self._starts, end)
        return (
            self._ends[before - 1] if before else 0,
            self._starts[after] if after < len(self._starts) else self._length,
        )

    def hedge(self, start: int, end: int, near: int) -> tuple[int, int] | None:
        """The hedge within ``[start, end)`` that stands nearest to ``near``."""
        first = bisect_left(self._hedges, (start, 0))
        last = bisect_left(self._hedges, (end, 0))
        hits = [h for h in self._hedges[first:last] if h[1] <= end]
        return min(hits, key=lambda h: min(abs(h[0] - near), abs(h[1] - near)), default=None)


def _abbreviation(folded: str, at: int) -> bool:
    return folded[at] == "." and bool(_ABBREVIATION.search(folded[max(0, at - 5) : at]))
