"""One snapshot of the segments, searched by both legs over the whole corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index import lexical, segment
from index.centres import Centres
from index.config import IndexConfig
from index.dense import FlatVectors
from index.embed import Embedder
from index.expand import Expander, Vocabulary
from index.fuse import best_first, weighted_sum
from index.language import detect, terms
from index.lexical import CompiledBM25, Postings
from index.records import LegScore
from index.store import Store


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


class SentenceVectors:
    """The stored vectors of all passages' sentences, mapped into memory."""

    def __init__(self, segments: Sequence[Mapping[str, NDArray[np.generic]]]) -> None:
        # A plain view of a mapped file: the memmap class makes a small slice ten times dearer.
        self._vectors: list[NDArray[Any]] = [s["sentences"].view(np.ndarray) for s in segments]
        self._ends: list[NDArray[Any]] = [s["sentence_ends"].view(np.ndarray) for s in segments]
        self._starts = np.cumsum([0, *(len(ends) for ends in self._ends)])

    def of(self, row: int) -> NDArray[np.float16]:
        """The vectors (sentences, d) of one passage, in their order."""
        number = int(np.searchsorted(self._starts, row, "right")) - 1
        ends, place = self._ends[number], row - int(self._starts[number])
        start = int(ends[place - 1]) if place else 0
        found: NDArray[np.float16] = self._vectors[number][start : int(ends[place])]
        return found

    def best(self, rows: NDArray[np.int64], query: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine (len(rows),) of each passage's sentence that is nearest to ``query`` (d,)."""
        if not len(rows):
            return np.zeros(0, np.float32)
        found = [self.of(int(row)) for row in rows]
        cosines = np.concatenate(found).astype(np.float32) @ query
        starts = np.cumsum([0, *(len(vectors) for vectors in found[:-1])])
        best: NDArray[np.float32] = np.maximum.reduceat(cosines, starts)
        return best


class Searcher:
    """Rows of all segments stand one after the other: row i is the passage ``ids[i]``."""

    def __init__(
        self,
        ids: NDArray[np.int64],
        live: NDArray[np.bool_],
        dense: FlatVectors,
        sentences: SentenceVectors,
        centres: Centres,
        postings: Sequence[Postings],
        embedder: Embedder,
        config: IndexConfig,
    ) -> None:
        self._ids = ids
        self._live = live
        self._dense = dense
        self._sentences = sentences
        self._centres = centres
        self._bm25 = CompiledBM25(postings, live, k1=config.bm25_k1, b=config.bm25_b)
        self._postings = postings
        self._embedder = embedder
        self._config = config

    @classmethod
    def open(cls, folder: Path, store: Store, embedder: Embedder, config: IndexConfig) -> Self:
        """Map the segments that the store names. Raises IndexDamagedError."""
        opened = [segment.open_arrays(folder, record) for record in store.segments()]
        ids = np.concatenate([np.zeros(0, np.int64), *(arrays["ids"] for arrays in opened)])
        live = ~np.isin(ids, store.removed_passages())
        postings = [Postings.from_arrays(arrays) for arrays in opened]
        return cls(
            ids,
            live,
            FlatVectors([arrays["vectors"] for arrays in opened], embedder.dimension),
            SentenceVectors(opened),
            Centres.of(opened, embedder.dimension),
            postings,
            embedder,
            config,
        )

    def search(
        self,
        query: str,
        vector: NDArray[np.float32],
        *,
        k: int,
        language: str | None = None,
        passage_ids: Sequence[int] | None = None,
    ) -> list[Ranked]:
        """The ``k`` best passages, limited to ``passage_ids`` where they are given.

        ``vector`` (d,) is the query's. Each leg hands over its best; then all three measures are
        computed for each of these passages.
        """
        allowed = self._allowed(passage_ids)
        if not allowed.any():
            return []
        depth = max(k, self._config.candidates)
        lifts, sentence_lifts = self._centres.lifts(vector)
        dense = self._nearest(vector, depth, allowed, lifts)
        language = language or detect(query)
        groups = self._expander.groups(query, language)
        scores = self._bm25.get_group_scores(groups)
        lexically = lexical.top(scores, depth, allowed)
        rows = np.array(sorted({row for leg in (dense, lexically) for row, _ in leg}), np.int64)
        languages = self._centres.rows[rows]
        cosines = self._dense.vectors(rows.tolist()) @ vector + lifts[languages]
        sentences = self._sentences.best(rows, vector) + sentence_lifts[languages]
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

    def sentence_cosines(
        self, passage_id: int, queries: NDArray[np.float32]
    ) -> NDArray[np.float32] | None:
        """The cosines (queries, sentences) of a passage's sentences with ``queries`` (queries, d).

        They are made comparable across languages as in a search. None for a passage that this
        snapshot does not hold.
        """
        row = int(np.searchsorted(self._ids, passage_id))
        if row == len(self._ids) or self._ids[row] != passage_id:
            return None
        language = self._centres.rows[row]
        lifts = np.array([self._centres.lifts(query)[1][language] for query in queries])
        cosines = queries @ self._sentences.of(row).astype(np.float32).T
        lifted: NDArray[np.float32] = (cosines + lifts[:, None]).astype(np.float32)
        return lifted

    def rarity(self, term: str) -> float:
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
        lifts: NDArray[np.float32],
    ) -> list[tuple[int, float]]:
        """The nearest rows, each language's cosines lifted to those of the query's nearest one."""
        found: list[tuple[int, float]] = []
        for number, lift in enumerate(lifts):
            spoken = allowed if len(lifts) == 1 else allowed & (self._centres.rows == number)
            limit = None if spoken.all() else spoken
            nearest = self._dense.search(vector, depth, limit)
            found.extend((row, score + float(lift)) for row, score in nearest)
        return sorted(found, key=lambda entry: (-entry[1], entry[0]))[:depth]

    def _whole(self, query: str, language: str) -> float:
        """What a passage of average length scores that holds each of the query's terms once."""
        return sum(self._bm25.idf(term) for term in terms(query, language))

    @cached_property
    def _expander(self) -> Expander:
        """Made at the first query: 14 ms for 19,000 terms."""
        sizes = np.bincount(self._centres.rows[self._live], minlength=len(self._centres.names))
        languages = {n: int(c) for n, c in zip(self._centres.names, sizes, strict=True) if c}
        return Expander(Vocabulary(self._postings, self._live), languages)

    def _allowed(self, passage_ids: Sequence[int] | None) -> NDArray[np.bool_]:
        if passage_ids is None:
            return self._live
        return self._live & np.isin(self._ids, np.asarray(passage_ids, dtype=np.int64))


def _places(ranking: Sequence[tuple[int, float]]) -> dict[int, LegScore]:
    return {row: LegScore(rank, score) for rank, (row, score) in enumerate(ranking, start=1)}
