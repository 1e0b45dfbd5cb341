"""Vectors of several languages made comparable."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from index.legs.language_centroids import SHRINKAGE, Centres, language_arrays

D = 16


def _rows(n: int, centre: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    rows = centre + 0.3 * np.random.default_rng(seed).standard_normal((n, D)).astype(np.float32)
    found: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


def _segment(languages: list[str], vectors: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    """A segment in which each passage has two sentences, both with the passage's vector."""
    ends = 2 * np.arange(1, len(languages) + 1, dtype=np.int64)
    return language_arrays(languages, vectors, np.repeat(vectors, 2, axis=0), ends)


GERMAN, ENGLISH = np.eye(D, dtype=np.float32)[:2]


def test_one_language_is_not_moved() -> None:
    centres = Centres.of([_segment(["de"] * 40, _rows(40, GERMAN, 1))], D)
    passages, sentences = centres.offsets(GERMAN)
    assert centres.names == ("de",)
    assert list(passages) == [0.0]
    assert list(sentences) == [0.0]


def test_an_empty_index_has_no_centre() -> None:
    centres = Centres.of([], D)
    assert centres.names == ()
    assert len(centres.rows) == 0
    assert len(centres.offsets(GERMAN)[0]) == 0


def test_the_other_language_is_lifted_by_what_it_is_away() -> None:
    vectors = np.concatenate([_rows(2000, GERMAN, 1), _rows(2000, ENGLISH, 2)])
    centres = Centres.of([_segment(["de"] * 2000 + ["en"] * 2000, vectors)], D)
    passages, sentences = centres.offsets(GERMAN)
    away = float((vectors[:2000].mean(0) - vectors[2000:].mean(0)) @ GERMAN)
    assert passages == pytest.approx([0.0, away], abs=0.02)
    assert sentences == pytest.approx(passages, abs=0.02)


def test_a_lone_passage_of_a_language_keeps_what_it_says() -> None:
    alone = _rows(1, ENGLISH, 3)
    vectors = np.concatenate([_rows(200, GERMAN, 1), alone])
    centres = Centres.of([_segment(["de"] * 200 + ["en"], vectors)], D)
    common = vectors.mean(0)
    expected = (alone[0] + SHRINKAGE * common) / (1 + SHRINKAGE)
    assert centres.passages[1] == pytest.approx(expected, abs=1e-5)


def test_several_segments_are_like_one() -> None:
    vectors = np.concatenate([_rows(30, GERMAN, 1), _rows(50, ENGLISH, 2), _rows(20, GERMAN, 4)])
    languages = ["de"] * 30 + ["en"] * 50 + ["de"] * 20
    whole = Centres.of([_segment(languages, vectors)], D)
    parts = Centres.of(
        [_segment(languages[a:b], vectors[a:b]) for a, b in ((0, 10), (10, 70), (70, 100))], D
    )
    assert parts.names == whole.names == ("de", "en")
    assert list(parts.rows) == list(whole.rows)
    assert parts.passages == pytest.approx(whole.passages, abs=1e-5)
    assert parts.sentences == pytest.approx(whole.sentences, abs=1e-5)
