"""What is damaged, built again from what is sound.

Texts and articles are the record: nothing can replace them, so a damaged one is named as lost.
Passages follow from texts, segments from passages. A vector is taken over wherever its checksum
still says that it was made from the passage's text; the rest is embedded anew.
"""

from __future__ import annotations

import json
import os
import shutil
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from index.compatibility import (
    check_settings,
    config_of,
    embedder_of,
    problem_of,
    settings_of,
    stored_config,
)
from index.config import IndexConfig
from index.encoder.embedder import Embedder
from index.errors import IndexDamagedError, IndexFolderError, writing_to
from index.indexing.fresh import PASSAGES_PER_SEGMENT, split_article
from index.indexing.reuse import KnownVectors, Piece, arrays_of, stored_pieces, take_sound
from index.indexing.upkeep import remove_leftovers
from index.maintenance.check import segment_record, verify
from index.records import Damage, RepairReport
from index.storage import segment
from index.storage.audit import RawRow
from index.storage.identity import IDENTITY, new_identity, refuse_strange
from index.storage.lock import writer_lock
from index.storage.schema import TABLES, restore_header
from index.storage.segment import SegmentRecord
from index.storage.store import Store

RECORD = "articles.db"

Rows = dict[str, list[dict[str, Any]]]


def repair(folder: Path, embedder: Embedder | None = None) -> RepairReport:
    """Build again all that is damaged in an index folder.

    A sound index is left as it is. The damaged record is kept beside the new one, with its time in
    its name. ``embedder`` is by default the model that the index was built with. Raises
    IndexFolderError where there is no index, IndexBusyError, IndexMismatchError.
    """
    if not (folder / RECORD).is_file():
        raise IndexFolderError(
            f"There is no record {folder / RECORD}, which segments cannot replace. Restore a "
            "backup: qa restore FILE --index NEW_FOLDER"
        )
    refuse_strange(folder / RECORD)
    with writer_lock(folder) as lock:
        before = verify(folder)
        if not before.damage:
            return RepairReport(str(folder), segments=0)
        kept, lost, suspects = None, list[str](), list[SegmentRecord]()
        if _is_record_damaged(before.damage):
            kept, lost, suspects = _rebuild_record(folder, embedder)
        with closing(Store(folder / RECORD, read_only=False)) as store, store.held(lock.check):
            store.force_log()
            embedder = embedder or embedder_of(_config_of(store))
            check_settings(store.settings(), _config_of(store), embedder, folder)
            built = _Builder(folder, store, embedder, suspects)
            built.build(_unsound_segments(before.damage))
    after = verify(folder)
    if after.damage:
        first = after.damage[0]
        raise IndexDamagedError(
            f"{folder} is still damaged: {first.where}: {first.problem}. Restore a backup: "
            "qa restore FILE --index NEW_FOLDER"
        )
    return RepairReport(
        str(folder),
        before.damage,
        tuple(lost),
        built.segments,
        built.passages,
        built.embedded,
        None if kept is None else str(kept),
    )


def _is_record_damaged(damage: Iterable[Damage]) -> bool:
    return any(entry.where.startswith(RECORD) for entry in damage)


def _unsound_segments(damage: Iterable[Damage]) -> set[str]:
    """The names of the segments in which something is wrong."""
    parts = [entry.where.split("/") for entry in damage]
    return {names[1] for names in parts if names[0] == "segments" and len(names) > 1}


# ---- the record ----------------------------------------------------------------------------------


def _rebuild_record(
    folder: Path, embedder: Embedder | None
) -> tuple[Path, list[str], list[SegmentRecord]]:
    """Write the sound rows of the record into a new one, and put it in the place of the old.

    Returns where the old one lies, the names of what is lost, and the segments that the new record
    does not name, whose rows were damaged.
    """
    new = folder / f"{RECORD}.new"
    try:
        return _rewrite_record(folder, new, embedder)
    finally:
        _unlink(new)


def _rewrite_record(
    folder: Path, new: Path, embedder: Embedder | None
) -> tuple[Path, list[str], list[SegmentRecord]]:
    rows, lost = _salvage(folder)
    kept_rows, more = _consistent(rows)
    lost += more
    _unlink(new)
    known = {row["name"]: segment_record(row) for row in kept_rows["segments"]}
    with closing(Store(new, read_only=False, anew=True)) as store:
        with store.atomic():
            _put_settings(store, kept_rows["settings"], embedder)
            for table in TABLES:
                if table not in ("settings", "removed"):
                    for row in kept_rows[table]:
                        store.audit.put_raw(table, row)
            held = _ids_of(folder, known.values())
            live = {row["id"] for row in kept_rows["passages"]}
            store.segments.put_removed(sorted(held - live))
            for table, highest in (
                ("texts", max((row["id"] for row in kept_rows["texts"]), default=0)),
                ("articles", max((row["number"] for row in kept_rows["articles"]), default=0)),
                ("passages", max(held | live, default=0)),
            ):
                store.audit.put_sequence(table, highest)
        _split_again(store, kept_rows, embedder)
        store.checkpoint()
    kept = _swap(folder, new)
    return kept, lost, _strays(folder, known)


