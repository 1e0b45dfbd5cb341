"""The constants of reading, claims and citations, each over a range while the others stay.

They are tried on the clusters of news that what is shown is fitted on, with their questions of one,
two or more views; nothing of it judges the product elsewhere.

    python -m bench.sweep [--every N]
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from unittest.mock import patch

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from corpora.clusters import Place, articles_of, own_clusters
from index import Filters, Hit, Index, Snapshot
from qa.answer import READ_PASSAGES, to_read
from qa.answer import asked as as_asked
from qa.citations import present
from qa.question.analyse import Question
from qa.reading.base import Reader, load_reader
from qa.reading.spans import Reading
from qa.records import Citation, View
from qa.retrieval.search import Attempt, Retrieval, choose
from qa.scoring.candidates import Candidate, candidate_sentences, read_passages
from qa.scoring.claims import judged, rank_sentences
from qa.scoring.logistic import Scorer, load_scorer
from qa.scoring.shown import shown
from qa.views import grouped

TODAY = date(2026, 1, 1)
SHOWN = 8
"""Passages that an answer lists where nothing else is asked for."""

SWEPT: Mapping[str, Sequence[Any]] = {
    "qa.scoring.claims.SPANS_OF_SENTENCE": (1, 2, 3),
    "qa.scoring.claims.AROUND": (0, 15, 30, 60),
    "qa.scoring.claims.LEAST_CHANCE": (0.005, 0.02, 0.05, 0.1),
    "qa.scoring.claims.NEAR": (20, 40, 60, 80, 120),
    "qa.values.same.TOLERANCE": tuple(map(Decimal, ("0.01", "0.05", "0.1", "0.5"))),
    "qa.retrieval.search.HONOURED_WITHIN": (1.0, math.sqrt(math.e), math.e, math.e**2, math.inf),
    "qa.citations.FURTHER_AT_LEAST": (0.0, 0.01, 0.03, 0.1, 0.3),
}
UNTOLD = (0.0, 0.25, 0.5, 0.75, 1.0)
READ: Mapping[str, Sequence[Any]] = {
    "qa.answer.READ_PASSAGES": (2, 3, 5, 8),
    "qa.answer.READ_AT_LEAST": (1, 2, 3),
    "qa.answer.READ_WITHIN": (0.04, 0.08, 0.12, 0.2, 1.0),
    "qa.answer.READ_OF_ARTICLE": (1, 2, 3, 5),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the places of its answers and what was found for it, attempt by attempt.

    ``readings`` are the reader's of all passages that are read.
    """

    question: Question
    places: tuple[Place, ...]
    attempts: tuple[Attempt, ...]
    readings: Mapping[str, Reading]
    candidates: tuple[Sequence[Candidate], ...] = ()


def look_up(text: str, places: tuple[Place, ...], snapshot: Snapshot, reader: Reader) -> Asked:
    (question,) = as_asked([text], snapshot, TODAY)
    retrieval = Retrieval(snapshot, 2 * max(SHOWN, READ_PASSAGES), Filters())
    attempts = tuple(retrieval.attempts(question, question.limit))
    read = [hit for attempt in attempts for hit in to_read(attempt.hits)]
    readings = read_passages(question, read, reader)
    return weighed(Asked(question, places, attempts, readings), snapshot)


def weighed(asked: Asked, snapshot: Snapshot) -> Asked:
    """The same with its sentences weighed anew."""
    found = [
        candidate_sentences(asked.question, to_read(attempt.hits), snapshot, asked.readings)
        for attempt in asked.attempts
    ]
    return replace(asked, candidates=tuple(found))


