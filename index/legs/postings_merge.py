"""Postings of neighbouring segments made one, term by term.

Beside the mapped arrays this holds some bytes a passage and the postings of some terms, whatever
the segments' size.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.legs.postings import Postings, term_keys

Append: TypeAlias = "Callable[[str, NDArray[Any]], None]"
"""Writes further rows of the array of this name."""

_POSTINGS_AT_ONCE = 1 << 17  # where every term is rare, each list takes 400 bytes
_TERMS_AT_ONCE = 65_536


def merge_postings(
    append: Append, postings: Sequence[Postings], keep: Sequence[NDArray[np.bool_]]
) -> None:
    """Write the lists of each term one behind the other; a term that nothing holds is gone.

    Of each segment's passages those count that are in its ``keep`` (n,).
    """
    batch = _Batch(append, postings, keep)
    ordered = heapq.merge(*(_lists(number, one) for number, one in enumerate(postings)))
    for term, source, number, start, end in ordered:
        if batch.postings >= _POSTINGS_AT_ONCE and term != batch.terms[-1]:
            batch.write()
        batch.add(term, source, number, slice(start, end))
    batch.write()
    _merge_endings(append, postings, batch.new_numbers)


def _lists(source: int, postings: Postings) -> Iterator[tuple[bytes, int, int, int, int]]:
    return (
        (term, source, number, start, end)
        for number, (term, start, end) in enumerate(postings.lists())
    )


def _merge_endings(
    append: Append, postings: Sequence[Postings], new_numbers: Sequence[NDArray[np.int32]]
) -> None:
    """The terms' new numbers in the order of the terms read backwards."""
    ordered = heapq.merge(
        *(_backwards(one, new) for one, new in zip(postings, new_numbers, strict=True))
    )
    numbers = (number for (_, number), _ in groupby(ordered))
    append("lexical_by_ending", np.zeros(0, np.int32))
    while block := list(islice(numbers, _TERMS_AT_ONCE)):
        append("lexical_by_ending", np.array(block, np.int32))


def _backwards(postings: Postings, new_numbers: NDArray[np.int32]) -> Iterator[tuple[bytes, int]]:
    for first in range(0, len(postings.by_ending), _TERMS_AT_ONCE):
        block = postings.by_ending[first : first + _TERMS_AT_ONCE]
        for old, new in zip(block.tolist(), new_numbers[block].tolist(), strict=True):
            if new >= 0:
                yield postings.term(old)[::-1], new


class _Batch:
    """The lists of some terms, in order, until they are written."""

    def __init__(
        self, append: Append, postings: Sequence[Postings], keeps: Sequence[NDArray[np.bool_]]
    ) -> None:
        self._append = append
        self._sources = postings
        keep = np.concatenate(keeps)
        # The new row of each old one, over all sources one behind the other.
        self._renumbered = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
        self._bases = np.cumsum([0, *(len(some) for some in keeps)])
        self.new_numbers = [np.full(len(one.term_ends), -1, np.int32) for one in postings]
        """Of each source's terms, as far as they are written; -1 for those that are gone."""
        self._written = self._blob_end = self._list_end = 0
        self._clear()

    def _clear(self) -> None:
        self.terms: list[bytes] = []
        self.postings = 0
        self._ends: list[int] = []  # of each term, among the batch's postings
        # Of each list: its source, its term's number there and here, its postings.
        self._parts: list[tuple[int, int, int]] = []
        self._rows: list[NDArray[np.int32]] = []
        self._counts: list[NDArray[np.int32]] = []

    def add(self, term: bytes, source: int, number: int, span: slice) -> None:
        if not self.terms or term != self.terms[-1]:
            self.terms.append(term)
            self._ends.append(0)
        self._rows.append(self._sources[source].rows[span])
        self._counts.append(self._sources[source].counts[span])
        self.postings += len(self._rows[-1])
        self._ends[-1] = self.postings
        self._parts.append((source, number, len(self.terms) - 1))

    def write(self) -> None:
        """Write what has gathered, renumbered, without what was removed."""
        empty = np.zeros(0, np.int32)
        parts = np.array(self._parts, np.int64).reshape(-1, 3)
        lengths = [len(rows) for rows in self._rows]
        old = np.concatenate([empty, *self._rows]) + np.repeat(self._bases[parts[:, 0]], lengths)
        rows = self._renumbered[old.astype(np.int64)]
        keep = rows >= 0
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        sizes = np.diff(kept_before[np.array(self._ends, np.int64)], prepend=0)
        terms = [term for term, size in zip(self.terms, sizes.tolist(), strict=True) if size]
        self._number_terms(parts, sizes > 0)
        list_ends = self._list_end + np.cumsum(sizes[sizes > 0], dtype=np.int64)
        term_ends = self._blob_end + np.cumsum([len(term) for term in terms], dtype=np.int64)
        for name, array in {
            "blob": np.frombuffer(b"".join(terms), np.uint8),
            "term_ends": term_ends,
            "list_ends": list_ends,
            "keys": term_keys(terms),
            "rows": rows[keep],
            "counts": np.concatenate([empty, *self._counts])[keep],
        }.items():
            self._append(f"lexical_{name}", array)
        if terms:
            self._blob_end, self._list_end = int(term_ends[-1]), int(list_ends[-1])
        self._clear()

    def _number_terms(self, parts: NDArray[np.int64], stay: NDArray[np.bool_]) -> None:
        new = np.where(stay, self._written + np.cumsum(stay) - 1, -1)
        for source, numbers in enumerate(self.new_numbers):
            here = parts[parts[:, 0] == source]
            numbers[here[:, 1]] = new[here[:, 2]]
        self._written += int(stay.sum())
