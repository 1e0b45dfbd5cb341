"""Segments built again for the passages that no sound segment holds.

A vector is taken over wherever its checksum still says that it was made from the passage's text;
the rest is embedded anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from index.encoder.embedder import Embedder
from index.indexing.fresh import PASSAGES_PER_SEGMENT
from index.indexing.reuse import KnownVectors, Piece, arrays_of, stored_pieces, take_sound
from index.indexing.upkeep import remove_leftovers
from index.maintenance.record_repair import ids_of
from index.storage import segment
from index.storage.segment import SegmentRecord
from index.storage.store import Store


class SegmentBuilder:
    """Writes segments for the passages that no sound segment holds."""

    def __init__(
        self, folder: Path, store: Store, embedder: Embedder, strays: Sequence[SegmentRecord]
    ) -> None:
        self._folder = folder / "segments"
        self._store = store
        self._embedder = embedder
        self._strays = strays
        self.segments = 0
        self.passages = 0
        self.embedded = 0

    def build(self, unsound: Collection[str]) -> None:
        """Replace the segments named ``unsound``, in one transaction."""
        live = set(self._store.texts.passage_ids())
        held: set[int] = set()
        stored: set[int] = set()
        last = 0
        dropped: list[SegmentRecord] = []
        starts: list[int] = []
        for entry in self._store.segments.all():
            ids = set() if entry.name in unsound else ids_of(self._folder.parent, [entry])
            # Ids ascend over all segments, which a search relies on.
            if not ids & live or min(ids) <= last or ids & held & live:
                dropped.append(entry)
            else:
                last = max(ids)
                held |= ids & live
                stored |= ids
                starts.append(min(ids))
        missing = sorted(live - held)
        sources = [*dropped, *self._strays]
        written = [
            self._write(list(stored_pieces(self._store, ids)), sources)
            for ids in _runs(missing, sorted(starts))
        ]
        with self._store.atomic():
            for entry in dropped:
                self._store.segments.delete(entry.name)
            for record in written:
                self._store.segments.put(record)
            self._store.segments.put_removed(sorted(stored - live))
        self.segments = len(written)
        self.passages = len(missing)
        remove_leftovers(self._folder, self._store)

    def _write(self, pieces: Sequence[Piece], sources: Sequence[SegmentRecord]) -> SegmentRecord:
        known = KnownVectors()
        wanted = {piece.id: piece for piece in pieces}
        taken: set[int] = set()
        for entry in sources:
            taken |= take_sound(known, self._folder, entry, wanted)
        self.embedded += len(wanted.keys() - taken)
        return segment.write(self._folder, arrays_of(pieces, known, self._embedder))


def _runs(ids: Sequence[int], starts: Sequence[int]) -> Iterator[list[int]]:
    """Ascending ``ids`` in runs that none of the other segments' ``starts`` lies within.

    So the ids of all segments together still ascend, which a search relies on.
    """
    for _, run in groupby(ids, key=lambda number: bisect_right(starts, number)):
        remaining = list(run)
        for first in range(0, len(remaining), PASSAGES_PER_SEGMENT):
            yield remaining[first : first + PASSAGES_PER_SEGMENT]
