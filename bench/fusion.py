"""What each measure of a passage brings, and each way to join them, on XQuAD-R.

python -m bench.fusion --language de
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeAlias

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from bench.ranks import rank_of
from corpora.data import xquad
from corpora.indexes import open_corpus
from index import TERM_SHARE_CAP, Hit
from qa.evaluation.metrics import mean_reciprocal_rank, recall

Scores: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"
"""One measure of each hit."""

DEPTH = 100
"""Hits over which scores are scaled, and which a ranking holds."""


def measures(hits: Sequence[Hit]) -> tuple[Scores, Scores, Scores]:
    """Passage's cosine, best sentence's cosine, term share: each (hits,)."""
    return (
        np.array([hit.cosine for hit in hits]),
        np.array([hit.best_sentence for hit in hits]),
        np.array([hit.term_share for hit in hits]),
    )


def reciprocal_rank(*found: Scores, k: int = 60) -> Scores:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
    ranks = [np.argsort(np.argsort(-scores, kind="stable")) + 1 for scores in found]
    joined: Scores = np.sum([1.0 / (k + rank) for rank in ranks], axis=0)
    return joined


def scaled(scores: Scores) -> Scores:
    """0 for the last of the best ``DEPTH``, 1 for the best."""
    best = np.sort(scores)[::-1][:DEPTH]
    clipped: Scores = np.clip((scores - best[-1]) / max(best[0] - best[-1], 1e-9), 0.0, None)
    return clipped


def summed(sentence: float, lexical: float) -> Callable[[Scores, Scores, Scores], Scores]:
    return lambda c, s, t: c + sentence * s + lexical * np.minimum(t, TERM_SHARE_CAP) ** 2


WAYS: dict[str, Callable[[Scores, Scores, Scores], Scores]] = {
    "passage vectors alone": lambda c, s, t: c,
    "best sentence alone": lambda c, s, t: s,
    "BM25 alone": lambda c, s, t: t,
    "reciprocal rank fusion, vectors and BM25": lambda c, s, t: reciprocal_rank(c, t),
    "reciprocal rank fusion of all three": reciprocal_rank,
    "scaled sum, vectors + .5 BM25": lambda c, s, t: scaled(c) + 0.5 * scaled(t),
    "scaled sum of all three": lambda c, s, t: scaled(c) + scaled(s) + 0.5 * scaled(t),
    "as shipped, without sentences": summed(0.0, 0.06),
    "as shipped, without BM25": summed(1.0, 0.0),
    "as shipped, term share not squared": lambda c, s, t: c + s + 0.06 * t,
    **{f"sentence × 1, squared term share × {w}": summed(1.0, w) for w in (0.04, 0.06, 0.08, 0.12)},
    **{f"sentence × {w}, squared term share × .06": summed(w, 0.06) for w in (0.5, 1.5, 2.0)},
}


def main(
    language: Annotated[str, typer.Option(help="Language of the paragraphs.")] = "de",
    questions: Annotated[str, typer.Option(help="Language of the questions.")] = "",
    file: Annotated[str, typer.Option(help="Part of the data: dev, or another.")] = "dev",
) -> None:
    """Print R@1, R@5 and MRR for each way to rank the passages that either leg found."""
    asked = questions or language
    ranks: dict[str, list[int]] = {name: [] for name in WAYS}
    with open_corpus(language, file) as index:
        for paragraph in xquad(asked, file):
            right = f"xquad:{language}:{paragraph.name}"
            for question in paragraph.questions:
                hits = index.search(question.text, k=2 * DEPTH, language=asked)
                sources = [hit.passage.article.source for hit in hits]
                for name, way in WAYS.items():
                    best = np.argsort(-way(*measures(hits)), kind="stable")[:DEPTH]
                    ranks[name].append(rank_of(right, (sources[i] for i in best), DEPTH))
    table = Table(f"{asked} → {language}", "R@1", "R@5", "MRR")
    for name, found in ranks.items():
        figures = (recall(found, 1), recall(found, 5), mean_reciprocal_rank(found))
        table.add_row(name, *(f"{figure:.3f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
