"""Retrieval quality on XQuAD-R: does the right paragraph come first?

The corpus is the paragraphs of one language and 1,000 passages of German news as distractors. Each
paragraph is an article of its own, without a title, as the peers were measured.

    python -m bench.retrieval --language de --questions de
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.ranks import DEPTH, rank_of
from corpora.data import Question, xquad
from corpora.indexes import open_corpus
from index import Index
from qa.evaluation.metrics import mean_reciprocal_rank, recall


@dataclass(frozen=True, slots=True)
class Result:
    """Figures over all questions: recalls and reciprocal ranks in 0..1, time in milliseconds."""

    questions: int
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    mrr: float
    p50_ms: float

    def row(self) -> list[str]:
        figures = (self.recall_at_1, self.recall_at_5, self.recall_at_10, self.mrr)
        return [str(self.questions), *(f"{f:.3f}" for f in figures), f"{self.p50_ms:.0f} ms"]


def evaluate(index: Index, questions: list[Question], language: str, asked: str) -> Result:
    """Ask every question; a paragraph's rank is that of its first passage."""
    ranks, times = [], []
    index.search("Aufwärmen", k=1)
    for question in questions:
        start = time.perf_counter()
        hits = index.search(question.text, k=2 * DEPTH, language=asked)
        times.append(time.perf_counter() - start)
        right = f"xquad:{language}:{question.paragraph}"
        ranks.append(rank_of(right, (hit.passage.article.source for hit in hits)))
    return Result(
        questions=len(questions),
        recall_at_1=recall(ranks, 1),
        recall_at_5=recall(ranks, 5),
        recall_at_10=recall(ranks, 10),
        mrr=mean_reciprocal_rank(ranks),
        p50_ms=1000.0 * statistics.median(times),
    )


def main(
    language: Annotated[str, typer.Option(help="Language of the paragraphs.")] = "de",
    questions: Annotated[str, typer.Option(help="Language of the questions.")] = "",
    file: Annotated[str, typer.Option(help="Part of the data: dev, or another.")] = "dev",
) -> None:
    """Print one row of recalls, MRR and the median time of a search."""
    asked = questions or language
    with open_corpus(language, file) as index:
        table = Table("questions → paragraphs", "n", "R@1", "R@5", "R@10", "MRR", "p50")
        found = [q for paragraph in xquad(asked, file) for q in paragraph.questions]
        table.add_row(f"{asked} → {language}", *evaluate(index, found, language, asked).row())
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
