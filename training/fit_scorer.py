"""Fit the logistic models of ``qa/scoring/scorer.json`` on questions that the reader never saw.

They are those of ``training.cases``: clusters of invented news, paragraphs that the reader's
training holds back, and the examples. Figures are cross-validated by cluster, paragraph and
article; but what is asked for (``fit_kinds``) was learnt from these questions too.

    python -m training.fit_scorer   # prints figures, writes qa/scoring/scorer.json
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from qa.evaluation.metrics import auroc, expected_calibration_error, reliability
from qa.reading.base import load_reader
from qa.scoring.candidates import READ_FEATURES
from qa.scoring.claims import Claim, Scored, claims, judged, rank_sentences
from qa.scoring.logistic import LogisticModel, Scorer
from qa.scoring.shown import is_elsewhere, shown
from training.cases import CLUSTERS, Case, cluster_cases, example_cases, paragraph_cases

REFUSED_AT_MOST = 0.08
"""The threshold loses at most this share of the questions that the articles answer."""

FURTHER_RIGHT = 0.5
FURTHER = tuple(number / 20 for number in range(2, 20))
"""The share of the views beside a first one, on clusters, that shall be right, and the thresholds
that are tried for it: once for values of other articles, once for all else."""

SIGNS = {
    **dict.fromkeys(("unit", "noun", "kind", "support", "nearness", "own_time"), 1),
    **dict.fromkeys(("difference", "other_time", "question_mark", "says_asked"), -1),
}
"""Features that can only speak for a claim, or against it: too few questions name a unit or a year
for their signs to be learnt."""
_BOUNDS = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}

NO_MODELS = Scorer(LogisticModel(0.0, {}), LogisticModel(0.0, {}), 0.0, 0.0, 0.0)

VOTES = 10.0
"""What all claims of a question count for together. In a dense article there are forty, and what
matters is less how these differ than whether one of them is right."""

COUNTED_BELOW_BEST = 8.0
"""Claims whose margin lies further below their question's best tell nothing and are left out."""


def fit(
    rows: Sequence[Mapping[str, float]],
    labels: Sequence[bool],
    votes: Sequence[float],
    strength: float,
) -> LogisticModel:
    """A logistic regression whose weights have the signs of ``SIGNS``; a row counts for its votes.

    It is fitted on standardised features, and its weights are given for the raw ones. What is 0 or
    1 stays as it is: where it is rare its deviation is small, and a few rows would give it a weight
    that outdoes everything. ``strength`` is the inverse of the penalty, as scikit-learn's C.
    """
    names = sorted(rows[0])
    x = np.array([[row[name] for name in names] for row in rows])
    mean, scale = x.mean(0), x.std(0)
    scale[(scale == 0.0) | np.isin(x, (0.0, 1.0)).all(0)] = 1.0
    standard, sign, counted = (x - mean) / scale, np.where(labels, 1.0, -1.0), np.array(votes)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (standard @ weights[:-1] + weights[-1])
        wrong = -sign * counted * expit(-margin)
        gradient = np.append(standard.T @ wrong + weights[:-1] / strength, wrong.sum())
        total = counted @ np.logaddexp(0.0, -margin) + weights[:-1] @ weights[:-1] / (2 * strength)
        return float(total), gradient

    bounds = [_BOUNDS[SIGNS.get(name, 0)] for name in names] + [_BOUNDS[0]]
    found = minimize(
        loss,
        np.zeros(len(names) + 1),
        jac=True,
        bounds=bounds,
        method="L-BFGS-B",
        options={"maxiter": 2000},
    )
    raw: NDArray[np.float64] = found.x[:-1] / scale
    intercept = float(found.x[-1] - raw @ mean)
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


