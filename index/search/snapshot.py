"""One commit of an index, to read from as long as an answer needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.config import IndexConfig
from index.encoder.embedder import Embedder
from index.errors import UsageError
from index.records import Article, Filters, Hit, Passage
from index.search.commits import CommitReader
from index.search.near_duplicates import distinct
from index.search.query_vectors import QueryVectors
from index.search.reorder import HALF_LIFE, prefer_recent, renumbered, spread
from index.storage.rows import StoredPassage
from index.translation import text

if TYPE_CHECKING:
    from index.search.searcher import Ranked, Searcher

REMEMBERED_FILTERS = 16


class Snapshot:
    """What an index held at one commit, whatever is written meanwhile: ``Index.snapshot()``.

    For one thread at a time, and inside its ``with`` block.
    """

    def __init__(
        self,
        reader: CommitReader,
        searcher: Searcher,
        config: IndexConfig,
        vectors: QueryVectors,
        embedder: Callable[[], Embedder],
        damage_named: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._store = reader.store
        self._within = reader.within
        self._searcher = searcher
        self._config = config
        self._vectors = vectors
        self._embedder = embedder
        self._damage_named = damage_named

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        filters: Filters | None = None,
        language: str | None = None,
        per_article: int | None = None,
        recent: bool | float = False,
    ) -> list[Hit]:
        """The ``k`` best passages for ``query``: see ``Index.search``."""
        if k < 1:
            raise UsageError(text("k is {k}. Ask for at least one passage.", k=k))
        filters = filters or Filters()
        vector = self.embed_queries([query])[0]
        with self._damage_named():
            ranked = self._searcher.search(
                query,
                vector,
                # So deep the legs go in any case; copies and the recent come from further down.
                k=max(k, self._config.candidates),
                language=language,
                within=self._rows_within(filters),
            )
            hits = self._hits(ranked, filters, k + 10)
            if recent:
                hits = iter(prefer_recent(list(hits), HALF_LIFE if recent is True else recent))
            if per_article is None:
                return distinct(hits, k)
            return renumbered(spread(distinct(hits, 2 * k), k, per_article))

    @property
    def is_empty(self) -> bool:
        """Whether there is no passage, for which no model need be loaded to know it."""
        return self._searcher.is_empty

    @property
    def encoder(self) -> str:
        """The fingerprint of the model that makes the vectors. Raises ModelError."""
        return self._embedder().fingerprint

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (len(texts), d) of questions, rows of length 1; the latest are remembered."""
        return self._vectors.of(texts)

    def sentence_cosines(
        self, passages: Sequence[Passage], queries: NDArray[np.float32]
    ) -> list[NDArray[np.float32]]:
        """For each passage the cosines (queries, sentences) with ``queries`` (queries, d).

        The stored vectors are compared, and made comparable across languages as in a search.
        """
        with self._damage_named():
            return [self._sentence_cosines(passage, queries) for passage in passages]

    def idf(self, terms: Iterable[str]) -> dict[str, float]:
        """The inverse document frequency of each term over all passages; above zero."""
        with self._damage_named():
            return {term: self._searcher.idf(term) for term in terms}

    def expand(self, terms: Iterable[str], language: str) -> dict[str, dict[str, float]]:
        """For each term of a query in ``language`` what else in the articles it stands in or for.

        Terms of the live passages, each with the part below 1 of an occurrence that it counts for:
        "bewert" gives {"milliardenbewert": .5}, a compound gives its parts.
        """
        with self._damage_named():
            return self._searcher.expand(terms, language)

    def _rows_within(self, filters: Filters) -> NDArray[np.bool_] | None:
        """The rows (n,) that a filter lets through; an answer searches several times."""
        if not filters:
            return None
        name = repr(filters)  # a caller's lists have no hash
        known = self._within.get(name)
        if known is None:
            if len(self._within) >= REMEMBERED_FILTERS:
                self._within.clear()
            known = self._searcher.rows_of(self._store.texts.passage_ranges(filters))
            self._within[name] = known
        return known

    def _hits(self, ranked: Sequence[Ranked], filters: Filters, at_once: int) -> Iterator[Hit]:
        """The ranked passages as hits, read from the store ``at_once`` of them at a time."""
        for first in range(0, len(ranked), at_once):
            batch = ranked[first : first + at_once]
            passages = self._store.texts.passages([entry.passage_id for entry in batch])
            owners = self._store.articles.of_texts(
                list({passage.text_id for passage in passages.values()}), filters
            )
            for rank, entry in enumerate(batch, start=first + 1):
                stored = passages[entry.passage_id]
                yield _hit(rank, entry, stored, owners[stored.text_id])

    def _sentence_cosines(
        self, passage: Passage, queries: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        found = self._searcher.sentence_cosines(passage.id, queries)
        if found is not None:
            return found
        # A passage of another commit.
        texts = [span.of(passage.article.text) for span in passage.sentences]
        return queries @ self._embedder().embed_passages(texts).T


def _hit(rank: int, entry: Ranked, stored: StoredPassage, owners: Sequence[Article]) -> Hit:
    article, *others = owners
    return Hit(
        rank=rank,
        score=entry.score,
        passage=Passage(stored.id, article, stored.start, stored.end, stored.sentences),
        cosine=entry.cosine,
        best_sentence=entry.best_sentence,
        term_share=entry.term_share,
        dense=entry.dense,
        lexical=entry.lexical,
        also_in=tuple(others),
    )
