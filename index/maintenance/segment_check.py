"""The segments: files compared with their checksums, and what is in them with the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError
from index.indexing.reuse import is_sound, piece_of
from index.legs.dense import CODED
from index.legs.dense_check import vectors_problems
from index.legs.postings_check import postings_problems
from index.maintenance.record_check import Record
from index.records import Damage
from index.storage import segment
from index.storage.layout import OF_LARGE, wrong_shapes
from index.storage.rows import StoredPassage
from index.storage.segment import SegmentRecord
from index.storage.store import Store
from index.storage.texts import StoredText
from index.translation import text

_NAMED = 20
"""Places of one kind that are named; the rest is counted."""


class Texts:
    """Texts by their ids, the last one remembered: passages of a text follow each other."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: StoredText | None = None

    def passages(self, ids: list[int]) -> Iterator[tuple[StoredPassage, StoredText]]:
        found = self._store.texts.passages(ids)
        for number in ids:
            passage = found.get(number)
            if passage is None:
                continue
            if self._last is None or self._last.id != passage.text_id:
                self._last = self._store.texts.get(passage.text_id)
            if self._last is not None:
                yield passage, self._last


def check_segment(
    folder: Path,
    entry: SegmentRecord,
    record: Record,
    texts: Texts,
    held: list[NDArray[np.int64]],
) -> list[Damage]:
    """Compare a segment's files with their checksums, and what is in them with the record.

    The passages it holds are added to ``held``.
    """
    arrays, found = _open(folder, entry)
    if "ids" in arrays:
        held.append(arrays["ids"])
    where = f"segments/{entry.name}"
    found += [Damage(where, problem) for problem in _shape_problems(entry, arrays)]
    if not found:
        problems = [*_first(postings_problems(arrays)), *_first(vectors_problems(arrays))]
        if not record.damage:
            problems += _first(_passage_problems(arrays, record, texts))
        found += [Damage(where, problem) for problem in problems]
    return found


def _open(folder: Path, entry: SegmentRecord) -> tuple[dict[str, NDArray[Any]], list[Damage]]:
    """The sound arrays of a segment, and the damage to the others."""
    unsound = segment.damage(folder, entry)
    found = [Damage(str(one.path.relative_to(folder.parent)), one.problem) for one in unsound]
    arrays: dict[str, NDArray[Any]] = {}
    for file in entry.files:
        if any(one.path.name == file for one in unsound):
            continue
        name = file.removesuffix(".npy")
        try:
            arrays[name] = segment.open_array(folder, entry, name).view(np.ndarray)
        except IndexDamagedError as error:
            found.append(Damage(f"segments/{entry.name}/{file}", str(error)))
    return arrays, found


def _shape_problems(entry: SegmentRecord, arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    """What is wrong with the arrays that can be read; one that is damaged is named already."""
    damaged = {file.removesuffix(".npy") for file in entry.files} - arrays.keys()
    yield from wrong_shapes(arrays, entry.passages, damaged=damaged)
    if entry.passages >= CODED:
        yield from (f"it has no {name}" for name in OF_LARGE if f"{name}.npy" not in entry.files)
    for name in ("ids", "sentence_ends"):
        # A passage may have no sentence, but two have not one number.
        if name in arrays and (np.diff(arrays[name]) < (name == "ids")).any():
            yield f"{name} do not ascend"


def _passage_problems(
    arrays: Mapping[str, NDArray[Any]], record: Record, texts: Texts
) -> Iterator[str]:
    """Whether each live passage has its sentences, and the vectors of its own text."""
    ids, ends = arrays["ids"].tolist(), [0, *arrays["sentence_ends"].tolist()]
    rows = {number: row for row, number in enumerate(ids) if number in record.sentences}
    wanted = list(rows)
    for first in range(0, len(wanted), 500):
        for passage, source in texts.passages(wanted[first : first + 500]):
            row = rows[passage.id]
            start, end = ends[row], ends[row + 1]
            piece = piece_of(passage.id, source, passage)
            if end - start != len(piece.sentences):
                yield (
                    f"passage {passage.id}: {end - start} sentences have vectors, it has "
                    f"{len(piece.sentences)}"
                )
            elif not is_sound(piece, arrays, row, slice(start, end)):
                yield f"passage {passage.id}: its vectors are not those of its text"


def check_cover(record: Record, held: list[NDArray[np.int64]]) -> list[Damage]:
    """Whether each passage of the record stands in exactly one segment, and nothing else does.

    The segments are in the order of their names, which is to be that of their ids.
    """
    filled = [ids for ids in held if len(ids)]
    found = []
    if any(after[0] <= before[-1] for before, after in pairwise(filled)):
        found.append(Damage("segments", text("their passages do not ascend from one to the next")))
    ids = np.sort(np.concatenate([np.zeros(0, np.int64), *held]))
    live = np.sort(np.fromiter(record.sentences, np.int64, len(record.sentences)))
    removed = np.fromiter(record.removed, np.int64, len(record.removed))
    problems = {
        "is in no segment": np.setdiff1d(live, ids),
        "is in more than one segment": np.unique(ids[:-1][np.diff(ids) == 0]),
        "is in a segment, but neither stored nor removed": np.setdiff1d(
            ids, np.concatenate([live, removed])
        ),
        "is both stored and removed": np.intersect1d(live, removed),
    }
    return found + [
        Damage("segments", problem)
        for what, numbers in problems.items()
        for problem in _first(f"passage {number} {what}" for number in numbers.tolist())
    ]


def _first(problems: Iterator[str]) -> list[str]:
    """The first of many problems, and how many more there are."""
    found = list(problems)
    more = len(found) - _NAMED
    return found if more <= 0 else [*found[:_NAMED], f"and {more:,} more of the kind"]
