"""One snapshot of the segments, searched by both legs over the whole corpus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.config import IndexConfig
from index.errors import IndexDamagedError
from index.legs import lexical
from index.legs.dense import DenseIndex, SegmentVectors, unsound_rows
from index.legs.fuse import best_first, weighted_sum
from index.legs.language_centroids import Centres
from index.legs.lexical import CompiledBM25
from index.legs.postings import Postings
from index.legs.sentence_vectors import SentenceVectors
from index.records import LegScore
from index.search.expand import Expander, Vocabulary
from index.storage import segment
from index.storage.layout import wrong_shapes
from index.storage.segment import SegmentRecord
from index.storage.store import Store
from index.text.analysis import detect, terms
from index.translation import text


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage's id with its score, what that is the sum of, and its place in each leg."""

    passage_id: int
    score: float
    cosine: float
    best_sentence: float
    term_share: float
    dense: LegScore | None
    lexical: LegScore | None


class OpenSegment:
    """A segment's mapped arrays and what is made of them; it serves every snapshot that has it."""

    def __init__(self, folder: Path, record: SegmentRecord, dimension: int) -> None:
        self.record = record
        self.arrays = segment.open_arrays(folder, record)
        self._path = folder / record.name
        for wrong in wrong_shapes(self.arrays, record.passages, dimension):
            raise self.unsound(wrong)
        self.postings = Postings.from_arrays(self.arrays)
        try:
            self.vectors = SegmentVectors(self.arrays)
        except ValueError as error:
            raise self.unsound(str(error)) from error

    def unsound(self, reason: str) -> IndexDamagedError:
        """What is wrong with this segment, as an error, with the file where that can be told."""
        found = segment.damage(self._path.parent, self.record)
        told = found[0] if found else f"{self._path}: {reason}"
        return IndexDamagedError(
            text(
                "{told}. qa repair builds it again from the articles; or restore a backup.",
                told=told,
            )
        )


