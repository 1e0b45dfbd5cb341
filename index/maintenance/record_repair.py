"""The record built again from its sound rows.

Texts and articles are the record: nothing can replace them, so a damaged one is named as lost.
Passages follow from texts.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
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
from index.errors import IndexDamagedError
from index.indexing.fresh import split_article
from index.maintenance.record_check import segment_record
from index.maintenance.salvage import RECORD, Rows, consistent, salvage, unlink
from index.storage import segment
from index.storage.identity import IDENTITY, new_identity
from index.storage.schema import TABLES
from index.storage.segment import SegmentRecord
from index.storage.store import Store
from index.storage.texts import StoredText


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Where the damaged record lies, what is lost, and which segments the new one does not name."""

    kept: Path
    lost: tuple[str, ...]
    strays: tuple[SegmentRecord, ...]


def rebuild_record(folder: Path, embedder: Embedder | None) -> Rebuilt:
    """Write the sound rows of the record into a new one, and put it in the place of the old."""
    new = folder / f"{RECORD}.new"
    try:
        return _rewrite_record(folder, new, embedder)
    finally:
        unlink(new)


def _rewrite_record(folder: Path, new: Path, embedder: Embedder | None) -> Rebuilt:
    rows, lost = salvage(folder)
    kept_rows, more = consistent(rows)
    lost += more
    unlink(new)
    known = {row["name"]: segment_record(row) for row in kept_rows["segments"]}
    with closing(Store(new, read_only=False, anew=True)) as store:
        with store.atomic():
            _put_settings(store, kept_rows["settings"], embedder)
            for table in TABLES:
                if table not in ("settings", "removed"):
                    for row in kept_rows[table]:
                        store.audit.put_raw(table, row)
            held = ids_of(folder, known.values())
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
    return Rebuilt(kept, tuple(lost), tuple(_strays(folder, known)))


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
    config = stored_config_of(store)
    embedder = embedder or embedder_of(config)
    have: dict[int, list[tuple[int, int, str]]] = {}
    for row in rows["passages"]:
        have.setdefault(row["text_id"], []).append((row["start"], row["end"], row["sentences"]))
    for row in rows["texts"]:
        text = StoredText(row["id"], row["text"], row["title"], row["language"])
        chunks = split_article(text, config, embedder)
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


def ids_of(folder: Path, entries: Iterable[SegmentRecord]) -> set[int]:
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


def stored_config_of(store: Store) -> IndexConfig:
    return config_of(store.settings(), None, store.path.parent)
