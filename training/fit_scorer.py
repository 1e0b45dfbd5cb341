"""Fit the logistic models of ``qa/scorer.json`` on development questions.

They are XQuAD-R's development half in German and English, and the example questions. Each is asked
as it is, and with what answers it held back; then nothing answers it, though much comes near.
Figures are cross-validated by article.

    python -m training.fit_scorer [--no-read]   # prints figures, writes qa/scorer.json
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
from qa.extract import Extract, Scored, values_with_features
from qa.reader import load_reader
from qa.scorer import LogisticModel, Scorer
from training.cases import Case, example_cases, xquad_cases

EXAMPLES_COUNT = 4
"""How often each example question counts beside one of XQuAD-R. They are few, but paraphrase as
readers do, and their articles have titles."""

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


def fit_all(train: Sequence[Case]) -> Scorer:
    """The three models, each on top of the one before."""
    answerable = [case for case in train if case.answerable]
    pairs = [(case, c) for case in answerable for c in case.candidates]
    sentence = fit([c.features for _, c in pairs], [case.holds(c) for case, c in pairs], 1.0)
    partial = Scorer(sentence, LogisticModel(0.0, {}), LogisticModel(0.0, {}), 0.0)

    values = [
        (features, case.is_value(scored.candidate, value))
        for case in answerable
        if case.question.wants_value
        for scored, value, features in values_with_features(
            case.question, rank_sentences(case.candidates, partial)
        )
    ]
    value = fit([row for row, _ in values], [label for _, label in values], 1.0)
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
    output: Annotated[Path, typer.Option(help="Where the weights go.")] = Path("qa/scorer.json"),
) -> None:
    """Fit, print cross-validated figures and write the weights."""
    reader = load_reader() if read else None
    with TemporaryDirectory() as folder:
        examples = example_cases(Path(folder), reader)
    german = xquad_cases("de", "de", reader)
    english = xquad_cases("en", "en", reader)
    everything = [*german, *english, *EXAMPLES_COUNT * examples]
    for name, own in (("German", german), ("English", english), ("examples", examples)):
        for figure, value in cross_validate(everything, judged=own).table().items():
            print(f"{name:10s} {figure:40s} {value:.3f}")
    stored = json.loads(output.read_text("utf-8")) if output.is_file() else {}
    stored["reader" if read else "plain"] = to_json(fit_all(everything))
    output.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