def answer(asked: Asked, scorer: Scorer) -> tuple[tuple[Citation, ...], tuple[View, ...]]:
    """What ``qa.ask`` would show, from the sentences that are known already."""
    found = []
    for candidates in asked.candidates:
        ranked = rank_sentences(candidates, scorer.sentence)
        found.append((ranked, judged(asked.question, ranked, scorer.claim)))
    confidences = [claims[0].probability if claims else 0.0 for _, claims in found]
    ranked, claims = found[choose(confidences, scorer.threshold)]
    chosen = shown(claims, scorer)
    return present(ranked, grouped(chosen, asked.question)) if chosen else ((), ())


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer beside its places."""

    first_right: bool
    views: int
    right_views: int
    places: int
    places_told: int
    places_cited: int
    citations: int


def outcome(asked: Asked, scorer: Scorer) -> Outcome:
    citations, views = answer(asked, scorer)
    told = [
        [
            (citation.source, citation.start + evidence.start, citation.start + evidence.end)
            for evidence in view.evidence
            for citation in citations
            if citation.n == evidence.citation
        ]
        for view in views
    ]
    right = [any(p.overlaps(*at) for p in asked.places for at in view) for view in told]
    cited = [(c.source, c.start, c.end) for c in citations]
    return Outcome(
        first_right=right[:1] == [True],
        views=len(views),
        right_views=sum(right),
        places=len(asked.places),
        places_told=sum(any(p.overlaps(*at) for view in told for at in view) for p in asked.places),
        places_cited=sum(any(p.overlaps(*at) for at in cited) for p in asked.places),
        citations=len(citations),
    )


FIGURES = ("first right", "precision", "recall", "F1", "cited", "citations")


def figures(questions: Sequence[Asked], scorer: Scorer) -> list[str]:
    """Shares of the questions, of the views and of the places; citations an answer."""
    found = [outcome(asked, scorer) for asked in questions]
    places = sum(o.places for o in found)
    precision = sum(o.right_views for o in found) / max(1, sum(o.views for o in found))
    recall = sum(o.places_told for o in found) / places
    shares = (
        statistics.fmean(o.first_right for o in found),
        precision,
        recall,
        2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        sum(o.places_cited for o in found) / places,
    )
    citations = statistics.fmean(o.citations for o in found)
    return [*(f"{share:.3f}" for share in shares), f"{citations:.2f}"]


def reading(questions: Sequence[Asked]) -> list[str]:
    """The share of the places that are read, and how many passages a question has read."""
    read = [to_read(asked.attempts[-1].hits) for asked in questions]
    held = [
        any(_holds(hit, place) for hit in hits)
        for asked, hits in zip(questions, read, strict=True)
        for place in asked.places
    ]
    return [f"{statistics.fmean(held):.3f}", f"{statistics.fmean(map(len, read)):.2f}"]


def _holds(hit: Hit, place: Place) -> bool:
    passage = hit.passage
    return place.overlaps(passage.article.source, passage.start, passage.end)


def main(
    every: Annotated[int, typer.Option(help="Of the clusters every n-th.")] = 1,
) -> None:
    """Print how answers fare with each value of each constant."""
    found = own_clusters()[::every]
    scorer, reader = load_scorer("reader"), load_reader()
    views = Table("constant", "value", *FIGURES)
    read = Table("constant", "value", "places read", "passages read")
    with TemporaryDirectory() as folder, Index.open(folder) as index:
        index.add_articles(articles_of(found))
        with index.snapshot() as snapshot:
            asked = [
                look_up(text, places, snapshot, reader)
                for text, places in track(
                    [(q.question, q.places) for c in found for q in c.questions if q.views],
                    "Reading",
                    console=Console(stderr=True),
                )
            ]
            for name, values in SWEPT.items():
                for value in values:
                    with patch(name, value):
                        views.add_row(name, f"{float(value):.3g}", *figures(asked, scorer))
            crossing = [entry for entry in asked if entry.question.language != "de"]
            for value in UNTOLD:
                with patch("qa.scoring.candidates.UNTOLD", value):
                    again = [weighed(entry, snapshot) for entry in crossing]
                    name = f"qa.scoring.candidates.UNTOLD ({len(crossing)} questions)"
                    views.add_row(name, f"{value:.3g}", *figures(again, scorer))
    for name, values in READ.items():
        for value in values:
            with patch(name, value):
                read.add_row(name, f"{value:.3g}", *reading(asked))
    console = Console(width=140)
    console.print(f"{len(found)} clusters, {len(asked)} questions", views, read)


if __name__ == "__main__":
    typer.run(main)
