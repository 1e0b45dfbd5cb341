"""Nearest neighbours by inner product, by FAISS; knows vectors and row numbers, nothing else.

Vectors are stored with 16 bits. A segment of ``CODED`` rows or more has a copy with 8 bits beside
them, as FAISS's own file: a search reads that copy where it lies, mapped into memory, and measures
the best again by the stored vectors. Opening reads neither.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.generic]"
Codes: TypeAlias = "tuple[str, NDArray[np.generic]]"
"""The name of a segment's array, and a part of it."""

CODED = 4096
"""Rows from which on a segment has codes. Smaller segments are copied into memory when they are
opened: with merging these are at most some 35,000 rows, 50 MB, and 9 ms of a search."""

_OVERFETCH = 3
"""Rows taken by their codes for each that is wanted; the stored vectors choose among them. Of the
best 100 of 200,000 vectors, near copies of those of news, once finds .988 and twice all."""

_SHARED = 100_000
"""Rows from which on the segments are shared out among the processor's cores, at most four: below
that it takes 3 ms as it is."""

_BLOCK = 16_384  # rows


NORM_TOLERANCE = 0.01
"""Vectors of length 1 as float16 are within .001 of it; a damaged one is rarely this close."""


def unsound_rows(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of some vectors (n, d) are not of length 1; one with a NaN is not either."""
    with np.errstate(invalid="ignore", over="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
        # Written this way round, a NaN is wrong too.
        wrong: NDArray[np.bool_] = ~(np.abs(np.sqrt(squares) - 1) <= NORM_TOLERANCE)
    return wrong


def codes_arrays(blocks: Callable[[], Iterable[Vectors]], rows: int) -> Iterator[Codes]:
    """What a segment of ``rows`` vectors stores for its search, block by block.

    ``blocks`` gives the vectors (n, d), and gives them again when it is called again. Nothing for a
    small segment. "codes" is FAISS's file of an IndexScalarQuantizer: a component x of a dimension
    becomes round((x - middle) / step) in -127..127. "code_steps" (2, d) holds steps and middles.
    """
    if rows < CODED:
        return
    low, high = _range(blocks())
    middle = (low + high) / 2
    step = np.maximum((high - low) / 254, np.float32(1e-9))
    yield "code_steps", np.stack([step, middle])
    yield "codes", np.frombuffer(_header(rows, len(step)), np.uint8)
    for block in blocks():
        signed = np.rint((block.astype(np.float32) - middle) / step)
        yield "codes", (signed + 128).astype(np.uint8).ravel()


def in_blocks(vectors: Vectors) -> Iterator[Vectors]:
    """The rows of an array, some thousand at a time."""
    return (vectors[first : first + _BLOCK] for first in range(0, len(vectors), _BLOCK))


class SegmentVectors:
    """The vectors (n, d) of one segment: exact while it is small, by its codes when it is large.

    The rows have length 1, so the inner product is the cosine. ``arrays`` are those of a segment;
    raises ValueError for codes that are not those of its vectors.
    """

    def __init__(self, arrays: Mapping[str, Vectors]) -> None:
        self._vectors: NDArray[Any] = arrays["vectors"].view(np.ndarray)
        rows, dimension = self._vectors.shape
        self._steps: NDArray[Any] | None = None
        self._index: faiss.Index
        if "codes" not in arrays:
            self._index = faiss.IndexFlatIP(dimension)
            vectors = np.ascontiguousarray(self._vectors, dtype=np.float32)
            if unsound_rows(vectors).any():
                raise ValueError("not all of its vectors are of length 1")
            self._index.add(vectors)
            return
        self._steps = np.array(arrays["code_steps"], np.float32)
        # The index has no copy of its own and reads from this array as long as it lives.
        self._codes: NDArray[Any] = arrays["codes"].view(np.ndarray)
        _read_ahead(arrays["codes"])
        header = _header(rows, dimension)
        # FAISS believes what a file says of its sizes, so nothing but this may stand there.
        if (
            len(self._codes) != len(header) + rows * dimension
            or self._codes[: len(header)].tobytes() != header
            or self._steps.shape != (2, dimension)
        ):
            raise ValueError(f"the codes are not those of {rows} vectors of {dimension} numbers")
        reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(self._codes), self._codes.nbytes)  # type: ignore[attr-defined]
        self._index = faiss.read_index(reader)

    def __len__(self) -> int:
        return len(self._vectors)

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` nearest rows to ``query`` (d,) among the ``allowed`` (n,), with their cosines.

        In no order, and fewer where there are fewer.
        """
        parameters = None
        if allowed is not None and not allowed.all():
            if not allowed.any():
                return np.zeros(0, np.int64), np.zeros(0, np.float32)
            bitmap = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bitmap))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # its stub knows none
        if self._steps is None:
            scores, rows = self._index.search(query[None], min(k, len(self)), params=parameters)
            return rows[0][rows[0] >= 0], scores[0][rows[0] >= 0]
        # The middles add the same to every row, so the order needs the steps alone. FAISS
        # multiplies whole numbers here, so the query becomes some as well.
        scaled = query * self._steps[0]
        scaled = np.rint(scaled * (127 / max(float(np.abs(scaled).max()), 1e-9)))[None]
        rows = self._index.search(scaled, min(_OVERFETCH * k, len(self)), params=parameters)[1][0]
        rows = np.sort(rows[rows >= 0])
        vectors = self.of(rows)
        with np.errstate(invalid="ignore", over="ignore"):
            cosines = vectors @ query
        # A vector that is none, though its codes are, would come last and never be missed.
        cosines[unsound_rows(vectors)] = np.inf
        best = np.argsort(-cosines, kind="stable")[:k]
        return rows[best], cosines[best]

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The stored vectors (len(rows), d) of some rows."""
        found: NDArray[np.float32] = self._vectors[rows].astype(np.float32)
        return found


class DenseIndex:
    """A search over the vectors of all segments, whose rows stand one after the other."""

    def __init__(self, segments: Sequence[SegmentVectors], dimension: int) -> None:
        self._segments = segments
        self._dimension = dimension
        self._starts = np.cumsum([0, *(len(segment) for segment in segments)])

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, float]]:
        """The ``k`` nearest rows to ``query`` (d,) with their cosines, nearest first.

        ``allowed`` (n,) limits the search before the k nearest are taken.
        """

        def nearest(number: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            start, end = self._starts[number : number + 2].tolist()
            here = None if allowed is None else allowed[start:end]
            rows, scores = self._segments[number].search(query, k, here)
            return rows + start, scores

        filled = np.flatnonzero(np.diff(self._starts)).tolist()
        # FAISS answers one question with one thread, and lets others run meanwhile.
        at_once = _threads().map if self._starts[-1] >= _SHARED else map
        found = [*at_once(nearest, filled), (np.zeros(0, np.int64), np.zeros(0, np.float32))]
        rows, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.lexsort((rows, -scores))[:k]
        return list(zip(rows[order].tolist(), scores[order].tolist(), strict=True))

    def vectors(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """The vectors (len(rows), d) of some rows."""
        wanted = np.asarray(rows, dtype=np.int64)
        found = np.zeros((len(wanted), self._dimension), np.float32)
        numbers = np.searchsorted(self._starts, wanted, "right") - 1
        for number in np.unique(numbers).tolist():
            here = numbers == number
            found[here] = self._segments[number].of(wanted[here] - self._starts[number])
        return found


def _read_ahead(array: Vectors) -> None:
    """Let the system fetch a mapped array, which the next search reads from end to end.

    Of a million vectors on a cold disk that takes .7 s, and page by page, as they are asked for,
    2.5 s.
    """
    file = map_of(array)
    if file is not None and hasattr(mmap, "MADV_WILLNEED"):
        file.madvise(mmap.MADV_WILLNEED)


def map_of(array: Vectors) -> mmap.mmap | None:
    """The mapped file that an array of a segment is read from; None where it is in memory."""
    base: object = array.base
    return base if isinstance(base, mmap.mmap) else None


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(4, os.cpu_count() or 1), "nearest")


def _range(blocks: Iterable[Vectors]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The least and the greatest component (d,) of each dimension."""
    lows, highs = zip(*((block.min(0), block.max(0)) for block in blocks), strict=True)
    return np.min(lows, 0).astype(np.float32), np.max(highs, 0).astype(np.float32)


def _header(rows: int, dimension: int) -> bytes:
    """What stands in FAISS's file before the codes: the empty index, with the sizes of the full."""
    index = faiss.IndexScalarQuantizer(
        dimension, faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
    )
    index.ntotal = rows
    written: bytes = faiss.serialize_index(index).tobytes()
    # The codes come last, behind their number.
    return written[:-8] + np.array(rows * dimension, "<u8").tobytes()
