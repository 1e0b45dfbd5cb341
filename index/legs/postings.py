"""The compiled counts of a segment's passages: which hold a term, and how often.

The counting is rank-bm25's (``BM25Okapi``). A query costs its terms' postings, not the corpus.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import takewhile
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

Terms: TypeAlias = "Sequence[str]"

_TERMS_AT_ONCE = 65_536
_NOWHERE = slice(0, 0)


class PassageCounts(BM25Okapi):  # type: ignore[misc]  # rank-bm25 has no types
    """rank-bm25's term counts of a corpus; rarity is weighed later, over all segments."""

    def _calc_idf(self, nd: Mapping[str, int]) -> None:
        self.idf: dict[str, float] = {}


@dataclass(frozen=True)
class Postings:
    """The compiled counts of one segment of n passages.

    ``blob[term_ends[i-1]:term_ends[i]]`` is term i in UTF-8; terms are sorted by their bytes.
    ``rows[list_ends[i-1]:list_ends[i]]`` are the passages that hold it, ``counts`` how often.
    ``keys`` are the terms' first bytes (``term_keys``), ``by_ending`` their numbers in the order of
    the terms read backwards.
    """

    blob: NDArray[np.uint8]
    term_ends: NDArray[np.int64]  # (terms,)
    list_ends: NDArray[np.int64]  # (terms,)
    keys: NDArray[np.uint64]  # (terms,)
    by_ending: NDArray[np.int32]  # (terms,)
    rows: NDArray[np.int32]  # (postings,)
    counts: NDArray[np.int32]  # (postings,)
    lengths: NDArray[np.int32]  # (n,)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by the names under which a segment stores them."""
        return {f"lexical_{name}": getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Postings:
        # A plain view of the mapped file: the memmap class makes each small slice ten times dearer.
        stored: dict[str, Any] = {
            name: arrays[f"lexical_{name}"].view(np.ndarray) for name in _ARRAYS
        }
        return cls(**stored)

    def find(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The rows that hold ``term`` and its count in each; both empty when none does."""
        span = self.span(term.encode("utf-8"))
        return self.rows[span], self.counts[span]

    def span(self, term: bytes) -> slice:
        """Where in ``rows`` a term's list stands; empty when there is none."""
        # The keys find the few terms that begin alike; among these the whole terms decide. Mostly
        # there is none or one, and a query asks some hundred times.
        key = np.uint64(int.from_bytes(term[:8].ljust(8, b"\0"), "big"))
        place = int(self.keys.searchsorted(key))
        if place == len(self.keys) or self.keys[place] != key:
            return _NOWHERE
        if self.term(place) != term:
            end = int(self.keys.searchsorted(key, "right"))
            place = bisect.bisect_left(range(end), term, lo=place, key=self.term)
            if place == end or self.term(place) != term:
                return _NOWHERE
        return slice(int(self.list_ends[place - 1]) if place else 0, int(self.list_ends[place]))

    def beginning_with(self, part: bytes) -> Iterator[bytes]:
        """The terms that begin with ``part``."""
        every = range(len(self.term_ends))
        first = bisect.bisect_left(every, part, key=self.term)
        return takewhile(lambda term: term.startswith(part), map(self.term, every[first:]))

    def ending_in(self, part: bytes) -> Iterator[bytes]:
        """The terms that end in ``part``."""
        every = range(len(self.by_ending))
        first = bisect.bisect_left(every, part[::-1], key=lambda i: self._by_ending(i)[::-1])
        return takewhile(lambda term: term.endswith(part), map(self._by_ending, every[first:]))

    def lists(self) -> Iterator[tuple[bytes, int, int]]:
        """Each term in order, and where in ``rows`` its list starts and ends."""
        start = list_start = 0
        for first in range(0, len(self.term_ends), _TERMS_AT_ONCE):
            ends = self.term_ends[first : first + _TERMS_AT_ONCE].tolist()
            list_ends = self.list_ends[first : first + _TERMS_AT_ONCE].tolist()
            base, blob = start, self.blob[start : ends[-1]].tobytes()
            for end, list_end in zip(ends, list_ends, strict=True):
                yield blob[start - base : end - base], list_start, list_end
                start, list_start = end, list_end

    def term(self, place: int) -> bytes:
        """The term with this number."""
        start = int(self.term_ends[place - 1]) if place else 0
        return self.blob[start : int(self.term_ends[place])].tobytes()

    def _by_ending(self, place: int) -> bytes:
        return self.term(int(self.by_ending[place]))


def term_keys(terms: Sequence[bytes]) -> NDArray[np.uint64]:
    """The first eight bytes of each term as a number, in the order of the terms."""
    return np.array(terms, dtype="S8").view(">u8").astype(np.uint64)


_ARRAYS = tuple(entry.name for entry in fields(Postings))


def by_ending(terms: Sequence[bytes]) -> NDArray[np.int32]:
    """The numbers of the terms in the order of the terms read backwards."""
    return np.array(sorted(range(len(terms)), key=lambda i: terms[i][::-1]), dtype=np.int32)


def compile_postings(passages: Sequence[Terms]) -> Postings:
    """Count the terms of each passage and lay the counts out term by term."""
    counts = PassageCounts([list(terms) for terms in passages]) if any(passages) else None
    frequencies = counts.doc_freqs if counts else [{} for _ in passages]
    lists: dict[bytes, list[tuple[int, int]]] = {}
    for row, terms in enumerate(frequencies):
        for term, count in terms.items():
            lists.setdefault(term.encode("utf-8"), []).append((row, count))
    ordered = sorted(lists)
    entries = [entry for term in ordered for entry in lists[term]]
    flat = np.array(entries, dtype=np.int32).reshape(-1, 2)
    return Postings(
        blob=np.frombuffer(b"".join(ordered), dtype=np.uint8),
        term_ends=np.cumsum([len(term) for term in ordered], dtype=np.int64),
        list_ends=np.cumsum([len(lists[term]) for term in ordered], dtype=np.int64),
        keys=term_keys(ordered),
        by_ending=by_ending(ordered),
        rows=np.ascontiguousarray(flat[:, 0]),
        counts=np.ascontiguousarray(flat[:, 1]),
        lengths=np.array([len(terms) for terms in passages], dtype=np.int32),
    )
