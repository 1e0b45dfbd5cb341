"""How well an index answers a user's own questions: ask each, judge it, count.

Reads from top to bottom: ``evaluate`` asks, ``judge`` compares one answer with what is expected,
``figures`` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from index import ArticleNotFoundError, Failure, Filters, Hit, Index
from qa.answer import DEFAULT_READER, ask
from qa.evaluation import metrics
from qa.evaluation.gold import BadLine, Gold, contains
from qa.records import Answer
from qa.values.find import find_values, same_value

DEPTH = 10
"""Passages that the figures of the ranking look at."""

RELEVANT_AT_MOST = 100
"""Passages looked through for how many hold an answer, which nDCG is normalised by."""

LOST = 0.10
"""The share of answerable questions that one figure of the refusals gives up."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer beside what was expected of it; None where that was not to be judged.

    ``rank`` is the first right passage's among ``DEPTH``, 0 where none is; ``first`` and ``three``
    tell whether the first citation, or one of the first three, holds an answer.
    """

    line: int
    question: str
    answerable: bool
    found: bool
    answer: str
    confidence: float
    rank: int | None
    ndcg: float | None
    first: bool | None
    three: bool | None
    value: bool | None
    f1: float | None
    citations: int
    true_citations: int
    milliseconds: float


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


def judge(gold: Gold, answer: Answer, index: Index) -> Judged:
    """Compare an answer with what is expected; every citation is read in its article again."""
    right_passages = [_is_right(gold, hit) for hit in answer.passages[:DEPTH]]
    texts = [_cited_text(index, citation.article_id) for citation in answer.citations]
    true = [
        text[0][c.start : c.end] == c.quote for c, text in zip(answer.citations, texts, strict=True)
    ]
    held = [
        gold.is_held_by(citation.quote, sha256)
        for citation, (_, sha256) in zip(answer.citations, texts, strict=True)
    ]
    said = answer.views[0].value if answer.views else ""
    words, values = gold.names_words, bool(gold.values)
    return Judged(
        line=gold.line,
        question=answer.question,
        answerable=gold.answerable,
        found=answer.found,
        answer=answer.answer,
        confidence=answer.confidence,
        rank=_first(right_passages) if gold.answerable else None,
        ndcg=_ndcg(gold, right_passages, answer, index) if gold.answerable else None,
        first=held[:1] == [True] if words else None,
        three=any(held[:3]) if words else None,
        value=any(says(said, v, answer.language) for v in gold.values) if values else None,
        f1=max(_f1(said, v) for v in gold.values) if values else None,
        citations=len(true),
        true_citations=sum(true),
        milliseconds=answer.timings_ms["total"],
    )


def says(said: str, expected: str, language: str) -> bool:
    """Whether a value holds the expected one, in the same words or as the same quantity."""
    if contains(said, expected):
        return True
    wanted = find_values(expected, language)
    # A quantity with at most one word beside it: in "im Juni 2025 sank sie" more is expected.
    if len(wanted) != 1 or len(expected.split()) > len(wanted[0].text.split()) + 1:
        return False
    return any(same_value(value, wanted[0]) for value in find_values(said, language))


def _is_right(gold: Gold, hit: Hit) -> bool:
    return gold.is_held_by(hit.passage.text, hit.passage.article.sha256)


def _first(right: Sequence[bool]) -> int:
    return right.index(True) + 1 if True in right else 0


def _ndcg(gold: Gold, right: Sequence[bool], answer: Answer, index: Index) -> float:
    hits = index.search(
        answer.question,
        k=RELEVANT_AT_MOST,
        filters=Filters(article_ids=gold.article_ids),
        language=answer.language,
    )
    relevant = sum(_is_right(gold, hit) for hit in hits)
    return metrics.ndcg(right, max(1, relevant, sum(right)), DEPTH)


def _cited_text(index: Index, article_id: str) -> tuple[str, str]:
    """The stored text and its checksum; both empty where the article is gone."""
    try:
        article = index.article(article_id)
    except ArticleNotFoundError:
        return "", ""
    return article.text, article.sha256


def _f1(said: str, expected: str) -> float:
    return metrics.overlap_f1(metrics.words(said), metrics.words(expected))


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
            len(judged) if yes and no else 0,
        ),
        _mean(
            "answerable_answered",
            "answerable questions answered",
            (j.found if j.answerable else None for j in judged),
        ),
        _mean(
            "unanswerable_refused",
            "unanswerable questions refused",
            (None if j.answerable else not j.found for j in judged),
        ),
        Figure(
            "unanswerable_refused_at_10",
            "… where 10 % of the answerable may be lost",
            metrics.refused_when_losing(LOST, yes, no) if yes and no else None,
            len(no) if yes else 0,
        ),
        Figure("p50_ms", "time of an answer, p50, ms", _quantile(times, 0.5), len(times)),
        Figure("p95_ms", "time of an answer, p95, ms", _quantile(times, 0.95), len(times)),
    ]


def confidences(judged: Sequence[Judged]) -> tuple[list[float], list[float]]:
    """The confidences of the answerable questions, and of the unanswerable ones."""
    return (
        [j.confidence for j in judged if j.answerable],
        [j.confidence for j in judged if not j.answerable],
    )


def calibrations(judged: Sequence[Judged]) -> dict[str, Calibration]:
    """The confidence as a forecast of two things; one over no questions is left out.

    "shown": that the first citation is right, over the questions that were answered, which is
    where a user sees it. "answerable": that the articles answer the question, over all of them.
    """
    shown = [(j.confidence, bool(j.first)) for j in judged if j.found and _is_judged(j)]
    all_of_them = [(j.confidence, j.answerable) for j in judged]
    return {
        name: _calibration(pairs)
        for name, pairs in (("shown", shown), ("answerable", all_of_them))
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
        results=tuple(judged),
        failed=tuple(Failure(f"{file}:{line.line}", line.reason) for line in failed),
    )


def _is_judged(entry: Judged) -> bool:
    """Whether a shown answer is right or wrong; to an unanswerable question it is wrong."""
    return entry.first is not None or not entry.answerable


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
