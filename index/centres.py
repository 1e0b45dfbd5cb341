"""Where each language's vectors lie on average, so that passages compare across languages.

A multilingual model puts a text near others of its language, whatever it says: among German news
a German question finds an English paragraph first for .51 of the questions, and for .83 when
each language's centre is taken out (Libovický, Rosa and Fraser 2020, "On the Language Neutrality
of Pre-trained Multilingual Representations"). Segments store sums, so opening an index reads no
vectors, and a centre is right for all segments together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

SHRINKAGE = 5.0
"""Passages' worth of the common centre in each language's: the centre of a language of which the
index holds three passages would be what these are about."""


def language_arrays(
    languages: Sequence[str],
    vectors: NDArray[np.float32],
    sentences: NDArray[np.float32],
    sentence_ends: NDArray[np.int64],
) -> dict[str, NDArray[np.generic]]:
    """What a segment stores of its passages' ``languages`` (n,), vectors (n, d) and the vectors
    (m, d) of their sentences, of which passage i has those up to ``sentence_ends[i]``."""
    names, rows = np.unique(np.array(languages, dtype="S8"), return_inverse=True)
    counts = np.diff(sentence_ends, prepend=0)
    sums = np.zeros((2, len(names), vectors.shape[1]), np.float32)
    np.add.at(sums[0], rows, vectors)
    np.add.at(sums[1], np.repeat(rows, counts), sentences)
    sizes = np.array([np.bincount(rows), np.bincount(rows, weights=counts)], np.int64)
    return {
        "language_rows": rows.astype(np.int16),
        "language_names": names,
        "language_sums": sums,
        "language_sizes": sizes,
    }


@dataclass(frozen=True, slots=True)
class Centres:
    """``names`` of the L languages, ``rows`` (n,) numbers among them, and the centres (L, d) of
    passages and of sentences."""

    names: tuple[str, ...]
    rows: NDArray[np.int16]
    passages: NDArray[np.float32]
    sentences: NDArray[np.float32]

    @classmethod
    def of(cls, segments: Sequence[Mapping[str, NDArray[Any]]], dimension: int) -> Self:
        """The centres over all segments, from what ``language_arrays`` stored of each."""
        names = sorted({bytes(name) for arrays in segments for name in arrays["language_names"]})
        numbers = {name: number for number, name in enumerate(names)}
        sums = np.zeros((2, len(names), dimension), np.float64)
        sizes = np.zeros((2, len(names)), np.float64)
        rows = [np.zeros(0, np.int16)]
        for arrays in segments:
            here = np.array([numbers[bytes(name)] for name in arrays["language_names"]], np.int16)
            sums[:, here] += arrays["language_sums"]
            sizes[:, here] += arrays["language_sizes"]
            rows.append(here[arrays["language_rows"]])
        passages, sentences = (_shrunk(sums[i], sizes[i]) for i in (0, 1))
        return cls(
            tuple(name.decode() for name in names), np.concatenate(rows), passages, sentences
        )

    def lifts(self, query: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What each language (L,) has to be given so that none is nearer to ``query`` (d,) only
        for being that language: for passages and for sentences, 0 for the nearest language."""
        return _lift(self.passages @ query), _lift(self.sentences @ query)


def _shrunk(sums: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float32]:
    everything = sizes.sum()
    if not everything:
        return sums.astype(np.float32)
    common = sums.sum(0) / everything
    centres: NDArray[np.float32] = (
        (sums + SHRINKAGE * common) / (sizes[:, None] + SHRINKAGE)
    ).astype(np.float32)
    return centres


def _lift(nearness: NDArray[np.float32]) -> NDArray[np.float32]:
    return nearness.max(initial=-np.inf) - nearness if len(nearness) else nearness
