"""BM25 over compiled postings.

The formula is that of rank-bm25 (``BM25Okapi``); the inverse document frequency is
log(1 + (N - df + .5) / (df + .5)) (Robertson and Zaragoza 2009, in Lucene's non-negative form),
because rank-bm25's own gives a word that stands in half of a small corpus no weight at all.
A query costs its terms' postings, not the corpus.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.legs.postings import Postings


def inverse_document_frequency(passages: int, containing: int) -> float:
    """log(1 + (N - df + .5) / (df + .5)): above zero for every term."""
    return math.log1p((passages - containing + 0.5) / (containing + 0.5))


@dataclass(frozen=True, slots=True)
class TermGroup:
    """A term of a query with its ``weight``, and what counts as a part of an occurrence of it.

    Occurrences of the equivalents are added to the term's own before its frequency saturates, and
    its rarity counts for all: a rare compound is no stronger than the word that was asked for.
    """

    term: str
    weight: float = 1.0
    equivalents: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Impacts:
    """What a group of weight 1 adds to the passages that hold it.

    ``scores`` (m,) of ``rows`` (m,), which rise; of all rows (n,) in their order where ``rows`` is
    None.
    """

    rows: NDArray[np.int64] | None
    scores: NDArray[np.float32]

    def add_to(self, scores: NDArray[np.float32], weight: float) -> None:
        added = self.scores if weight == 1.0 else self.scores * np.float32(weight)
        if self.rows is None:
            scores += added
        else:
            # One pass, for which NumPy has a loop of its own: "scores[rows] += added" is two.
            np.add.at(scores, self.rows, added)

    @property
    def bytes(self) -> int:
        return self.scores.nbytes + (0 if self.rows is None else self.rows.nbytes)


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
        starts = np.cumsum([0, *(len(segment.lengths) for segment in segments)]).tolist()
        self._starts = starts[:-1]
        # Whether a segment holds removed passages, whose postings have to be left out.
        self._whole = [bool(live[start:end].all()) for start, end in pairwise(starts)]
        self._known: dict[tuple[object, ...], _Impacts] = {}
        self._remembered = 0
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
        self.k1, self.b = k1, b

    def get_scores(self, query: Mapping[str, float]) -> NDArray[np.float32]:
        """Scores (n,) of all passages for weighted terms; removed passages score 0."""
        return self.get_group_scores([TermGroup(term, weight) for term, weight in query.items()])

    def get_group_scores(self, query: Sequence[TermGroup]) -> NDArray[np.float32]:
        """Scores (n,) of all passages for groups of terms that count as one; removed ones 0."""
        scores = np.zeros(len(self._live), dtype=np.float32)
        for group in query:
            self._impacts(group).add_to(scores, group.weight)
        return scores

    def idf(self, term: str) -> float:
        """The inverse document frequency of a term over the live passages."""
        containing = self._containing.get(term)
        if containing is None:
            containing = len(self._live_postings(term)[0])
        return inverse_document_frequency(self.corpus_size, containing)

    def _impacts(self, group: TermGroup) -> _Impacts:
        """Remembered, because the words that cost most, those of many passages, come again."""
        key = (group.term, *group.equivalents.items())
        found = self._known.get(key)
        if found is None:
            found = self._weighed(group)
            if self._remembered > _REMEMBERED_BYTES:
                self._known.clear()
                self._remembered = 0
            self._known[key] = found
            self._remembered += found.bytes + _ENTRY
        return found

    def _weighed(self, group: TermGroup) -> _Impacts:
        rows, tf = self._live_postings(group.term)
        containing = len(rows)
        if group.equivalents:
            rows, tf = self._with_equivalents(rows, tf, group.equivalents)
            containing = containing or len(rows)
        idf = inverse_document_frequency(self.corpus_size, containing)
        saturated = self._norm.take(rows)
        saturated += tf
        np.divide(tf, saturated, out=saturated)
        saturated *= np.float32(idf * (self.k1 + 1.0))
        if len(rows) <= len(self._live) // _EVERYWHERE:
            return _Impacts(rows, saturated)
        scores = np.zeros(len(self._live), np.float32)
        scores[rows] = saturated
        return _Impacts(None, scores)

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
            all_tf.append(np.float32(weight) * counts)
        if sum(map(len, all_rows)) > len(self._live) // _DENSE:
            sums = np.zeros(len(self._live), np.float32)
            for some, weighted in zip(all_rows, all_tf, strict=True):
                np.add.at(sums, some, weighted)
            unique = np.flatnonzero(sums > 0)  # five times as fast as of numbers
            return unique, sums[unique]
        unique, place = np.unique(np.concatenate(all_rows), return_inverse=True)
        summed = np.bincount(place, weights=np.concatenate(all_tf), minlength=len(unique))
        return unique, summed.astype(np.float32)

    def _live_postings(self, term: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The live rows that hold a term, over all segments, and its count in each."""
        all_rows, all_counts = [_NO_ROWS], [_NO_COUNTS]
        for start, segment, whole in zip(self._starts, self._segments, self._whole, strict=True):
            rows, counts = segment.find(term)
            if len(rows):
                places = np.add(rows, start, dtype=np.int64)
                kept = slice(None) if whole else self._live[places]
                all_rows.append(places[kept])
                all_counts.append(counts[kept])
        found = np.concatenate(all_rows), np.concatenate(all_counts, dtype=np.float32)
        if len(self._containing) >= _REMEMBERED_TERMS:
            self._containing.clear()
        self._containing[term] = len(found[0])
        return found


_NO_ROWS, _NO_COUNTS = np.zeros(0, np.int64), np.zeros(0, np.int32)
_REMEMBERED_TERMS = 4_000
_REMEMBERED_BYTES = 64 << 20  # six words over 100,000 passages: .5 ms without, .06 ms with them
_ENTRY = 600  # bytes of what is remembered beside the arrays' own
_DENSE = 64  # one posting for so many rows, and a sum over all rows is faster than sorting them
_EVERYWHERE = 4  # one posting for so many rows, and adding to all rows is faster than to some


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

    Of a million rows half may hold one of the words; the maxima of blocks leave few of them. The
    rows of a block lie apart, since so their maxima are computed four times as fast; a last block
    that is not whole may be left out: its rows could only raise the bound.
    """
    blocks = len(scores) // _BLOCK
    if blocks < 2 * k:
        return 0.0
    maxima = scores[: blocks * _BLOCK].reshape(_BLOCK, blocks).max(axis=0)
    bound = np.partition(maxima, blocks - k)[blocks - k]
    return max(0.0, float(np.nextafter(bound, np.float32(-np.inf))))


_BLOCK = 64
