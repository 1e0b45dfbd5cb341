"""What each leg of the search brings, and each way to join them, on XQuAD-R.

python -m bench.fusion --language de
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.table import Table

from bench.data import xquad
from bench.retrieval import open_corpus
from index import Hit
from index.fuse import min_max_sum

Legs: TypeAlias = "tuple[list[tuple[int, float]], list[tuple[int, float]]]"
"""The rankings of the vectors and of BM25: passages with scores, best first."""


def legs_of(hits: Sequence[Hit]) -> Legs:
    """Both legs' own rankings, from what each hit carries of them."""
    dense = sorted((h.dense.rank, h.passage.id, h.dense.score) for h in hits if h.dense)
    lexical = sorted((h.lexical.rank, h.passage.id, h.lexical.score) for h in hits if h.lexical)
    return [(i, s) for _, i, s in dense], [(i, s) for _, i, s in lexical]


def reciprocal_rank(legs: Legs, k: int = 60) -> list[tuple[int, float]]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
    scores: dict[int, float] = {}
    for leg in legs:
        for rank, (passage, _) in enumerate(leg, start=1):
            scores[passage] = scores.get(passage, 0.0) + 1.0 / (k + rank)
    return sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))


def weighted(weight: float) -> Callable[[Legs], list[tuple[int, float]]]:
    return lambda legs: min_max_sum(legs, [1.0, weight])


WAYS: dict[str, Callable[[Legs], list[tuple[int, float]]]] = {
    "vectors alone": lambda legs: legs[0],
    "BM25 alone": lambda legs: legs[1],
    "reciprocal rank fusion": reciprocal_rank,
    **{f"scaled sum, BM25 × {w}": weighted(w) for w in (0.3, 0.5, 0.7, 1.0)},
}


def main(
    language: Annotated[str, typer.Option(help="Language of the paragraphs.")] = "de",
    questions: Annotated[str, typer.Option(help="Language of the questions.")] = "",
    file: Annotated[str, typer.Option(help="Part of the data: dev, or another.")] = "dev",
) -> None:
    """Print R@1, R@5 and MRR for each way to rank."""
    asked = questions or language
    ranks: dict[str, list[int]] = {name: [] for name in WAYS}
    with open_corpus(language, file) as index:
        for paragraph in xquad(asked, file):
            right = f"xquad:{language}:{paragraph.name}"
            for question in paragraph.questions:
                hits = index.search(question.text, k=1000, language=asked)
                source = {hit.passage.id: hit.passage.article.source for hit in hits}
                for name, way in WAYS.items():
                    order = list(dict.fromkeys(source[i] for i, _ in way(legs_of(hits))))
                    ranks[name].append(order.index(right) + 1 if right in order else 0)
    table = Table(f"{asked} → {language}", "R@1", "R@5", "MRR")
    for name, found in ranks.items():
        figures = (
            statistics.fmean(rank == 1 for rank in found),
            statistics.fmean(0 < rank <= 5 for rank in found),
            statistics.fmean(1.0 / rank if rank else 0.0 for rank in found),
        )
        table.add_row(name, *(f"{figure:.3f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