def fit_models(train: Sequence[Case]) -> Scorer:
    """The two models, without thresholds."""
    sentence = fit_ranking(
        [
            [(c.features, case.holds(c)) for c in case.candidates]
            for case in train
            if case.answerable
        ],
        1.0,
    )
    rows, labels, votes = [], [], []
    for case in train:
        own = list(claim_rows(case, rank_sentences(case.candidates, sentence)))
        rows += [row for row, _ in own]
        labels += [label for _, label in own]
        votes += [VOTES / len(own)] * len(own)
    return Scorer(sentence, fit(rows, labels, votes, 1.0), 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with its claims, judged by models that were fitted on other groups, of that fold.

    ``views`` has for each claim which of the case's views it is.
    """

    case: Case
    fold: int
    claims: Sequence[Claim]
    views: Sequence[int | None]


def judged_apart(cases: Sequence[Case], folds: int = 5) -> list[Judged]:
    """Every case, judged by models that were fitted without its group."""
    found = []
    groups = [case.group for case in cases]
    for fold, (train, test) in enumerate(GroupKFold(folds).split(cases, groups=groups)):
        models = fit_models([cases[i] for i in train])
        for case in (cases[i] for i in test):
            own = answered(case, models)
            found.append(Judged(case, fold, own, case.views_of(own)))
    return found


def with_thresholds(models: Scorer, found: Sequence[Judged]) -> Scorer:
    """The models with the thresholds that suit questions which they were not fitted on.

    Of those that they were fitted on they are surer than of new ones. What is shown beside a first
    view is judged by clusters alone: only there is it known what else is an answer.
    """
    best = sorted(
        entry.claims[0].probability if entry.claims else 0.0
        for entry in found
        if entry.case.answerable
    )
    clusters = [entry for entry in found if entry.case.corpus == CLUSTERS]
    scorer = replace(models, threshold=best[int(REFUSED_AT_MOST * len(best))])
    scorer = replace(scorer, elsewhere=1.0, further=1.0)
    for name, of_other_articles in (("elsewhere", True), ("further", False)):
        scorer = _with_least(scorer, name, clusters, of_other_articles)
    return scorer


def _with_least(
    scorer: Scorer, name: str, found: Sequence[Judged], of_other_articles: bool
) -> Scorer:
    """The scorer with the least threshold of that name by which enough of the views are right.

    Where none is enough it is the strictest that was tried.
    """
    for least in FURTHER:
        tried = replace(scorer, **{name: max(least, scorer.threshold)})  # type: ignore[arg-type]
        beside = [
            right
            for entry in found
            for is_of_another, right in _beside(entry, tried)
            if is_of_another == of_other_articles
        ]
        if beside and np.mean(beside) >= FURTHER_RIGHT:
            break
    return tried


def _beside(entry: Judged, scorer: Scorer) -> list[tuple[bool, bool]]:
    """Of each view beside the first: whether it is of another article, and whether it is right."""
    views = views_shown(entry, scorer)
    return [(is_elsewhere(claim, views[0][0]), view is not None) for claim, view in views[1:]]


def views_shown(entry: Judged, scorer: Scorer) -> list[tuple[Claim, int | None]]:
    """The views that are shown, by their likeliest claims, each with which of the case's it is.

    Claims that say the same are one view.
    """
    of = dict(zip(entry.claims, entry.views, strict=True))
    views: dict[tuple[str, ...], tuple[Claim, int | None]] = {}
    for claim in shown(entry.claims, scorer):
        views.setdefault(claim.key, (claim, of[claim]))
    return list(views.values())


def claim_rows(case: Case, ranked: Sequence[Scored]) -> Iterator[tuple[Mapping[str, float], bool]]:
    """The features of the claims that count, each with whether it answers the question."""
    found = claims(case.question, ranked)
    best = max((claim.margin for claim in found), default=0.0)
    for claim, view in zip(found, case.views_of(found), strict=True):
        if claim.margin >= best - COUNTED_BELOW_BEST:
            yield claim.features, view is not None


def answered(case: Case, scorer: Scorer) -> list[Claim]:
    """The claims, the likeliest first."""
    return judged(case.question, rank_sentences(case.candidates, scorer.sentence), scorer.claim)


@dataclass
class Figures:
    """What cross-validation found; one entry a question, or a view."""

    first: list[bool] = field(default_factory=list)
    first_of_one: list[bool] = field(default_factory=list)
    false: list[bool] = field(default_factory=list)
    views: list[tuple[float, bool]] = field(default_factory=list)
    told: list[bool] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    answerable: list[bool] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)

    def add(self, entry: Judged, scorer: Scorer) -> None:
        """Judge the answer to one question."""
        case, found, views = entry.case, entry.claims, views_shown(entry, scorer)
        right = [view for _, view in views]
        self.answerable.append(case.answerable)
        self.confidence.append(found[0].probability if found else 0.0)
        self.refused.append(not views)
        self.views += [(claim.probability, view is not None) for claim, view in views]
        if not case.answerable:
            return
        self.first.append(bool(right) and right[0] is not None)
        if len(case.views) == 1:
            self.first_of_one.append(bool(right) and right[0] is not None)
        self.false.append(any(view is None for view in right))
        self.told += [number in right for number in range(len(case.views))]

    def table(self) -> dict[str, float]:
        answerable, confidence = np.array(self.answerable), np.array(self.confidence)
        refused = np.array(self.refused)
        figures = {
            "first view right": np.mean(self.first),
            "… of questions with one": np.mean(self.first_of_one),
            "precision of views": np.mean([right for _, right in self.views]),
            "recall of views": np.mean(self.told),
            "with a false view": np.mean(self.false),
            "answerable refused": refused[answerable].mean(),
            "calibration error per view": expected_calibration_error(
                reliability([p for p, _ in self.views], [float(r) for _, r in self.views])
            ),
        }
        if not answerable.all():
            figures |= {
                "unanswerable refused": refused[~answerable].mean(),
                "AUROC": auroc(confidence[answerable], confidence[~answerable]),
            }
        return {name: float(value) for name, value in figures.items()}


def cross_validated(found: Sequence[Judged]) -> dict[str, Figures]:
    """The figures of each corpus, each fold with the thresholds that suit the others."""
    figures: dict[str, Figures] = {}
    for fold in sorted({entry.fold for entry in found}):
        scorer = with_thresholds(NO_MODELS, [entry for entry in found if entry.fold != fold])
        for entry in found:
            if entry.fold == fold:
                figures.setdefault(entry.case.corpus, Figures()).add(entry, scorer)
    return figures


def to_json(scorer: Scorer) -> dict[str, Any]:
    stored: dict[str, Any] = {
        name: {
            "intercept": round(model.intercept, 4),
            "weights": {feature: round(weight, 4) for feature, weight in model.weights.items()},
        }
        for name, model in {"sentence": scorer.sentence, "claim": scorer.claim}.items()
    }
    return stored | {
        "threshold": round(scorer.threshold, 4),
        "elsewhere": round(scorer.elsewhere, 4),
        "further": round(scorer.further, 4),
    }


def all_cases() -> list[Case]:
    """Every case, read anew."""
    reader = load_reader()
    with TemporaryDirectory() as folder:
        return [
            *_tracked("Clusters", cluster_cases(Path(folder, "clusters"), reader)),
            *_tracked("Paragraphs", paragraph_cases(reader)),
            *_tracked("Examples", example_cases(Path(folder, "examples"), reader)),
        ]


def unread(case: Case) -> Case:
    """The case as it is without a reader."""
    return replace(
        case,
        candidates=[
            replace(
                candidate,
                features={n: v for n, v in candidate.features.items() if n not in READ_FEATURES},
                reading=None,
                again={},
            )
            for candidate in case.candidates
        ],
    )


def _tracked(what: str, cases: Iterator[Case]) -> Iterator[Case]:
    return iter(track(cases, what, console=Console(stderr=True)))


def main(
    output: Annotated[Path, typer.Option(help="Where the weights go.")] = Path(
        "qa/scoring/scorer.json"
    ),
) -> None:
    """Fit, print cross-validated figures and write the weights, with a reader and without."""
    cases = all_cases()
    stored = {}
    for name, own in (("plain", [unread(case) for case in cases]), ("reader", cases)):
        found = judged_apart(own)
        print_figures(cross_validated(found))
        stored[name] = to_json(with_thresholds(fit_models(own), found))
    output.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", "utf-8")


def print_figures(figures: Mapping[str, Figures]) -> None:
    """A table with a column for each corpus."""
    found = {corpus: own.table() for corpus, own in figures.items()}
    table = Table("figure", *found, title="cross-validated")
    for name in dict.fromkeys(name for own in found.values() for name in own):
        table.add_row(name, *(f"{own[name]:.3f}" if name in own else "–" for own in found.values()))
    Console(width=160).print(table)


if __name__ == "__main__":
    typer.run(main)
