"""How well an index answers a user's own questions: ask each, judge it, count.

Reads from top to bottom: ``evaluate`` asks, ``judge.judge`` compares one answer with what is
expected, ``figures`` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from index import Failure, Index
from qa.answer import ask
from qa.evaluation import metrics
from qa.evaluation.gold import BadLine, Gold
from qa.evaluation.judge import DEPTH, Judged, judge
from qa.reading.base import DEFAULT_READER

LOST = 0.10
"""The share of answerable questions that one figure of the refusals gives up."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A named figure over ``of`` questions (citations, for their validity); None over none."""

    name: str
    label: str
    value: float | None
    of: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a confidence agrees with what came true."""

    bins: tuple[metrics.Bin, ...]
    expected_calibration_error: float
    brier: float
    of: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """Of one kind of questions: those that nothing answers and how many of them are refused, those
    that are answered and how many of them are lost."""

    unanswerable: int
    refused: int
    answerable: int
    lost: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many questions were asked, and how many of them the articles answer."""

    asked: int
    answerable: int
    unanswerable: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A whole evaluation. ``failed`` are the lines of ``file`` that could not be used."""

    file: str
    questions: Counts
    figures: dict[str, float | None]
    calibration: dict[str, Calibration]
    refusals: dict[str, Refusals]
    results: tuple[Judged, ...]
    failed: tuple[Failure, ...] = ()


def evaluate(
    questions: Sequence[Gold],
    index: Index,
    *,
    k: int = 8,
    reader: str | None = DEFAULT_READER,
    today: date | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Judged]:
    """Ask each question once, warm, and judge the answers.

    ``progress`` is called with the number done. Raises what ``ask`` raises.
    """
    found = []
    for number, gold in enumerate(questions, start=1):
        if number == 1:  # loads the models, so that no question's time has it in
            ask(gold.question, index, today=today, reader=reader)
        answer = ask(gold.question, index, k=max(k, DEPTH), today=today, reader=reader)
        found.append(judge(gold, answer, index))
        if progress is not None:
            progress(number)
    return found


# --- counting ----------------------------------------------------------------------------------


def figures(judged: Sequence[Judged]) -> list[Figure]:
    """The figures of a run, in the order in which they are shown."""
    ranks = [j.rank for j in judged if j.rank is not None]
    yes, no = confidences(judged)
    cited = sum(j.citations for j in judged)
    times = [j.milliseconds for j in judged]
    return [
        *(
            Figure(
                f"recall_at_{k}",
                f"R@{k}: a right passage among the {k} best"
                if k > 1
                else "R@1: right passage first",
                metrics.recall(ranks, k) if ranks else None,
                len(ranks),
            )
            for k in (1, 5, 10)
        ),
        Figure("mrr", "MRR", metrics.mean_reciprocal_rank(ranks) if ranks else None, len(ranks)),
        _mean("ndcg_at_10", "nDCG@10", (j.ndcg for j in judged)),
        _mean("sentence_first", "first citation holds the answer", (j.first for j in judged)),
        _mean("sentence_three", "one of the first three does", (j.three for j in judged)),
        _mean("value_accuracy", "first value is right", (j.value for j in judged)),
        _mean("value_f1", "first value, F1", (j.f1 for j in judged)),
        *_view_figures(judged),
        Figure(
            "citation_validity",
            "citations that stand in their articles",
            sum(j.true_citations for j in judged) / cited if cited else None,
            cited,
        ),
        Figure(
            "auroc",
            "confidence, answerable against not: AUROC",
            metrics.auroc(yes, no) if yes and no else None,
            len(yes) + len(no) if yes and no else 0,
        ),
        _mean(
            "answerable_answered",
            "answerable questions answered",
            (j.found if j.answerable else None for j in judged),
        ),
        _mean(
            "unanswerable_refused",
            "unanswerable questions refused",
            (not j.found if j.answerable is False else None for j in judged),
        ),
        Figure(
            "unanswerable_refused_at_10",
            "… where 10 % of the answerable may be lost",
            metrics.refused_when_losing(LOST, yes, no) if yes and no else None,
            len(no) if yes else 0,
        ),
        _mean("wrong_again", "answers told to be wrong, given again", (j.wrong for j in judged)),
        Figure("p50_ms", "time of an answer, p50, ms", _quantile(times, 0.5), len(times)),
        Figure("p95_ms", "time of an answer, p95, ms", _quantile(times, 0.95), len(times)),
    ]


def _view_figures(judged: Sequence[Judged]) -> list[Figure]:
    """Of the values shown: how many are right, how many of the expected ones are among them."""
    views = [view for entry in judged for view in entry.views or ()]
    expected = [entry for entry in judged if entry.expected]
    return [
        _mean(
            "view_first",
            "first view right, of questions with one",
            (bool(j.views and j.views[0].right) for j in expected if j.expected == 1),
        ),
        _mean("view_precision", "views that are right", (view.right for view in views)),
        Figure(
            "view_recall",
            "different answers that are told",
            sum(j.told or 0 for j in expected) / sum(j.expected or 0 for j in expected)
            if expected
            else None,
            sum(j.expected or 0 for j in expected),
        ),
        _mean(
            "view_false",
            "answerable questions with a false view",
            (
                not all(view.right for view in j.views)
                for j in judged
                if j.answerable and j.views is not None
            ),
        ),
    ]


def refusals(judged: Sequence[Judged]) -> dict[str, Refusals]:
    """By kind of question, how many that nothing answers are refused, and of the others."""
    found: dict[str, list[Judged]] = {}
    for entry in judged:
        found.setdefault(entry.kind, []).append(entry)
    return {
        kind: Refusals(
            unanswerable=sum(j.answerable is False for j in entries),
            refused=sum(j.answerable is False and not j.found for j in entries),
            answerable=sum(j.answerable is True for j in entries),
            lost=sum(j.answerable is True and not j.found for j in entries),
        )
        for kind, entries in sorted(found.items())
        if kind
    }


def confidences(judged: Sequence[Judged]) -> tuple[list[float], list[float]]:
    """The confidences of the answerable questions, and of the unanswerable ones."""
    return (
        [j.confidence for j in judged if j.answerable],
        [j.confidence for j in judged if j.answerable is False],
    )


def calibrations(judged: Sequence[Judged]) -> dict[str, Calibration]:
    """The confidence as a forecast of three things; one over nothing is left out.

    "views": that a value shown is right, over all values shown. "shown": that the first citation
    is, over the questions that were answered. "answerable": that the articles answer the question,
    over those of which that is known.
    """
    views = [(view.probability, view.right) for j in judged for view in j.views or ()]
    shown = [(j.confidence, bool(j.first)) for j in judged if j.found and _is_judged(j)]
    known = [(j.confidence, j.answerable) for j in judged if j.answerable is not None]
    return {
        name: _calibration(pairs)
        for name, pairs in (("views", views), ("shown", shown), ("answerable", known))
        if pairs
    }


def summary(file: Path, judged: Sequence[Judged], failed: Sequence[BadLine] = ()) -> Evaluation:
    """Figures, calibration and each question's judgement, with the lines that could not be used."""
    yes, no = confidences(judged)
    return Evaluation(
        file=str(file),
        questions=Counts(asked=len(judged), answerable=len(yes), unanswerable=len(no)),
        figures={figure.name: figure.value for figure in figures(judged)},
        calibration=calibrations(judged),
        refusals=refusals(judged),
        results=tuple(judged),
        failed=tuple(Failure(f"{file}:{line.line}", line.reason) for line in failed),
    )


def _is_judged(entry: Judged) -> bool:
    """Whether a shown answer is right or wrong; to an unanswerable question it is wrong."""
    return entry.first is not None or entry.answerable is False


def _calibration(pairs: Sequence[tuple[float, bool]]) -> Calibration:
    predicted, came = [p for p, _ in pairs], [float(c) for _, c in pairs]
    bins = metrics.reliability(predicted, came)
    return Calibration(
        bins=tuple(bins),
        expected_calibration_error=metrics.expected_calibration_error(bins),
        brier=metrics.brier(predicted, came),
        of=len(pairs),
    )


def _mean(name: str, label: str, values: Iterable[float | bool | None]) -> Figure:
    known = [float(value) for value in values if value is not None]
    return Figure(name, label, float(np.mean(known)) if known else None, len(known))


def _quantile(values: Sequence[float], at: float) -> float | None:
    return float(np.quantile(values, at)) if values else None
