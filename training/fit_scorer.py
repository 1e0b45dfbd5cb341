"""Fit the logistic models of ``qa/scoring/scorer.json`` on development questions.

They are XQuAD-R's development half in German and English, each also over the paragraphs of the
other language, and the example questions. Each is asked
as it is, and with what answers it held back; then nothing answers it, though much comes near.
Figures are cross-validated by article.

    python -m training.fit_scorer [--no-read]   # prints figures, writes qa/scoring/scorer.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from qa.answer import extract, found_features, rank_sentences
from qa.reading.base import load_reader
from qa.scoring.extract import Extract, Scored, values_with_features
from qa.scoring.logistic import LogisticModel, Scorer
from training.cases import Case, example_cases, xquad_cases

EXAMPLES_COUNT = 4
"""How often each example question counts beside one of XQuAD-R. They are few, but paraphrase as
readers do, and their articles have titles."""

CROSSING_EVERY = 3
"""Of the questions in another language than the paragraphs every third is enough."""

REFUSED_AT_MOST = 0.10
"""The threshold loses at most this share of the questions that the articles answer."""


def fit(
    rows: Sequence[Mapping[str, float]], labels: Sequence[bool], strength: float
) -> LogisticModel:
    """A logistic regression on standardised features, its weights given for the raw ones."""
    names = sorted(rows[0])
    x = np.array([[row[name] for name in names] for row in rows])
    mean, scale = x.mean(0), x.std(0)
    scale[scale == 0.0] = 1.0
    model = LogisticRegression(C=strength, max_iter=2000).fit((x - mean) / scale, labels)
    raw: NDArray[np.float64] = model.coef_[0] / scale
    intercept = float(model.intercept_[0] - raw @ mean)
    return LogisticModel(intercept, {n: float(w) for n, w in zip(names, raw, strict=True)})


def fit_ranking(
    questions: Sequence[Sequence[tuple[Mapping[str, float], bool]]], strength: float
) -> LogisticModel:
    """A logistic model that ranks the rows of one question among each other.

    Its direction is fitted on the differences between right rows and wrong ones of the same
    question (Bradley and Terry 1952), which is what a ranking is judged by; its scale and
    intercept on all rows, so that it gives a probability.
    """
    names = sorted(next(row for rows in questions for row, _ in rows))
    x = [np.array([[row[name] for name in names] for row, _ in rows]) for rows in questions]
    right = [np.array([label for _, label in rows], bool) for rows in questions]
    everything = np.concatenate(x)
    scale = everything.std(0)
    scale[scale == 0.0] = 1.0
    differences = np.concatenate(
        [
            (rows[label][:, None] - rows[~label][None]).reshape(-1, len(names)) / scale
            for rows, label in zip(x, right, strict=True)
        ]
    )
    model = LogisticRegression(C=strength, fit_intercept=False, max_iter=2000)
    model.fit(
        np.concatenate([differences, -differences]),
        np.repeat([True, False], len(differences)),
        # One question counts like another, however many sentences it was asked of.
        np.tile(np.concatenate([_shares(label) for label in right]), 2),
    )
    direction = model.coef_[0] / scale
    line = LogisticRegression(C=1e6).fit((everything @ direction)[:, None], np.concatenate(right))
    raw = line.coef_[0][0] * direction
    weights = {n: float(w) for n, w in zip(names, raw, strict=True)}
    return LogisticModel(float(line.intercept_[0]), weights)


def _shares(right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For each pair of a right and a wrong row the share of the question's one vote."""
    pairs = int(right.sum() * (~right).sum())
    return np.full(pairs, 10.0 / pairs if pairs else 0.0)


def fit_all(train: Sequence[Case]) -> Scorer:
    """The three models, each on top of the one before."""
    answerable = [case for case in train if case.answerable]
    sentence = fit_ranking(
        [[(c.features, case.holds(c)) for c in case.candidates] for case in answerable], 1.0
    )
    partial = Scorer(sentence, LogisticModel(0.0, {}), LogisticModel(0.0, {}), 0.0)

    values = [
        [
            (features, case.is_value(scored.candidate, value))
            for scored, value, features in values_with_features(
                case.question, rank_sentences(case.candidates, partial)
            )
        ]
        for case in answerable
        if case.question.wants_value
    ]
    value = fit_ranking([rows for rows in values if rows], 1.0)
    partial = Scorer(sentence, value, partial.found, 0.0)

    judged = [(case, *answered(case, partial)) for case in train]
    # A wrong answer to an answerable question is neither an example of "yes" nor of "no".
    examples = [
        (found_features(order, extracts), case.answerable)
        for case, order, extracts in judged
        if extracts and (not case.answerable or case.holds(extracts[0].scored.candidate))
    ]
    found = fit([row for row, _ in examples], [label for _, label in examples], 1.0)
    confidences = sorted(
        found.probability(found_features(order, extracts))
        for case, order, extracts in judged
        if case.answerable and extracts
    )
    return Scorer(sentence, value, found, confidences[int(REFUSED_AT_MOST * len(confidences))])


