"""BM25 over compiled postings.

The counting and the formula are rank-bm25's (``BM25Okapi``); the inverse document frequency is
log(1 + (N - df + .5) / (df + .5)) (Robertson and Zaragoza 2009, in Lucene's non-negative form),
because rank-bm25's own gives a word that stands in half of a small corpus no weight at all.
A query costs its terms' postings, not the corpus.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import takewhile
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

Terms: TypeAlias = "Sequence[str]"


class PassageCounts(BM25Okapi):  # type: ignore[misc]  # rank-bm25 has no types
    """rank-bm25's term counts of a corpus, with the non-negative inverse document frequency."""

    def _calc_idf(self, nd: Mapping[str, int]) -> None:
        self.idf = {
            term: inverse_document_frequency(self.corpus_size, df) for term, df in nd.items()
        }


def inverse_document_frequency(passages: int, containing: int) -> float:
    """log(1 + (N - df + .5) / (df + .5)): above zero for every term."""
    return math.log1p((passages - containing + 0.5) / (containing + 0.5))


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
        # The keys find the few terms that begin alike; among these the whole terms decide.
        key = np.uint64(int.from_bytes(term[:8].ljust(8, b"\0"), "big"))
        start = int(self.keys.searchsorted(key, "left"))
        end = start
        if start < len(self.keys) and self.keys[start] == key:
            end = int(self.keys.searchsorted(key, "right"))
        place = bisect.bisect_left(range(end), term, lo=start, key=self.term)
        if place == end or self.term(place) != term:
            return slice(0, 0)
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
_TERMS_AT_ONCE = 65_536


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


@dataclass(frozen=True, slots=True)
class TermGroup:
    """A term of a query with its ``weight``, and what counts as a part of an occurrence of it.

    Occurrences of the equivalents are added to the term's own before its frequency saturates, and
    its rarity counts for all: a rare compound is no stronger than the word that was asked for.
    """

    term: str
    weight: float = 1.0
    equivalents: Mapping[str, float] = field(default_factory=dict)


