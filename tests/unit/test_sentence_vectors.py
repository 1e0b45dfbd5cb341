"""Sentences' vectors with eight bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index.legs import sentence_vectors
from index.legs.sentence_vectors import SentenceVectors, quantized, stored, vectors_of

VECTORS = arrays(
    np.float32,
    st.tuples(st.integers(0, 6), st.integers(1, 9)),
    # Rows of vectors of length 1: nothing near the smallest numbers there are.
    elements=st.integers(-(10**6), 10**6).map(lambda n: n / 10**6),
)


@given(VECTORS)
def test_no_component_is_further_off_than_half_a_step(vectors: np.ndarray) -> None:
    found = vectors_of(quantized(vectors).arrays(), slice(None))
    steps = np.abs(vectors).max(axis=1, initial=0) / 127
    assert found.shape == vectors.shape
    assert (np.abs(found - vectors) <= 0.5001 * steps[:, None] + 1e-30).all()


@given(VECTORS)
def test_codes_of_what_came_from_codes_are_the_same(vectors: np.ndarray) -> None:
    once = quantized(vectors)
    again = quantized(vectors_of(once.arrays(), slice(None)))
    assert (again.codes == once.codes).all()
    assert again.scales == pytest.approx(once.scales, rel=1e-6)


def test_best_is_the_nearest_sentence_of_each_passage() -> None:
    vectors = np.random.default_rng(0).standard_normal((7, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    new = {**quantized(vectors[:4]).arrays(), "sentence_ends": np.array([1, 4])}
    # A segment of layout 3 beside it.
    old = {"sentences": vectors[4:].astype(np.float16), "sentence_ends": np.array([3])}
    found, unsound = SentenceVectors([new, old]).best(np.array([0, 1, 2]), vectors[5])
    assert not unsound.any()
    cosines = vectors @ vectors[5]
    assert found == pytest.approx([cosines[0], cosines[1:4].max(), 1.0], abs=5e-3)


@pytest.mark.parametrize("ends", [[2**60, 2**60 + 2], [-2, -4], [4, 2], [2, 5]])
def test_damaged_ends_are_refused(ends: list[int]) -> None:
    arrays = quantized(np.eye(4, dtype=np.float32)).arrays()
    opened = SentenceVectors([{**arrays, "sentence_ends": np.array(ends)}])
    with pytest.raises(ValueError, match="sentence_ends"):
        opened.best(np.array([0, 1]), np.eye(4, dtype=np.float32)[0])


def test_a_passage_without_sentences_is_near_to_nothing() -> None:
    arrays = quantized(np.eye(2, dtype=np.float32)).arrays()
    opened = SentenceVectors([{**arrays, "sentence_ends": np.array([0, 2, 2])}])
    found, unsound = opened.best(np.array([0, 1, 2]), np.eye(2, dtype=np.float32)[1])
    assert found.tolist() == pytest.approx([0.0, 1.0, 0.0])
    assert not unsound.any()


def test_stored_rows_are_as_they_were_written() -> None:
    codes = quantized(np.eye(3, dtype=np.float32))
    numbers, scales = stored(codes.arrays(), np.array([2, 0]))
    assert numbers.tolist() == [[0, 0, 127], [127, 0, 0]]
    assert scales == pytest.approx([1 / 127, 1 / 127])


def test_large_files_pages_are_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is read again, and the file is not all in this process's memory."""
    monkeypatch.setattr(sentence_vectors, "_LARGE", 0)
    vectors = np.random.default_rng(0).standard_normal((40_000, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    mapped = {}
    for name, array in quantized(vectors).arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    opened = SentenceVectors([{**mapped, "sentence_ends": np.arange(5, 40_001, 5)}])
    every = np.arange(8_000)
    found = [opened.best(every, vectors[7])[0] for _ in range(2)]
    assert found[0].argmax() == 1
    assert (found[0] == found[1]).all()
    if Path("/proc/self/smaps").exists():
        assert _resident(tmp_path / "sentences.npy") < 1_000


def _resident(path: Path) -> int:
    """Kilobytes of a mapped file that count as this process's."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    (place,) = [number for number, line in enumerate(lines) if line.endswith(str(path))]
    return next(int(line.split()[1]) for line in lines[place:] if line.startswith("Rss:"))
