"""Articles that are taken out, with what is needed to put them back as they were.

Their vectors are copied out of the segments, where a merge may soon leave them out: to put articles
back then costs their splitting alone. What is missing or damaged is embedded anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.indexing.reuse import (
    KnownVectors,
    opened_arrays,
    piece_of,
    sentences_of,
    take_from,
)
from index.legs.sentence_vectors import NAMES
from index.records import Article
from index.storage.articles import StoredArticle
from index.storage.rows import StoredPassage
from index.storage.store import Store


@dataclass(frozen=True, eq=False, slots=True)
class Withdrawn:
    """What ``Index.withdraw`` took out; to be given to ``Index.put_back``."""

    stored: tuple[StoredArticle, ...]
    passages: Mapping[int, Sequence[StoredPassage]]
    """Of each text, by its id."""
    arrays: tuple[Mapping[str, NDArray[Any]], ...]
    """Of each segment the rows of these passages."""

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles, in the order they were named in."""
        return tuple(entry.article for entry in self.stored)

    @property
    def characters(self) -> int:
        """How much text it holds in memory."""
        return sum(len(article.text) for article in self.articles)

    def vectors_of(self, articles: Iterable[Article]) -> KnownVectors:
        """The sound vectors of some of the articles."""
        texts = {entry.article.id: entry.text_id for entry in self.stored}
        wanted = {
            passage.id: piece_of(passage.id, article, passage)
            for article in articles
            for passage in self.passages[texts[article.id]]
        }
        known = KnownVectors()
        for arrays in self.arrays:
            take_from(known, arrays, wanted)
        return known


def withdrawn(store: Store, folder: Path, article_ids: Iterable[str]) -> Withdrawn:
    """Those of the articles that are there, with their vectors from the segments in ``folder``."""
    found = [store.articles.get(name) for name in dict.fromkeys(article_ids)]
    stored = tuple(entry for entry in found if entry is not None)
    passages = {entry.text_id: store.texts.passages_of(entry.text_id) for entry in stored}
    ids = np.array([p.id for group in passages.values() for p in group], np.int64)
    arrays = [
        rows
        for record in store.segments.all()
        if (opened := opened_arrays(folder, record)) is not None
        and len((rows := _rows_of(opened, ids))["ids"])
    ]
    return Withdrawn(stored, passages, tuple(arrays))


def _rows_of(arrays: Mapping[str, NDArray[Any]], ids: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """The rows of a segment that belong to the passages with these ids, as a segment has them.

    In slices, which take damaged ends for what they are.
    """
    rows = np.flatnonzero(np.isin(arrays["ids"], ids))
    own = [sentences_of(arrays, row) for row in rows.tolist()]
    counts = [len(arrays["sentences"][some]) for some in own]
    return {
        **{name: arrays[name][rows] for name in ("ids", "vectors", "vector_checks")},
        **{
            name: np.concatenate([arrays[name][:0], *(arrays[name][some] for some in own)])
            for name in NAMES
            if name in arrays
        },
        "sentence_ends": np.cumsum(counts, dtype=np.int64),
    }