class Searcher:
    """Rows of all segments stand one after the other: row i is the passage ``ids[i]``."""

    def __init__(
        self,
        segments: Sequence[OpenSegment],
        removed: Sequence[int],
        dimension: int,
        config: IndexConfig,
    ) -> None:
        arrays = [one.arrays for one in segments]
        self.segments = segments
        self._ids = np.concatenate([np.zeros(0, np.int64), *(one["ids"] for one in arrays)])
        self._live = np.ones(len(self._ids), np.bool_)
        dead = _places_of(np.asarray(removed, np.int64), self._ids)
        self._live[dead] = False
        self._dense = DenseIndex([one.vectors for one in segments], dimension)
        self._sentences = SentenceVectors(arrays)
        bounds = np.cumsum([0, *(len(one["ids"]) for one in arrays)])
        self._bounds = bounds
        cuts = np.searchsorted(dead, bounds)
        self._centres = Centres.of(
            arrays,
            dimension,
            [dead[cuts[i] : cuts[i + 1]] - bounds[i] for i in range(len(arrays))],
        )
        self._postings = [one.postings for one in segments]
        self._bm25 = CompiledBM25(self._postings, self._live, k1=config.bm25_k1, b=config.bm25_b)
        self._config = config

    @classmethod
    def open(
        cls,
        folder: Path,
        store: Store,
        dimension: int,
        config: IndexConfig,
        before: Searcher | None = None,
    ) -> Self:
        """Map the segments that the store names, but for those that ``before`` has open.

        Raises IndexDamagedError; FileMissingError also where a merge has just taken a segment away
        that the store, at this snapshot, still names.
        """
        known = {one.record.name: one for one in before.segments} if before else {}
        segments = []
        for record in store.segments.all():
            found = known.get(record.name)
            if found is None or found.record != record:
                found = OpenSegment(folder, record, dimension)
            segments.append(found)
        return cls(segments, store.segments.removed(), dimension, config)

    @property
    def is_empty(self) -> bool:
        """Whether no passage can be found."""
        return not self._live.any()

    def search(
        self,
        query: str,
        vector: NDArray[np.float32],
        *,
        k: int,
        language: str | None = None,
        within: NDArray[np.bool_] | None = None,
    ) -> list[Ranked]:
        """The ``k`` best passages, of those ``within`` (n,) where it is given: see ``rows_of``.

        ``vector`` (d,) is the query's. Each leg hands over its best; then all three measures are
        computed for each of these passages.
        """
        allowed = self._live if within is None else within & self._live
        if not allowed.any():
            return []
        depth = max(k, self._config.candidates)
        offsets, sentence_offsets = self._centres.offsets(vector)
        dense = self._nearest(vector, depth, allowed, offsets)
        language = language or detect(query)
        groups = self._expander.groups(query, language)
        scores = self._bm25.get_group_scores(groups)
        # What is removed scores 0 anyway.
        lexically = lexical.top(scores, depth, None if within is None else allowed)
        rows = np.array(sorted({row for leg in (dense, lexically) for row, _ in leg}), np.int64)
        languages = self._centres.rows[rows]
        vectors = self._dense.vectors(rows.tolist())
        self._refuse_unsound(rows, unsound_rows(vectors), "vectors")
        cosines = vectors @ vector + offsets[languages]
        best, unsound = self._sentences.best(rows, vector)
        self._refuse_unsound(rows, unsound, "sentences")
        sentences = best + sentence_offsets[languages]
        shares = scores[rows] / max(self._whole(query, language), 1e-9)
        fused = weighted_sum(
            cosines,
            sentences,
            shares,
            sentence_weight=self._config.sentence_weight,
            lexical_weight=self._config.lexical_weight,
        )
        places = [_places(dense), _places(lexically)]
        return [
            Ranked(
                int(self._ids[rows[i]]),
                float(fused[i]),
                float(cosines[i]),
                float(sentences[i]),
                float(shares[i]),
                places[0].get(int(rows[i])),
                places[1].get(int(rows[i])),
            )
            for i in best_first(rows, fused)[:k]
        ]

    def rows_of(self, ranges: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
        """The rows (n,) whose passages lie in these ``ranges`` of ids, ends included."""
        bounds = np.array(ranges, np.int64).reshape(-1, 2)
        # +1 where a range begins and -1 behind its end: the sum so far is above 0 within.
        changes = np.zeros(len(self._ids) + 1, np.int32)
        np.add.at(changes, np.searchsorted(self._ids, bounds[:, 0], "left"), 1)
        np.add.at(changes, np.searchsorted(self._ids, bounds[:, 1], "right"), -1)
        within: NDArray[np.bool_] = np.cumsum(changes[:-1]) > 0
        return within

    def sentence_cosines(
        self, passage_id: int, queries: NDArray[np.float32]
    ) -> NDArray[np.float32] | None:
        """The cosines (queries, sentences) of a passage's sentences with ``queries`` (queries, d).

        They are made comparable across languages as in a search. None for a passage that this
        snapshot does not hold.
        """
        row = int(np.searchsorted(self._ids, passage_id))
        if row == len(self._ids) or self._ids[row] != passage_id or not self._live[row]:
            return None
        language = self._centres.rows[row]
        offsets = np.array([self._centres.offsets(query)[1][language] for query in queries])
        cosines = queries @ self._sentences.of(row).T
        comparable: NDArray[np.float32] = (cosines + offsets[:, None]).astype(np.float32)
        return comparable

    def idf(self, term: str) -> float:
        """The inverse document frequency of a term over the live passages."""
        return self._bm25.idf(term)

    def expand(self, terms: Iterable[str], language: str) -> dict[str, dict[str, float]]:
        """For each term of a query what it finds in the live vocabulary beside itself."""
        return {term: self._expander.found_by(term, language) for term in terms}

    def _nearest(
        self,
        vector: NDArray[np.float32],
        depth: int,
        allowed: NDArray[np.bool_],
        offsets: NDArray[np.float32],
    ) -> list[tuple[int, float]]:
        """The nearest rows, each language's cosines lifted to those of the query's nearest one."""
        found: list[tuple[int, float]] = []
        for number, offset in enumerate(offsets):
            spoken = allowed if len(offsets) == 1 else allowed & (self._centres.rows == number)
            limit = None if spoken.all() else spoken
            nearest = self._dense.search(vector, depth, limit)
            found.extend((row, score + float(offset)) for row, score in nearest)
        return sorted(found, key=lambda entry: (-entry[1], entry[0]))[:depth]

    def _refuse_unsound(
        self, rows: NDArray[np.int64], unsound: NDArray[np.bool_], name: str
    ) -> None:
        """Large files are not read at open, so what a search touches is looked at then."""
        for row in rows[unsound][:1].tolist():
            number = int(np.searchsorted(self._bounds, row, "right")) - 1
            raise self.segments[number].unsound(
                f"{name}: those of passage {self._ids[row]} are not of length 1"
            )

    def _whole(self, query: str, language: str) -> float:
        """What a passage of average length scores that holds each of the query's terms once."""
        return sum(self._bm25.idf(term) for term in terms(query, language))

    @cached_property
    def _expander(self) -> Expander:
        sizes = np.bincount(self._centres.rows[self._live], minlength=len(self._centres.names))
        languages = {n: int(c) for n, c in zip(self._centres.names, sizes, strict=True) if c}
        return Expander(Vocabulary(self._postings, self._live), languages)


def _places_of(wanted: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in ``ids``, which rise, those ``wanted`` stand that are there at all."""
    places = np.searchsorted(ids, wanted)
    there = places < len(ids)
    there[there] = ids[places[there]] == wanted[there]
    found: NDArray[np.int64] = places[there]
    return found


def _places(ranking: Sequence[tuple[int, float]]) -> dict[int, LegScore]:
    return {row: LegScore(rank, score) for rank, (row, score) in enumerate(ranking, start=1)}
