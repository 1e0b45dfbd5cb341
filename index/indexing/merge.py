"""Merging keeps segments few: neighbours of one size become one, without what was removed.

The plan is Lucene's LogMergePolicy: as soon as ``FACTOR`` neighbours are of one size class they are
merged, and as a class is ``FACTOR`` times the next smaller one, n passages lie in about
(FACTOR - 1) * (1 + log(n / SMALLEST, FACTOR)) segments at most, and each is written again about
once a class.
Only neighbours are merged, so ids rise from segment to segment and within each.

Arrays are copied block by block and postings term by term: beside the mapped files a merge holds
some bytes a passage, one block and the postings of some terms, whatever the segments' size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError
from index.indexing.reuse import Piece, vector_checks
from index.legs.dense import codes_arrays
from index.legs.language_centroids import LanguageSums
from index.legs.postings import Postings
from index.legs.postings_merge import merge_postings
from index.legs.sentence_vectors import NAMES, quantized, stored, vectors_of
from index.storage import segment
from index.storage.layout import wrong_shapes
from index.storage.segment import Arrays, SegmentRecord, Writer
from index.translation import text

Pieces: TypeAlias = "Callable[[Sequence[int]], Iterable[Piece]]"

FACTOR = 8
"""Neighbours of one size that become one. With 8 a million passages lie in 35 segments at most and
are written five times in all; with 4 in 21, and seven times."""

SMALLEST = 256
"""Passages up to which segments are of the smallest class: what one commit of articles brings."""

REMOVED_SHARE = 0.25
"""When more of a segment are removed it is written again; one of the smallest, only left out when
nothing is left of it."""

_BLOCK = 4_096  # passages; with 5 sentences each, 16 MB of vectors


@dataclass(frozen=True, slots=True)
class Sized:
    """A segment as the plan sees it: its row, its first id, and how many of it are removed."""

    record: SegmentRecord
    first: int
    removed: int

    @property
    def live(self) -> int:
        return self.record.passages - self.removed


def first_id(record: SegmentRecord) -> int:
    """The first passage's id, which the name begins with."""
    return int(record.name.partition("-")[0])


def is_earlier(record: SegmentRecord) -> bool:
    """Whether a segment is of layout 3, with 16 bits for each number of a sentence's vector."""
    vectors, scales = (f"{name}.npy" in record.files for name in NAMES)
    return vectors and not scales


def due(segments: Sequence[Sized]) -> slice | None:
    """The neighbours to be merged next, None when there is nothing to do.

    One of an earlier layout goes by itself: that brings it up to date.
    """
    for number, entry in enumerate(segments):
        passages = entry.record.passages
        if is_earlier(entry.record) or entry.removed > (
            REMOVED_SHARE * passages if passages > SMALLEST else passages - 1
        ):
            return slice(number, number + 1)
    classes = [_size_class(entry.live) for entry in segments]
    start = 0
    while start < len(classes):
        # A smaller one between larger ones goes with them.
        largest = max(classes[start:])
        end = max(i for i, size in enumerate(classes) if size == largest) + 1
        if end - start >= FACTOR:
            return slice(start, start + FACTOR)
        start = end
    return None


def merge(
    folder: Path, records: Sequence[SegmentRecord], removed: Sequence[int], pieces: Pieces
) -> SegmentRecord | None:
    """Write one segment with what ``records``, neighbours, hold beside the ``removed`` ids.

    None when nothing is left. What is read is compared with its checksums before. ``pieces`` gives
    those of some passages, for segments of an earlier layout. Raises IndexDamagedError.
    """
    found = [line for record in records for line in segment.damage(folder, record)]
    if found:
        raise IndexDamagedError(
            text(
                "{damage}. This was found before a merge, which did not take place. qa repair "
                "builds it again from the articles; or restore a backup.",
                damage="; ".join(map(str, found)),
            )
        )
    sources = [_Source(folder, record, removed) for record in records]
    kept = sum(source.kept for source in sources)
    if not kept:
        return None
    sources = [source for source in sources if source.kept]
    first = int(next(sources[0].blocks("ids"))[0])
    with Writer(folder, first) as writer:
        _copy_passages(writer, sources, pieces)
        _copy_sentences(writer, sources)
        _copy_languages(writer, sources)
        for name, part in codes_arrays(
            lambda: chain.from_iterable(source.blocks("vectors") for source in sources), kept
        ):
            writer.append(name, part)
        merge_postings(
            writer.append,
            [Postings.from_arrays(source.arrays) for source in sources],
            [source.keep for source in sources],
        )
        return writer.finish()


