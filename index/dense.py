"""Nearest neighbours by inner product, by FAISS; knows vectors and row numbers, nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray


class FlatVectors:
    """An exact search over the vectors of all segments.

    The rows have length 1, so the inner product is the cosine.
    """

    def __init__(self, segments: Sequence[NDArray[np.generic]], dimension: int) -> None:
        self._index = faiss.IndexFlatIP(dimension)
        for vectors in segments:  # (n, d)
            self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, float]]:
        """The ``k`` nearest rows to ``query`` (d,) with their cosines, nearest first.

        ``allowed`` (n,) limits the search before the k nearest are taken.
        """
        parameters = None
        if allowed is not None:
            bitmap = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bitmap))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # its stub knows none
        if not self._index.ntotal:
            return []
        count = min(k, self._index.ntotal)
        scores, rows = self._index.search(query[None, :], count, params=parameters)
        return [
            (int(row), float(score))
            for row, score in zip(rows[0], scores[0], strict=True)
            if row >= 0
        ]

    def vectors(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """The vectors (len(rows), d) of some rows."""
        found: NDArray[np.float32] = self._index.reconstruct_batch(np.asarray(rows, dtype=np.int64))
        return found
