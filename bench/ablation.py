"""What each piece of the ranking brings: the right paragraph first, with one piece off at a time.

XQuAD-R in German and English, each language's questions over either language's paragraphs.

    python -m bench.ablation [--every N]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Annotated, Any
from unittest.mock import patch

import typer
from rich.console import Console
from rich.table import Table

from bench.ranks import DEPTH, rank_of
from corpora.data import xquad
from corpora.indexes import open_corpus
from index import Index
from qa.evaluation.metrics import mean_reciprocal_rank, recall

PAIRS = (("de", "de"), ("en", "en"), ("de", "en"), ("en", "de"))
"""Languages of the questions and of the paragraphs."""

CONFIG: Mapping[str, dict[str, Any]] = {
    "sentence vectors": {"sentence_weight": 0.0},
    "BM25": {"lexical_weight": 0.0},
}

CONSTANTS: Mapping[str, dict[str, object]] = {
    "centres of the languages": {"index.legs.language_centroids.SHRINKAGE": 1e12},
    "square of the term share": {
        "index.search.searcher.weighted_sum": lambda *a, **k: _not_squared(*a, **k)
    },
    "compounds and parts": {
        "index.search.expand.HEAD_WEIGHT": 0.0,
        "index.search.expand.MODIFIER_WEIGHT": 0.0,
        "index.search.expand.PART_WEIGHT": 0.0,
    },
    "terms of the other languages": {"index.search.expand.OTHER_LANGUAGE_WEIGHT": 0.0},
}


def _not_squared(
    cosines: Any, sentences: Any, shares: Any, *, sentence_weight: float, lexical_weight: float
) -> Any:
    return cosines + sentence_weight * sentences + lexical_weight * shares


@contextmanager
def without(piece: str, index: Index) -> Iterator[Index]:
    """The index with one piece of the ranking switched off."""
    config = replace(index.config, **CONFIG.get(piece, {}))
    with ExitStack() as stack:
        for name, value in CONSTANTS.get(piece, {}).items():
            stack.enter_context(patch(name, value))
        yield stack.enter_context(
            Index.open(index.path, config, read_only=True, embedder=index.embedder)
        )


def figures(index: Index, asked: str, language: str, every: int) -> tuple[float, float]:
    """R@1 and MRR among the first ten paragraphs."""
    ranks = []
    for paragraph in xquad(asked):
        right = f"xquad:{language}:{paragraph.name}"
        for question in paragraph.questions[::every]:
            hits = index.search(question.text, k=2 * DEPTH, language=asked)
            ranks.append(rank_of(right, (hit.passage.article.source for hit in hits)))
    return recall(ranks, 1), mean_reciprocal_rank(ranks)


def main(
    every: Annotated[int, typer.Option(help="Of each paragraph's questions every n-th.")] = 1,
) -> None:
    """Print R@1 and MRR of the whole and without each piece."""
    pieces = ["", *CONFIG, *CONSTANTS]
    rows: dict[str, list[str]] = {piece: [] for piece in pieces}
    for asked, language in PAIRS:
        with (
            open_corpus(language) as index,
            # Each question is embedded once.
            patch("index.search.query_vectors.REMEMBERED", 10_000),
        ):
            for piece in pieces:
                with without(piece, index) as changed:
                    first, mrr = figures(changed, asked, language, every)
                rows[piece].append(f"{first:.3f} / {mrr:.3f}")
    table = Table("R@1 / MRR", *(f"{asked} → {language}" for asked, language in PAIRS))
    for piece, found in rows.items():
        table.add_row(f"without {piece}" if piece else "as shipped", *found)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