class _Source:
    """One segment that is merged, and which of its passages stay."""

    def __init__(self, folder: Path, record: SegmentRecord, removed: Sequence[int]) -> None:
        arrays = segment.open_arrays(folder, record)
        for wrong in wrong_shapes(arrays, record.passages):
            raise IndexDamagedError(
                text(
                    "{record}: {wrong}. qa repair builds it again from the articles; or restore a "
                    "backup.",
                    record=folder / record.name,
                    wrong=wrong,
                )
            )
        # A plain view of a mapped file: the memmap class makes a small slice ten times dearer.
        self.arrays: dict[str, NDArray[Any]] = {k: a.view(np.ndarray) for k, a in arrays.items()}
        self.keep = ~np.isin(self.arrays["ids"], np.asarray(removed, np.int64))  # (n,)
        self.kept = int(self.keep.sum())
        self.is_earlier = is_earlier(record)

    def slices(self) -> Iterator[slice]:
        """The passages in blocks, without blocks of which nothing stays."""
        for first in range(0, len(self.keep), _BLOCK):
            block = slice(first, first + _BLOCK)
            if self.keep[block].any():
                yield block

    def blocks(self, name: str) -> Iterator[NDArray[Any]]:
        """What stays of an array with a row for each passage."""
        return (self.arrays[name][block][self.keep[block]] for block in self.slices())

    def sentences(self) -> Iterator[tuple[Arrays, NDArray[np.int64]]]:
        """What stays of the sentences' vectors, and how many of them each passage has."""
        ends = self.arrays["sentence_ends"]
        for block in self.slices():
            start = int(ends[block.start - 1]) if block.start else 0
            counts = np.diff(ends[block], prepend=start)
            stay = start + np.flatnonzero(np.repeat(self.keep[block], counts))
            found = dict(zip(NAMES, stored(self.arrays, stay), strict=False))
            if self.is_earlier:
                found = quantized(found["sentences"]).arrays()
            yield found, counts[self.keep[block]]

    def checks(self, pieces: Pieces) -> Iterator[NDArray[np.uint32]]:
        """What stays of the vectors' checks; anew where the vectors are stored in another way."""
        if not self.is_earlier:
            yield from self.blocks("vector_checks")
            return
        blocks = zip(self.blocks("ids"), self.blocks("vectors"), self.sentences(), strict=True)
        for ids, vectors, (sentences, counts) in blocks:
            yield vector_checks(pieces(ids.tolist()), vectors, sentences, counts)


def _copy_passages(writer: Writer, sources: Sequence[_Source], pieces: Pieces) -> None:
    for name in ("ids", "vectors", "lexical_lengths"):
        for source in sources:
            for block in source.blocks(name):
                writer.append(name, block)
    for source in sources:
        for block in source.checks(pieces):
            writer.append("vector_checks", block)


def _copy_sentences(writer: Writer, sources: Sequence[_Source]) -> None:
    end = 0
    for source in sources:
        for sentences, counts in source.sentences():
            for name, array in sentences.items():
                writer.append(name, array)
            ends = end + np.cumsum(counts)
            writer.append("sentence_ends", ends)
            end = int(ends[-1])


def _copy_languages(writer: Writer, sources: Sequence[_Source]) -> None:
    """The sums are taken again: a difference would carry the rounding of what was removed."""
    present = [
        source.arrays["language_names"][np.unique(rows)]
        for source in sources
        for rows in source.blocks("language_rows")
    ]
    names = np.unique(np.concatenate(present))
    dimension = sources[0].arrays["vectors"].shape[1]
    sums = LanguageSums(len(names), dimension)
    for source in sources:
        numbers = np.searchsorted(names, source.arrays["language_names"]).astype(np.int16)
        blocks = zip(
            source.blocks("language_rows"),
            source.blocks("vectors"),
            source.sentences(),
            strict=True,
        )
        for rows, vectors, (sentences, counts) in blocks:
            writer.append("language_rows", numbers[rows])
            sums.add(numbers[rows], vectors, counts, vectors_of(sentences, slice(None)))
    for name, array in sums.arrays(names).items():
        writer.append(name, array)


def _size_class(passages: int) -> int:
    return math.ceil(math.log(max(1.0, passages / SMALLEST), FACTOR) - 1e-9)
