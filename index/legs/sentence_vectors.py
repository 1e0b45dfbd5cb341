"""Vectors of sentences, five for every passage, stored with eight bits a number.

A vector is whole numbers in -127..127 times one scale. Over the questions of the evaluation that
moves no recall by more than .002 beside 16 bits (docs/evaluation.md), and halves what an index of
many passages takes on the disk and in memory.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.legs.dense import map_of, unsound_rows

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


_LARGE = 64 << 20
"""Bytes of a file whose pages are given back after each search."""


class SentenceVectors:
    """The stored vectors of all passages' sentences, mapped into memory."""

    def __init__(self, segments: Sequence[Mapping[str, NDArray[np.generic]]]) -> None:
        # A plain view of a mapped file: the memmap class makes a small slice ten times dearer.
        self._arrays: list[dict[str, NDArray[Any]]] = [
            {name: one[name].view(np.ndarray) for name in NAMES if name in one} for one in segments
        ]
        large = (map_of(one["sentences"]) for one in segments if one["sentences"].nbytes >= _LARGE)
        self._large = [file for file in large if file is not None]
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
        best, unsound = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.bool_)
        numbers = np.searchsorted(self._starts, rows, "right") - 1
        for number in np.unique(numbers).tolist():
            here = np.flatnonzero(numbers == number)
            starts, counts = self._spans(number, rows[here] - self._starts[number])
            here, starts, counts = (array[counts > 0] for array in (here, starts, counts))
            if not len(here):  # a damaged record may give a passage no sentences
                continue
            # Copied at once: two hundred slices one after the other take three times as long.
            firsts = np.cumsum(counts) - counts
            places = np.arange(counts.sum()) + np.repeat(starts - firsts, counts)
            vectors = vectors_of(self._arrays[number], places)
            with np.errstate(invalid="ignore", over="ignore"):
                best[here] = np.maximum.reduceat(vectors @ query, firsts)
            unsound[here] = np.logical_or.reduceat(unsound_rows(vectors), firsts)
        self._let_go()
        return best, unsound

    def _let_go(self) -> None:
        """Give back the pages of large files that a search has read; the system keeps them cached.

        Each of its few rows maps 64 kB, and after some hundred searches the whole file would count
        as this process's memory: 1.9 GB with a million passages. The next search's rows are mostly
        other ones.
        """
        for file in self._large:
            if hasattr(mmap, "MADV_DONTNEED"):
                file.madvise(mmap.MADV_DONTNEED)

    def _spans(
        self, number: int, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the sentences of a segment's passages begin, and how many they are."""
        ends = self._ends[number]
        starts = np.where(rows > 0, ends[rows - 1], 0)
        counts = ends[rows] - starts
        # Large files are not read at open: damaged ends must not become an array of their size.
        if counts.min() < 0 or ends[rows].max() > len(self._arrays[number]["sentences"]):
            raise ValueError("sentence_ends does not divide the sentences")
        return starts, counts
