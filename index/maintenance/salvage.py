"""What of a damaged record can still be read: its sound rows, and the names of what is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from index.errors import IndexDamagedError, IndexFolderError, writing_to
from index.maintenance.record_check import segment_record
from index.storage.audit import RawRow
from index.storage.schema import TABLES, restore_header
from index.storage.store import Store
from index.translation import text

RECORD = "articles.db"

Rows = dict[str, list[dict[str, Any]]]
"""The rows of each table by their columns."""

_BEYOND = 1_000
"""Rows that are looked for after the last one that a table is known to have."""


def salvage(folder: Path) -> tuple[Rows, list[str]]:
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
        unlink(copy)
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
        text(
            "{path} cannot be read at all: {reason}. Restore a backup: qa restore FILE "
            "--index NEW_FOLDER",
            path=path,
            reason=reason.rstrip("."),
        )
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


def consistent(rows: Rows) -> tuple[Rows, list[str]]:
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


def unlink(record: Path) -> None:
    """Delete a record with what lies beside it."""
    with writing_to(record):
        for end in ("", "-wal", "-shm"):
            Path(f"{record}{end}").unlink(missing_ok=True)