def _unlink(record: Path) -> None:
    """Delete a record with what lies beside it."""
    with writing_to(record):
        for end in ("", "-wal", "-shm"):
            Path(f"{record}{end}").unlink(missing_ok=True)


def _salvage(folder: Path) -> tuple[Rows, list[str]]:
    """The sound rows of every table, and the names of the others. Raises IndexDamagedError."""
    found: Rows = {table: [] for table in TABLES}
    lost: list[str] = []
    with closing(_open_damaged(folder)) as store, store.snapshot():
        recorded = _recorded(store)
        for table in TABLES:
            sound: dict[str, dict[str, Any]] = {}
            unsound: dict[str, str] = {}
            for raw in _readable_rows(store, table, recorded.get(table, (0, 0))[0]):
                key = str(raw.values[TABLES[table][0]])
                if raw.sound:
                    sound[key] = raw.values
                else:
                    unsound[key] = _lost(table, raw.values)
            found[table] = list(sound.values())
            if table in ("articles", "texts"):
                lost += [name for key, name in unsound.items() if key not in sound]
                missing = recorded.get(table, (0, 0))[0] - len(sound.keys() | unsound.keys())
                if missing > 0:
                    lost.append(f"{missing:,} rows of {table} that cannot be read")
    if not recorded and not found["articles"]:
        raise _unreadable(folder / RECORD, "nothing in it can be told")
    return found, lost


def _readable_rows(store: Store, table: str, recorded: int) -> Iterator[RawRow]:
    """The rows of a table that can be read, some of them twice.

    Where a page cannot be read, the rows before it are found from the front, those after it from
    the back, and those between one by one.
    """
    first, last = 0, None
    try:
        for raw in store.audit.raw_rows(table):
            first = raw.rowid
            yield raw
        return
    except IndexDamagedError:
        pass
    try:
        for raw in store.audit.raw_rows(table, newest_first=True):
            last = raw.rowid
            yield raw
    except IndexDamagedError:
        pass
    if last is None:
        last = max(first + recorded, _highest(store, table)) + _BEYOND
    for rowid in range(first + 1, last):
        try:
            yield from store.audit.raw_rows(table, rowid=rowid)
        except IndexDamagedError:
            continue


_BEYOND = 1_000
"""Rows that are looked for after the last one that a table is known to have."""


def _highest(store: Store, table: str) -> int:
    try:
        return int(dict(store.audit.sequences()).get(table, 0))
    except (IndexFolderError, ValueError, TypeError):
        return 0


def _open_damaged(folder: Path) -> Store:
    """The record, or a copy of it with the header that a sound one has."""
    path = folder / RECORD
    try:
        return Store(path, read_only=True, undecoded=True)
    except IndexFolderError:
        copy = folder / f"{RECORD}.new"
        _unlink(copy)
        shutil.copyfile(path, copy)
        if (log := folder / f"{RECORD}-wal").is_file():
            shutil.copyfile(log, Path(f"{copy}-wal"))
        restore_header(copy)
    try:
        return Store(copy, read_only=True, undecoded=True, anew=True)
    except IndexFolderError as error:
        raise _unreadable(path, str(error.__cause__ or error)) from error


def _unreadable(path: Path, reason: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"{path} cannot be read at all: {reason.rstrip('.')}. Restore a backup: "
        "qa restore FILE --index NEW_FOLDER"
    )


def _recorded(store: Store) -> dict[str, tuple[int, int]]:
    """What the record says of its tables' rows, as far as it can be read."""
    try:
        return {
            name: (rows, total)
            for name, (rows, total) in store.audit.sums().items()
            if isinstance(rows, int) and isinstance(total, int)
        }
    except (IndexFolderError, ValueError, TypeError):
        return {}


def _lost(table: str, values: Mapping[str, Any]) -> str:
    if table == "articles":
        return f"article {values['id']} ({values['source']}): its row is damaged"
    return f"text {values[TABLES[table][0]]}: it is damaged"


