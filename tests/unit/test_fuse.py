"""Joining two rankings."""

from __future__ import annotations

import pytest

from index.fuse import min_max_sum

DENSE = [(1, 0.90), (2, 0.85), (3, 0.80)]
LEXICAL = [(3, 12.0), (4, 2.0)]


def test_scores_by_hand() -> None:
    fused = min_max_sum([DENSE, LEXICAL], [1.0, 0.5])
    assert dict(fused) == pytest.approx({1: 1.0, 2: 0.5, 3: 0.5, 4: 0.0})
    assert (fused[0][0], fused[-1][0]) == (1, 4)


def test_equal_scores_come_in_order_of_rows() -> None:
    fused = min_max_sum([[(9, 3.0), (4, 3.0), (7, 3.0)]], [1.0])
    assert fused == [(4, 1.0), (7, 1.0), (9, 1.0)]


def test_scale_of_a_leg_does_not_matter() -> None:
    stretched = [(row, 100.0 * score - 7.0) for row, score in DENSE]
    plain, other = min_max_sum([DENSE, LEXICAL], [1, 1]), min_max_sum([stretched, LEXICAL], [1, 1])
    assert dict(other) == pytest.approx(dict(plain))


def test_agreement_wins() -> None:
    fused = min_max_sum([[(1, 3.0), (2, 2.9), (5, 0.0)], [(2, 8.0), (6, 0.0)]], [1.0, 0.5])
    assert fused[0][0] == 2


def test_an_empty_leg_and_a_single_row() -> None:
    assert min_max_sum([[], [(5, 0.1)]], [1.0, 0.5]) == [(5, 0.5)]
    assert min_max_sum([[], []], [1.0, 0.5]) == []


def test_a_weight_for_each_leg() -> None:
    with pytest.raises(ValueError, match="zip"):
        min_max_sum([DENSE], [1.0, 0.5])
