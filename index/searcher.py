"""One snapshot of the segments, searched by both legs over the whole corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index import lexical, segment
from index.config import IndexConfig
from index.dense import FlatVectors
from index.embed import Embedder
from index.expand import Expander, Vocabulary
from index.fuse import min_max_sum
from index.language import detect
from index.lexical import CompiledBM25, Postings
from index.records import LegScore
from index.store import Store


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage's id with its fused score and its place in each leg."""

    passage_id: int
    score: float
    dense: LegScore | None
    lexical: LegScore | None


class Searcher:
    """Rows of all segments stand one after the other: row i is the passage ``ids[i]``."""

    def __init__(
        self,
        ids: NDArray[np.int64],
        live: NDArray[np.bool_],
        dense: FlatVectors,
        postings: Sequence[Postings],
        languages: Mapping[str, int],
        embedder: Embedder,
        config: IndexConfig,
    ) -> None:
        self._ids = ids
        self._live = live
        self._dense = dense
        self._bm25 = CompiledBM25(postings, live, k1=config.bm25_k1, b=config.bm25_b)
        self._postings = postings
        self._languages = languages
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
            postings,
            store.languages(),
            embedder,
            config,
        )

    def search(
        self,
        query: str,
        *,
        k: int,
        language: str | None = None,
        passage_ids: Sequence[int] | None = None,
    ) -> list[Ranked]:
        """The ``k`` best passages, limited to ``passage_ids`` where they are given."""
        allowed = self._allowed(passage_ids)
        if not allowed.any():
            return []
        depth = max(k, self._config.candidates)
        limit = None if allowed.all() else allowed
        vector = self._embedder.embed_queries([query])[0]
        dense = self._dense.search(vector, depth, limit)
        groups = self._expander.groups(query, language or detect(query))
        scores = self._bm25.get_group_scores(groups)
        lexically = lexical.top(scores, depth, limit)
        fused = min_max_sum([dense, lexically], [1.0, self._config.lexical_weight])
        places = [_places(dense), _places(lexically)]
        return [
            Ranked(int(self._ids[row]), score, places[0].get(row), places[1].get(row))
            for row, score in fused[:k]
        ]

    def rarity(self, term: str) -> float:
        """The inverse document frequency of a term over the live passages."""
        return self._bm25.idf(term)

    def expand(self, terms: Iterable[str], language: str) -> dict[str, dict[str, float]]:
        """For each term of a query what it finds in the live vocabulary beside itself."""
        return {term: self._expander.found_by(term, language) for term in terms}

    @cached_property
    def _expander(self) -> Expander:
        """Made at the first query: 14 ms for 19,000 terms."""
        return Expander(Vocabulary(self._postings, self._live), self._languages)

    def _allowed(self, passage_ids: Sequence[int] | None) -> NDArray[np.bool_]:
        if passage_ids is None:
            return self._live
        return self._live & np.isin(self._ids, np.asarray(passage_ids, dtype=np.int64))


def _places(ranking: Sequence[tuple[int, float]]) -> dict[int, LegScore]:
    return {row: LegScore(rank, score) for rank, (row, score) in enumerate(ranking, start=1)}
