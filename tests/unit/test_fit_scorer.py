"""The logistic models that judge sentences and claims, and how they are fitted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from qa.scoring.logistic import load_scorer
from training.fit_scorer import SIGNS, fit


def test_it_is_the_regression_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 3)) * [1.0, 5.0, 0.2] + [0.0, 40.0, -1.0]
    labels = rng.random(400) < 1 / (1 + np.exp(-(x[:, 0] - 0.3 * (x[:, 1] - 40))))
    votes = rng.uniform(0.1, 3.0, len(x))
    rows = [dict(zip("abc", row, strict=True)) for row in x]
    fitted = fit(rows, labels.tolist(), votes.tolist(), 1.0)
    scale = x.std(0)
    model = LogisticRegression(C=1.0, max_iter=2000).fit((x - x.mean(0)) / scale, labels, votes)
    expected = model.coef_[0] / scale
    assert [fitted.weights[name] for name in "abc"] == pytest.approx(expected, rel=1e-2, abs=1e-3)


def test_what_can_only_speak_for_a_claim_does() -> None:
    rows = [{"unit": float(n == 0), "margin": float(n % 7)} for n in range(200)]
    fitted = fit(rows, [n % 7 > 3 for n in range(200)], [1.0] * 200, 1.0)
    assert fitted.weights["unit"] == 0.0
    assert fitted.weights["margin"] > 0.0


def test_a_rare_sign_does_not_outdo_everything() -> None:
    rows = [{"rare": float(n < 3), "margin": float(n % 7)} for n in range(2_000)]
    fitted = fit(rows, [n % 7 > 3 and n >= 3 for n in range(2_000)], [1.0] * 2_000, 1.0)
    assert -3.0 < fitted.weights["rare"] < 0.0


@pytest.mark.parametrize("name", ["reader", "plain"])
def test_the_shipped_weights_have_the_signs_that_they_must_have(name: str) -> None:
    weights = load_scorer(name).claim.weights
    for feature, sign in SIGNS.items():
        assert weights[feature] * sign >= 0.0, feature
