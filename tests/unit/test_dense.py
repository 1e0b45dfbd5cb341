"""Nearest neighbours over several segments."""

from __future__ import annotations

import numpy as np
import pytest

from index.dense import FlatVectors

ROWS = np.array([[1, 0], [0, 1], [0.6, 0.8], [-1, 0]], dtype=np.float32)
QUERY = np.array([1, 0], dtype=np.float32)


@pytest.fixture
def vectors() -> FlatVectors:
    """Stored as an index stores them: in segments, with 16 bits."""
    return FlatVectors([ROWS[:1].astype(np.float16), ROWS[1:].astype(np.float16)], 2)


def test_rows_count_over_all_segments(vectors: FlatVectors) -> None:
    found = vectors.search(QUERY, 3)
    assert [row for row, _ in found] == [0, 2, 1]
    assert [score for _, score in found] == pytest.approx([1.0, 0.6, 0.0], abs=1e-3)


def test_fewer_rows_than_asked_for(vectors: FlatVectors) -> None:
    assert [row for row, _ in vectors.search(QUERY, 50)] == [0, 2, 1, 3]


def test_limit_applies_before_the_nearest_are_taken(vectors: FlatVectors) -> None:
    allowed = np.array([False, True, False, True])
    assert [row for row, _ in vectors.search(QUERY, 1, allowed)] == [1]
    assert [row for row, _ in vectors.search(QUERY, 9, allowed)] == [1, 3]
    assert vectors.search(QUERY, 9, np.zeros(4, np.bool_)) == []


@pytest.mark.parametrize("segments", [[], [np.zeros((0, 2), np.float16)]])
def test_empty(segments: list[np.ndarray[tuple[int, int], np.dtype[np.float16]]]) -> None:
    assert FlatVectors(segments, 2).search(QUERY, 5) == []


def test_vectors_come_back(vectors: FlatVectors) -> None:
    assert vectors.vectors([3, 0]) == pytest.approx(ROWS[[3, 0]])