def _consistent(rows: Rows) -> tuple[Rows, list[str]]:
    """The rows that need nothing that is lost: articles with their texts, texts with an article."""
    lost = []
    texts = {row["id"]: row for row in rows["texts"]}
    articles = []
    for row in rows["articles"]:
        if row["text_id"] in texts:
            articles.append(row)
        else:
            lost.append(f"article {row['id']} ({row['source']}): its text is lost")
    used = {row["text_id"] for row in articles}
    for number, row in texts.items():
        if number not in used:
            lost.append(f"text {number} ({row['title']!r}): its article's row is lost")
    kept = dict(rows)
    kept["articles"] = articles
    kept["texts"] = [row for row in rows["texts"] if row["id"] in used]
    kept["passages"] = [row for row in rows["passages"] if row["text_id"] in used]
    # What files gave is only a way not to read them again; without it they are read again.
    kept["files"] = [
        row for row in rows["files"] if _gave_known(row, {row["id"] for row in articles})
    ]
    kept["segments"] = [row for row in rows["segments"] if _is_segment(row)]
    return kept, lost


def _gave_known(row: Mapping[str, Any], known: set[str]) -> bool:
    try:
        return set(json.loads(row["articles"])) <= known
    except (ValueError, TypeError, RecursionError):
        return False


def _is_segment(row: Mapping[str, Any]) -> bool:
    try:
        segment_record(row)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return False
    return True


def _put_settings(
    store: Store, rows: Sequence[Mapping[str, Any]], embedder: Embedder | None
) -> None:
    """The settings that are sound; the others as this version and its model have them."""
    sound = {row["name"]: row["value"] for row in rows if not problem_of(row)}
    config = IndexConfig()
    if "config" in sound:
        config = stored_config(sound, store.path.parent)
    chosen = embedder or embedder_of(config)
    settings = {IDENTITY: new_identity()} | settings_of(config, chosen) | sound
    check_settings(settings, config, chosen, store.path.parent)
    store.put_settings(settings)


def _split_again(store: Store, rows: Rows, embedder: Embedder | None) -> None:
    """Give the texts of which a passage is lost new passages."""
    config = _config_of(store)
    embedder = embedder or embedder_of(config)
    have: dict[int, list[tuple[int, int, str]]] = {}
    for row in rows["passages"]:
        have.setdefault(row["text_id"], []).append((row["start"], row["end"], row["sentences"]))
    for row in rows["texts"]:
        chunks = split_article(row["text"], row["title"], row["language"], config, embedder)
        expected = [
            (c.start, c.end, json.dumps([[s.start, s.end] for s in c.sentences]).replace(" ", ""))
            for c in chunks
        ]
        if sorted(have.get(row["id"], [])) != sorted(expected):
            with store.atomic():
                store.texts.put_passages(row["id"], store.texts.next_passage_id(), chunks)


def _swap(folder: Path, new: Path) -> Path:
    """Put a new record in the place of the damaged one; returns where that lies."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    kept = folder / f"{RECORD}.damaged-{moment}"
    shutil.copyfile(folder / RECORD, kept)
    log = folder / f"{RECORD}-wal"
    if log.is_file() and log.stat().st_size:
        shutil.copyfile(log, Path(f"{kept}-wal"))
    for path in (kept, new):
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())
    # A log beside a record that it does not belong to would be read into it, so it goes first.
    for suffix in ("-wal", "-shm"):
        (folder / f"{RECORD}{suffix}").unlink(missing_ok=True)
        Path(f"{new}{suffix}").unlink(missing_ok=True)
    segment.sync_folder(folder)
    new.replace(folder / RECORD)
    segment.sync_folder(folder)
    return kept


# ---- segments ------------------------------------------------------------------------------------


class _Builder:
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

    def build(self, unsound: set[str]) -> None:
        """Replace the segments named ``unsound``, in one transaction."""
        live = set(self._store.texts.passage_ids())
        held: set[int] = set()
        stored: set[int] = set()
        last = 0
        dropped: list[SegmentRecord] = []
        starts: list[int] = []
        for entry in self._store.segments.all():
            ids = set() if entry.name in unsound else _ids_of(self._folder.parent, [entry])
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


def _ids_of(folder: Path, entries: Iterable[SegmentRecord]) -> set[int]:
    """The passages that these segments hold, as far as their lists are sound."""
    found: set[int] = set()
    for entry in entries:
        try:
            ids = segment.open_array(folder / "segments", entry, "ids")
        except IndexDamagedError:
            continue
        found.update(np.asarray(ids).tolist())
    return found


def _strays(folder: Path, known: Mapping[str, SegmentRecord]) -> list[SegmentRecord]:
    """The segments on the disk that the record no longer names; their vectors may be of use."""
    entries = sorted((folder / "segments").glob("*"))
    return [
        SegmentRecord(entry.name, 0, {})
        for entry in entries
        if entry.is_dir() and not entry.is_symlink() and entry.name not in known
    ]


def _config_of(store: Store) -> IndexConfig:
    return config_of(store.settings(), None, store.path.parent)
