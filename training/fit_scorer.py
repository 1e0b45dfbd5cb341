"""Fit the logistic models of ``qa/scorer.json`` on XQuAD-R's development half.

Each question is asked three times over the evaluation corpus: as it is, with its paragraph held
back, and with its whole article held back; then nothing answers it, though much comes near. Figures
are cross-validated by article.

    python -m training.fit_scorer            # prints the figures and writes qa/scorer.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from bench.data import Question as Gold
from bench.data import xquad
from bench.retrieval import open_corpus
from index import Hit, Index
from qa.answer import READ_PASSAGES, extract, found_features
from qa.candidates import Candidate, gather
from qa.extract import Extract, Scored, values_with_features
from qa.question import Question, understand
from qa.reader import Reader, Reading, load_reader
from qa.scorer import LogisticModel, Scorer
from qa.values import Value

HELD_BACK_DEPTH = 60
"""Passages searched, so that five remain when a whole article's are held back."""

REFUSED_AT_MOST = 0.10
"""The threshold loses at most this share of the questions that the articles answer."""


@dataclass(frozen=True, slots=True)
class Case:
    """One asking of one question."""

    gold: Gold
    group: str
    question: Question
    candidates: list[Candidate]
    answerable: bool

    def holds(self, candidate: Candidate) -> bool:
        """Whether a sentence holds the gold answer at its own place."""
        source = candidate.hit.passage.article.source
        inside = candidate.span.start <= self.gold.start and self.gold.end <= candidate.span.end
        return source.endswith(f":{self.gold.paragraph}") and inside

    def is_value(self, candidate: Candidate, value: Value) -> bool:
        """Whether a value overlaps the gold answer."""
        start = candidate.span.start + value.start
        end = candidate.span.start + value.end
        return self.holds(candidate) and start < self.gold.end and self.gold.start < end


class Memory:
    """A reader that reads the same passage for the same question once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._question = ""
        self._known: dict[str, Reading] = {}

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        if question != self._question:
            self._question, self._known = question, {}
        new = [passage for passage in passages if passage not in self._known]
        self._known.update(zip(new, self._reader.read(question, new), strict=True))
        return [self._known[passage] for passage in passages]


def cases(index: Index, language: str, reader: Reader | None) -> list[Case]:
    """Every question, answerable and held back twice."""
    memory = Memory(reader) if reader else None
    found = []
    for paragraph in xquad(language):
        for gold in paragraph.questions:
            question = understand(gold.text, today=date(2026, 1, 1), language=language)
            hits = index.search(gold.text, k=HELD_BACK_DEPTH, language=language)
            for kept in _askings(gold, paragraph.article, hits):
                candidates = gather(question, kept[:READ_PASSAGES], index, memory)
                found.append(Case(gold, paragraph.article, question, candidates, kept is hits))
    return found


def _askings(gold: Gold, article: str, hits: list[Hit]) -> list[list[Hit]]:
    """All hits, those without the question's paragraph, and those without its article."""
    sources = [hit.passage.article.source for hit in hits]
    return [
        hits,
        [h for h, s in zip(hits, sources, strict=True) if not s.endswith(f":{gold.paragraph}")],
        [h for h, s in zip(hits, sources, strict=True) if f":{article}/" not in s],
    ]


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
        for scored, value, features in values_with_features(case.question, ranked(case, partial))
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


def ranked(case: Case, scorer: Scorer) -> list[Scored]:
    scored = [Scored(c, scorer.sentence.logit(c.features)) for c in case.candidates]
    return sorted(scored, key=lambda entry: -entry.logit)


def answered(case: Case, scorer: Scorer) -> tuple[list[Scored], list[Extract]]:
    order = ranked(case, scorer)
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


def cross_validate(found: Sequence[Case], folds: int = 6) -> Figures:
    """Fit without an article's questions, judge them, in turn."""
    figures = Figures([], [], [], [], [], [])
    groups = [case.group for case in found]
    for train, test in GroupKFold(folds).split(found, groups=groups):
        scorer = fit_all([found[i] for i in train])
        for i in test:
            _judge(found[i], scorer, figures)
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
    languages: Annotated[str, typer.Option(help="Languages of the data, with commas.")] = "de,en",
    output: Annotated[Path, typer.Option(help="Where the weights go.")] = Path("qa/scorer.json"),
    read: Annotated[bool, typer.Option(help="With the reader's features, or without.")] = True,
) -> None:
    """Fit, print cross-validated figures and write the weights."""
    reader = load_reader() if read else None
    found: list[Case] = []
    for language in languages.split(","):
        with open_corpus(language) as index:
            own = cases(index, language, reader)
        for figure, value in cross_validate(own).table().items():
            print(f"{language}  {figure:40s} {value:.3f}")
        found += own
    for figure, value in cross_validate(found).table().items():
        print(f"all {figure:40s} {value:.3f}")
    stored = json.loads(output.read_text("utf-8")) if output.is_file() else {}
    stored["reader" if read else "plain"] = to_json(fit_all(found))
    output.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
