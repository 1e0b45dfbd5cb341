"""Nearest neighbours over several segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from index.legs import dense
from index.legs.dense import DenseIndex, SegmentVectors

ROWS = np.array([[1, 0], [0, 1], [0.6, 0.8], [-1, 0]], dtype=np.float32)
QUERY = np.array([1, 0], dtype=np.float32)


def flat(parts: Sequence[NDArray[np.generic]], dimension: int) -> DenseIndex:
    return DenseIndex([SegmentVectors({"vectors": part}) for part in parts], dimension)


@pytest.fixture(params=[dense._SHARED, 0], ids=["one thread", "several"])
def vectors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> DenseIndex:
    """Stored as an index stores them: in segments, with 16 bits."""
    monkeypatch.setattr(dense, "_SHARED", request.param)
    return flat([ROWS[:1].astype(np.float16), ROWS[1:].astype(np.float16)], 2)


def test_rows_count_over_all_segments(vectors: DenseIndex) -> None:
    found = vectors.search(QUERY, 3)
    assert [row for row, _ in found] == [0, 2, 1]
    assert [score for _, score in found] == pytest.approx([1.0, 0.6, 0.0], abs=1e-3)


def test_fewer_rows_than_asked_for(vectors: DenseIndex) -> None:
    assert [row for row, _ in vectors.search(QUERY, 50)] == [0, 2, 1, 3]


def test_limit_applies_before_the_nearest_are_taken(vectors: DenseIndex) -> None:
    allowed = np.array([False, True, False, True])
    assert [row for row, _ in vectors.search(QUERY, 1, allowed)] == [1]
    assert [row for row, _ in vectors.search(QUERY, 9, allowed)] == [1, 3]
    assert vectors.search(QUERY, 9, np.zeros(4, np.bool_)) == []


@pytest.mark.parametrize("segments", [[], [np.zeros((0, 2), np.float16)]])
def test_empty(segments: list[np.ndarray[tuple[int, int], np.dtype[np.float16]]]) -> None:
    assert flat(segments, 2).search(QUERY, 5) == []


def test_vectors_come_back(vectors: DenseIndex) -> None:
    assert vectors.vectors([3, 0]) == pytest.approx(ROWS[[3, 0]])


class TestCodes:
    """What a large segment is searched by."""

    @pytest.fixture
    def arrays(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, NDArray[np.generic]]:
        monkeypatch.setattr(dense, "CODED", 2)
        rows = np.random.default_rng(0).standard_normal((500, 32)).astype(np.float32)
        rows += 3 * np.random.default_rng(1).standard_normal(32).astype(np.float32)
        vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
        parts: dict[str, list[NDArray[np.generic]]] = {}
        for name, part in dense.codes_arrays(lambda: np.array_split(vectors, 3), 500):
            parts.setdefault(name, []).append(part)
        return {"vectors": vectors} | {name: np.concatenate(p) for name, p in parts.items()}

    def test_the_nearest_by_the_stored_vectors(
        self, arrays: dict[str, NDArray[np.generic]]
    ) -> None:
        coded = DenseIndex([SegmentVectors(arrays)], 32)
        exact = flat([arrays["vectors"]], 32)
        allowed = np.arange(500) % 3 > 0
        for query in exact.vectors(range(0, 500, 50)):
            for limit in (None, allowed):
                found, expected = (one.search(query, 10, limit) for one in (coded, exact))
                assert [row for row, _ in found] == [row for row, _ in expected]
                assert [s for _, s in found] == pytest.approx([s for _, s in expected], abs=1e-6)

    @pytest.mark.parametrize("place", [0, 8, 30])
    def test_sizes_that_are_not_the_recorded_ones(
        self, arrays: dict[str, NDArray[np.generic]], place: int
    ) -> None:
        """FAISS would allocate what its file claims."""
        codes = np.array(arrays["codes"], np.uint8)
        codes[place] ^= 1
        with pytest.raises(ValueError, match="the codes are not those of 500 vectors"):
            SegmentVectors({**arrays, "codes": codes})
        with pytest.raises(ValueError, match="the codes are not those"):
            SegmentVectors({**arrays, "codes": arrays["codes"][:-1]})
