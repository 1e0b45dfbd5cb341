"""Logistic models over readable features; their weights are numbers in ``scorer.json``.

``training/fit_scorer.py`` fits them on development questions and writes the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """p = 1 / (1 + exp(-(intercept + sum of weight * feature)))."""

    intercept: float
    weights: Mapping[str, float]

    def logit(self, features: Mapping[str, float]) -> float:
        return self.intercept + sum(
            weight * features[name] for name, weight in self.weights.items()
        )

    def probability(self, features: Mapping[str, float]) -> float:
        return sigmoid(self.logit(features))


@dataclass(frozen=True, slots=True)
class Scorer:
    """``sentence`` judges sentences, ``claim`` what is claimed in them.

    ``threshold`` is the least probability with which a claim is shown, ``elsewhere`` the least of a
    value by which another article differs from it, ``further`` that of anything else beside it.
    """

    sentence: LogisticModel
    claim: LogisticModel
    threshold: float
    elsewhere: float
    further: float


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))


@cache
def load_scorer(name: str = "plain") -> Scorer:
    """The fitted models: "plain" without a reading model, or another set in ``scorer.json``."""
    stored = json.loads(files("qa.scoring").joinpath("scorer.json").read_text("utf-8"))[name]
    sentence, claim = (
        LogisticModel(stored[part]["intercept"], stored[part]["weights"])
        for part in ("sentence", "claim")
    )
    return Scorer(sentence, claim, stored["threshold"], stored["elsewhere"], stored["further"])