class CompiledBM25:
    """BM25 scores over several segments, with the figures of all of them together.

    ``live`` (n,) marks the passages that count: removed ones add nothing to N, df and the average
    length, so the scores are those of an index built without them.
    """

    def __init__(
        self, segments: Sequence[Postings], live: NDArray[np.bool_], *, k1: float, b: float
    ) -> None:
        self._segments = segments
        self._live = live
        self._starts = np.cumsum([0, *(len(segment.lengths) for segment in segments)])
        self.k1, self.b = k1, b
        # Whether a segment holds removed passages, whose postings have to be left out.
        ends = self._starts[1:].tolist()
        self._whole = [bool(live[s:e].all()) for s, e in zip(self._starts, ends, strict=False)]
        self._known: dict[str, tuple[NDArray[np.int64], NDArray[np.int32]]] = {}
        self._containing: dict[str, int] = {}
        lengths = (
            np.concatenate([segment.lengths for segment in segments])
            if segments
            else np.zeros(0, np.int32)
        )
        self.corpus_size = int(live.sum())
        self.avgdl = float(lengths[live].mean()) if self.corpus_size else 0.0
        relative = lengths / self.avgdl if self.avgdl else lengths.astype(np.float64)
        self._norm = (k1 * (1.0 - b + b * relative)).astype(np.float32)  # (n,)

    def get_scores(self, query: Mapping[str, float]) -> NDArray[np.float32]:
        """Scores (n,) of all passages for weighted terms; removed passages score 0."""
        return self.get_group_scores([TermGroup(term, weight) for term, weight in query.items()])

    def get_group_scores(self, query: Sequence[TermGroup]) -> NDArray[np.float32]:
        """Scores (n,) of all passages for groups of terms that count as one; removed ones 0."""
        scores = np.zeros(len(self._live), dtype=np.float32)
        for group in query:
            rows, counts = self._live_postings(group.term)
            containing = len(rows)
            tf = counts.astype(np.float32)
            if group.equivalents:
                rows, tf = self._with_equivalents(rows, tf, group.equivalents)
                containing = containing or len(rows)
            idf = inverse_document_frequency(self.corpus_size, containing)
            weight = group.weight * idf * (self.k1 + 1.0)
            scores[rows] += weight * tf / (tf + self._norm[rows])
        return scores

    def idf(self, term: str) -> float:
        """The inverse document frequency of a term over the live passages."""
        containing = self._containing.get(term)
        if containing is None:
            containing = len(self._live_postings(term)[0])
        return inverse_document_frequency(self.corpus_size, containing)

    def _with_equivalents(
        self,
        rows: NDArray[np.int64],
        tf: NDArray[np.float32],
        equivalents: Mapping[str, float],
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The rows that hold the term or an equivalent, each once, with the sum of the counts."""
        all_rows, all_tf = [rows], [tf]
        for term, weight in equivalents.items():
            found, counts = self._live_postings(term)
            all_rows.append(found)
            all_tf.append(np.float32(weight) * counts.astype(np.float32))
        if sum(map(len, all_rows)) > len(self._live) // _DENSE:
            sums = np.zeros(len(self._live), np.float32)
            for some, weighted in zip(all_rows, all_tf, strict=True):
                sums[some] += weighted
            unique = np.flatnonzero(sums)
            return unique, sums[unique]
        unique, place = np.unique(np.concatenate(all_rows), return_inverse=True)
        summed = np.bincount(place, weights=np.concatenate(all_tf), minlength=len(unique))
        return unique, summed.astype(np.float32)

    def _live_postings(self, term: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The live rows that hold a term, over all segments, and its count in each."""
        known = self._known.get(term)
        if known is not None:
            return known
        all_rows, all_counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
        for start, segment, whole in zip(self._starts, self._segments, self._whole, strict=False):
            rows, counts = segment.find(term)
            if len(rows):
                places = rows.astype(np.int64) + start
                kept = slice(None) if whole else self._live[places]
                all_rows.append(places[kept])
                all_counts.append(counts[kept])
        found = np.concatenate(all_rows), np.concatenate(all_counts)
        if len(self._containing) >= _REMEMBERED_TERMS:
            self._containing.clear()
        self._containing[term] = len(found[0])
        if len(found[0]) <= _REMEMBERED_POSTINGS:
            if len(self._known) >= _REMEMBERED_TERMS:
                self._known.clear()
            self._known[term] = found
        return found


# A search of eight words in 18 segments: 3.6 ms without this memory, .2 ms with it; 50 MB at most,
# and much less with words as they are.
_REMEMBERED_TERMS = 4_000
_DENSE = 64  # one posting for so many rows, and a sum over all rows is faster than sorting them
_REMEMBERED_POSTINGS = 1_000


def top(
    scores: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
) -> list[tuple[int, float]]:
    """The ``k`` best rows with a score above 0, best first; equal scores in order of rows."""
    if allowed is not None:
        scores = np.where(allowed, scores, 0.0)
    candidates = np.flatnonzero(scores > _lower_bound(scores, k))
    if len(candidates) > k:
        cut = np.partition(scores[candidates], len(candidates) - k)[len(candidates) - k]
        candidates = candidates[scores[candidates] >= cut]
    order = np.lexsort((candidates, -scores[candidates]))[:k]
    return [(int(row), float(scores[row])) for row in candidates[order]]


def _lower_bound(scores: NDArray[np.float32], k: int) -> float:
    """A score that the best ``k`` are above, 0 at least.

    Of a million rows half may hold one of the words; the maxima of blocks leave few of them.
    """
    if len(scores) < 2 * _BLOCK * k:
        return 0.0
    maxima = np.maximum.reduceat(scores, np.arange(0, len(scores), _BLOCK))
    bound = np.partition(maxima, len(maxima) - k)[len(maxima) - k]
    return max(0.0, float(np.nextafter(bound, np.float32(-np.inf))))


_BLOCK = 64