def answered(case: Case, scorer: Scorer) -> tuple[list[Scored], list[Extract]]:
    order = rank_sentences(case.candidates, scorer)
    return order, extract(case.question, order, scorer)


@dataclass
class Figures:
    """What cross-validation found; one entry a question."""

    first: list[bool]
    three: list[bool]
    value: list[bool]
    confidence: list[float]
    answerable: list[bool]
    kept: list[bool]

    def table(self) -> dict[str, float]:
        answerable = np.array(self.answerable)
        confidence = np.array(self.confidence)
        kept = np.array(self.kept)
        return {
            "sentence first": float(np.mean(self.first)),
            "sentence in first three": float(np.mean(self.three)),
            "value questions: the value holds it": float(np.mean(self.value)),
            "abstention AUROC": float(roc_auc_score(answerable, confidence)),
            "answerable refused": float(1.0 - kept[answerable].mean()),
            "unanswerable refused": float(1.0 - kept[~answerable].mean()),
        }


def cross_validate(found: Sequence[Case], judged: Sequence[Case], folds: int = 6) -> Figures:
    """Fit without an article's questions, in turn, and judge those of them that are asked for."""
    figures = Figures([], [], [], [], [], [])
    groups = [case.group for case in found]
    for train, test in GroupKFold(folds).split(found, groups=groups):
        scorer = fit_all([found[i] for i in train])
        tested = {found[i].group for i in test}
        for case in judged:
            if case.group in tested:
                _judge(case, scorer, figures)
    return figures


def _judge(case: Case, scorer: Scorer, figures: Figures) -> None:
    order, extracts = answered(case, scorer)
    confidence = scorer.found.probability(found_features(order, extracts)) if extracts else 0.0
    figures.confidence.append(confidence)
    figures.answerable.append(case.answerable)
    figures.kept.append(confidence >= scorer.threshold)
    if not case.answerable:
        return
    cited = list(dict.fromkeys(e.scored.candidate for e in extracts))
    rest = [scored.candidate for scored in order if scored.candidate not in cited]
    right = [case.holds(candidate) for candidate in [*cited, *rest][:3]]
    figures.first.append(bool(right and right[0]))
    figures.three.append(any(right))
    if case.question.wants_value:
        best = extracts[0] if extracts else None
        figures.value.append(
            best is not None
            and best.value is not None
            and case.is_value(best.scored.candidate, best.value)
        )


def to_json(scorer: Scorer) -> dict[str, Any]:
    models = {"sentence": scorer.sentence, "value": scorer.value, "found": scorer.found}
    stored: dict[str, Any] = {
        name: {
            "intercept": round(model.intercept, 4),
            "weights": {feature: round(weight, 4) for feature, weight in model.weights.items()},
        }
        for name, model in models.items()
    }
    return stored | {"threshold": round(scorer.threshold, 4)}


def main(
    read: Annotated[bool, typer.Option(help="With the reader's features, or without.")] = True,
    every: Annotated[int, typer.Option(help="Of XQuAD-R's questions every n-th; 1 to ship.")] = 1,
    output: Annotated[Path, typer.Option(help="Where the weights go.")] = Path(
        "qa/scoring/scorer.json"
    ),
) -> None:
    """Fit, print cross-validated figures and write the weights."""
    reader = load_reader() if read else None
    with TemporaryDirectory() as folder:
        examples = example_cases(Path(folder), reader)
    german = xquad_cases("de", "de", reader, every=every)
    english = xquad_cases("en", "en", reader, every=every)
    german_english = xquad_cases("en", "de", reader, every=CROSSING_EVERY * every)
    english_german = xquad_cases("de", "en", reader, every=CROSSING_EVERY * every)
    crossing = [*german_english, *english_german]
    everything = [*german, *english, *crossing, *EXAMPLES_COUNT * examples]
    for name, own in (
        ("German", german),
        ("English", english),
        ("de → en", german_english),
        ("en → de", english_german),
        ("examples", examples),
    ):
        for figure, value in cross_validate(everything, judged=own).table().items():
            print(f"{name:10s} {figure:40s} {value:.3f}")
    stored = json.loads(output.read_text("utf-8")) if output.is_file() else {}
    stored["reader" if read else "plain"] = to_json(fit_all(everything))
    output.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
