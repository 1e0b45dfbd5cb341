"""The one score of a passage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.legs.fuse import best_first, weighted_sum

SHARES = st.floats(0, 1, width=32)


def test_the_score_is_the_weighted_sum() -> None:
    fused = weighted_sum(
        np.array([0.8, 0.7], np.float32),
        np.array([0.9, 0.6], np.float32),
        np.array([0.0, 0.5], np.float32),
        sentence_weight=2.0,
        lexical_weight=0.1,
    )
    assert fused == pytest.approx([2.6, 1.925])


def test_best_first_breaks_ties_by_row() -> None:
    order = best_first(np.array([4, 9, 2]), np.array([0.5, 0.7, 0.5], np.float32))
    assert list(order) == [1, 2, 0]


@given(st.lists(st.tuples(SHARES, SHARES, SHARES), min_size=2, max_size=30))
def test_a_passage_scores_the_same_whatever_else_was_found(
    measures: list[tuple[float, float, float]],
) -> None:
    cosines, sentences, shares = np.array(measures, np.float32).T

    def scores(n: int) -> list[float]:
        found = weighted_sum(
            cosines[:n], sentences[:n], shares[:n], sentence_weight=1.0, lexical_weight=0.1
        )
        return [float(score) for score in found]

    assert scores(len(measures))[:1] == scores(1)
