"""Vectors of sentences, five for every passage, stored with eight bits a number.

A vector is whole numbers in -127..127 times one scale. Over the questions of the evaluation that
moves no recall by more than .002 beside 16 bits (docs/evaluation.md), and halves what an index of
many passages takes on the disk and in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.legs.dense import unsound_rows

Rows: TypeAlias = "slice | NDArray[np.int64]"

NAMES = ("sentences", "sentence_scales")
"""The arrays of a segment that hold them."""


@dataclass(frozen=True, slots=True)
class Quantized:
    """Vectors (m, d): row i is ``codes[i] * scales[i]``."""

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by the names under which a segment stores them."""
        return dict(zip(NAMES, (self.codes, self.scales), strict=True))


def quantized(vectors: NDArray[Any]) -> Quantized:
    """Vectors (m, d) with eight bits; those that come from codes give the same codes again."""
    exact = vectors.astype(np.float32)
    scales = np.abs(exact).max(axis=1, initial=0) / np.float32(127)
    whole = np.rint(exact / np.maximum(scales, np.finfo(np.float32).tiny)[:, None])
    return Quantized(whole.astype(np.int8), scales)


def stored(arrays: Mapping[str, NDArray[Any]], rows: Rows) -> tuple[NDArray[Any], ...]:
    """Some rows of a segment's sentences as they are stored.

    Codes and scales; one array of float16 in a segment of layout 3, which had no scales.
    """
    return tuple(arrays[name][rows] for name in NAMES if name in arrays)


def vectors_of(arrays: Mapping[str, NDArray[Any]], rows: Rows) -> NDArray[np.float32]:
    """The vectors (len(rows), d) of some rows of a segment's sentences."""
    numbers, *scales = stored(arrays, rows)
    found: NDArray[np.float32] = numbers.astype(np.float32)
    if scales:
        with np.errstate(invalid="ignore", over="ignore"):  # a damaged scale is found later on
            found *= scales[0][:, None]
    return found


class SentenceVectors:
    """The stored vectors of all passages' sentences, mapped into memory."""

    def __init__(self, segments: Sequence[Mapping[str, NDArray[np.generic]]]) -> None:
        # A plain view of a mapped file: the memmap class makes a small slice ten times dearer.
        self._arrays: list[dict[str, NDArray[Any]]] = [
            {name: one[name].view(np.ndarray) for name in NAMES if name in one} for one in segments
        ]
        self._ends: list[NDArray[Any]] = [s["sentence_ends"].view(np.ndarray) for s in segments]
        self._starts = np.cumsum([0, *(len(ends) for ends in self._ends)])

    def of(self, row: int) -> NDArray[np.float32]:
        """The vectors (sentences, d) of one passage, in their order."""
        number = int(np.searchsorted(self._starts, row, "right")) - 1
        ends, place = self._ends[number], row - int(self._starts[number])
        start = int(ends[place - 1]) if place else 0
        return vectors_of(self._arrays[number], slice(start, int(ends[place])))

    def best(
        self, rows: NDArray[np.int64], query: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The cosine (len(rows),) of each passage's sentence that is nearest to ``query`` (d,).

        And which passages (len(rows),) have a sentence whose vector is not of length 1.
        """
        if not len(rows):
            return np.zeros(0, np.float32), np.zeros(0, np.bool_)
        found = [self.of(int(row)) for row in rows]
        vectors = np.concatenate(found)
        with np.errstate(invalid="ignore", over="ignore"):
            cosines = vectors @ query
        starts = np.cumsum([0, *(len(vectors) for vectors in found[:-1])])
        best: NDArray[np.float32] = np.maximum.reduceat(cosines, starts)
        unsound: NDArray[np.bool_] = np.logical_or.reduceat(unsound_rows(vectors), starts)
        return best, unsound
