"""Whatever was added, changed, removed and merged: the index is like one built of what is left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Article, Filters, Index, make_article
from index.indexing import merge
from index.indexing.upkeep import sized_segments
from index.legs import dense
from tests.fakes import WordEmbedder

WORDS = ["Berge", "Züge", "Wale", "Äpfel", "Schnee", "Gleise", "Birnen", "Schneeberge"]
QUERIES = ["Wo sind Berge und Wale?", "Schnee", "Gleise ohne Züge"]

Step: TypeAlias = "tuple[str, int, tuple[str, ...]]"
"""What is done, to which source, with which words."""

STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "remove"]),
        st.integers(0, 9),
        st.tuples(*[st.sampled_from(WORDS)] * 3),
    ),
    min_size=4,
    max_size=24,
)


@settings(max_examples=25, deadline=None)
@given(STEPS, st.integers(2, 4), st.sampled_from([1, 4]), st.sampled_from([2, 5, 1000]))
def test_like_a_fresh_index(steps: list[Step], factor: int, smallest: int, coded: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        constants(factor, smallest, coded),
        Index.open(Path(folder) / "grown", embedder=WordEmbedder()) as grown,
        Index.open(Path(folder) / "fresh", embedder=WordEmbedder()) as fresh,
    ):
        left = apply(grown, steps)
        fresh.add_articles(left)
        for query in QUERIES:
            assert scores(grown, query) == pytest.approx(scores(fresh, query), abs=1e-5)
        held = sum(record.passages for record in grown._store.segments.all())
        assert held - len(grown._store.segments.removed()) == len(left)
        assert merge.due(sized_segments(grown._store)) is None


def apply(index: Index, steps: Sequence[Step]) -> list[Article]:
    """Do the steps; returns the articles that are left, in the order of their passages."""
    left: dict[str, Article] = {}
    for number, (what, place, words) in enumerate(steps):
        source = f"https://quelle.de/{place}"
        if what == "add":
            language = "en" if place % 3 == 0 else "de"
            text = f"{words[0]} und {words[1]} sind hier. Auch {words[2]} im Jahr {number}."
            left.pop(source, None)
            left[source] = make_article(text, source=source, language=language)
            index.add_articles([left[source]])
        elif source in left:
            del left[source]
            index.remove(source)
    return list(left.values())


def scores(index: Index, query: str) -> dict[str, float]:
    """Of every passage that is found, whether or not it is shown as another's copy."""
    with index._commits.newest() as (reader, searcher):
        vector = index.embed_queries([query])[0]
        ranked = searcher.search(query, vector, k=100, language="de")
        passages = reader.store.texts.passages([entry.passage_id for entry in ranked])
        texts = [passages[entry.passage_id].text_id for entry in ranked]
        articles = reader.store.articles.of_texts(texts, Filters())
    return {
        articles[text][0].source: entry.score for text, entry in zip(texts, ranked, strict=True)
    }


@contextmanager
def constants(factor: int, smallest: int, coded: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "FACTOR", factor)
        patch.setattr(merge, "SMALLEST", smallest)
        patch.setattr(dense, "CODED", coded)
        # Some thousand commits; what a crash leaves is tested elsewhere.
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield
