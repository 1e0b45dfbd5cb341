"""The figures agree with scikit-learn's, and with sums done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, ndcg_score, roc_auc_score, roc_curve

from qa.evaluation import metrics

# Few different values, so that ties are common.
CONFIDENCES = st.lists(st.integers(0, 20).map(lambda n: n / 20), min_size=1, max_size=40)


def test_recall_and_reciprocal_ranks() -> None:
    ranks = [1, 2, 0, 6]
    assert metrics.recall(ranks, 1) == 0.25
    assert metrics.recall(ranks, 5) == 0.5
    assert metrics.recall(ranks, 10) == 0.75
    assert metrics.mean_reciprocal_rank(ranks) == pytest.approx((1 + 1 / 2 + 1 / 6) / 4)


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.integers(1, 12))
def test_ndcg_is_that_of_scikit_learn(right: list[bool], k: int) -> None:
    if any(right):
        scores = np.arange(len(right), 0, -1)
        expected = ndcg_score([[float(hit) for hit in right]], [scores], k=k)
        assert metrics.ndcg(right, sum(right), k) == pytest.approx(expected)


def test_ndcg_knows_of_what_was_not_found() -> None:
    assert metrics.ndcg([True, False], 2) == pytest.approx(1 / (1 + 1 / math.log2(3)))
    assert metrics.ndcg([False] * 10, 1) == 0.0
    assert metrics.ndcg([True] * 10, 40) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="1 relevant results cannot be: 2"):
        metrics.ndcg([True, True], 1)


def test_words_and_their_overlap() -> None:
    assert metrics.words("Rund „14\u00a0Mrd.“ Dollar – Ende") == [
        "rund",
        "14",
        "mrd",
        "dollar",
        "ende",
    ]
    assert metrics.overlap_f1(["im", "jahr", "1889"], ["1889"]) == pytest.approx(0.5)
    assert metrics.overlap_f1(["a", "a"], ["a"]) == pytest.approx(2 / 3)
    assert metrics.overlap_f1(["köln"], ["bonn"]) == 0.0
    assert metrics.overlap_f1([], []) == 1.0
    assert metrics.overlap_f1([], ["bonn"]) == 0.0


@given(CONFIDENCES, CONFIDENCES)
def test_auroc_is_that_of_scikit_learn(yes: list[float], no: list[float]) -> None:
    labels = [1] * len(yes) + [0] * len(no)
    assert metrics.auroc(yes, no) == pytest.approx(roc_auc_score(labels, yes + no))


def test_auroc_counts_ties_half() -> None:
    assert metrics.auroc([1.0, 2.0], [0.0, 1.0]) == pytest.approx(0.875)


@given(CONFIDENCES, CONFIDENCES)
def test_the_refusal_curve_is_the_roc_curve_of_scikit_learn(
    yes: list[float], no: list[float]
) -> None:
    lost, refused = metrics.refusal_curve(yes, no)
    # To refuse is its positive: it runs from the lowest confidence up.
    labels = [0] * len(yes) + [1] * len(no)
    false, true, _ = roc_curve(labels, -np.array(yes + no), drop_intermediate=False)
    assert lost == pytest.approx(false)
    assert refused == pytest.approx(true)


def test_what_is_refused_when_some_are_lost() -> None:
    yes = [n / 10 for n in range(11)]  # losing 10 % puts the threshold at 0.1
    assert metrics.refused_when_losing(0.1, yes, [0.0, 0.05, 0.1, 0.5]) == 0.5


@given(st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), min_size=2))
def test_brier_is_that_of_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    predicted, came = [p for p, _ in pairs], [c for _, c in pairs]
    if len(set(came)) == 2:
        assert metrics.brier(predicted, came) == pytest.approx(brier_score_loss(came, predicted))


def test_reliability_counts_every_prediction_once() -> None:
    bins = metrics.reliability([0.0, 0.05, 0.1, 0.95, 1.0], [0, 1, 1, 1, 0])
    assert [(b.low, b.high, b.count, b.share) for b in bins] == [
        (0.0, 0.1, 2, 0.5),
        (0.1, 0.2, 1, 1.0),
        (0.9, 1.0, 2, 0.5),
    ]
    assert bins[0].confidence == pytest.approx(0.025)
    expected = (2 * (0.5 - 0.025) + 0.9 + 2 * (0.975 - 0.5)) / 5
    assert metrics.expected_calibration_error(bins) == pytest.approx(expected)


def test_a_sure_and_true_forecast_has_no_error() -> None:
    assert metrics.expected_calibration_error(metrics.reliability([0.0, 1.0], [0, 1])) == 0.0
    assert metrics.brier([0.0, 1.0], [0, 1]) == 0.0


def test_figures_over_nothing_are_refused() -> None:
    for call in (
        lambda: metrics.recall([], 1),
        lambda: metrics.mean_reciprocal_rank([]),
        lambda: metrics.auroc([], [0.5]),
        lambda: metrics.auroc([0.5], []),
        lambda: metrics.brier([], []),
        lambda: metrics.brier([0.5], [1, 0]),
        lambda: metrics.reliability([1.5], [1]),
        lambda: metrics.expected_calibration_error([]),
    ):
        with pytest.raises(ValueError, match=r"no values|shape|for|not 0 to 1"):
            call()
