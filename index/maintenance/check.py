"""Everything that is stored, read and compared: with its checksums, and with each other.

Works on a folder, without a model, so that an index can be checked that cannot be opened.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.compatibility import refuse_newer
from index.errors import (
    IndexBusyError,
    IndexDamagedError,
    IndexFolderError,
    IndexMismatchError,
)
from index.maintenance.record_check import check_record
from index.maintenance.segment_check import Texts, check_cover, check_segment
from index.records import CheckReport, Damage
from index.storage.identity import refuse_strange
from index.storage.store import Store
from index.translation import text

_ATTEMPTS = 10
"""Each time a writer has just merged away what was being read."""

OnRead = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Examined:
    """A report, and where in the index the damage is."""

    report: CheckReport
    is_record_damaged: bool
    unsound_segments: frozenset[str] = frozenset()
    """The names of the segments in which something is wrong."""
    segments: frozenset[str] = frozenset()


def verify(folder: Path, progress: OnRead | None = None) -> CheckReport:
    """Read a whole index and report all damage. ``progress`` is told what is read next.

    Others may read and write meanwhile. Raises IndexFolderError where there is no index, or one of
    a newer format.
    """
    return examine(folder, progress).report


def examine(folder: Path, progress: OnRead | None = None) -> Examined:
    """As ``verify``."""
    database = folder / "articles.db"
    if not database.is_file():
        raise IndexFolderError(
            text(
                "There is no index in {folder}. Add articles first: qa --index {folder} add PATH",
                folder=folder,
            )
        )
    refuse_strange(database)
    for _ in range(_ATTEMPTS):
        found = _examine(folder, progress or (lambda what: None))
        if not found.report.damage or not _are_merged_away(database, found.segments):
            return found
    raise IndexBusyError(
        text(
            "{folder} is being changed too fast to be checked. Wait, then try again.", folder=folder
        )
    )


def _examine(folder: Path, told: OnRead) -> Examined:
    """One attempt on the newest commit."""
    database = folder / "articles.db"
    told(str(database))
    try:
        store = Store(database, read_only=True, undecoded=True)
    except IndexMismatchError:
        raise  # of a newer format: what this version does not know is no damage
    except IndexFolderError as error:
        if not isinstance(error, IndexDamagedError) and not _was_an_index(folder):
            raise
        damage = (Damage("articles.db", str(error)),)
        return Examined(CheckReport(str(folder), files=1, damage=damage), is_record_damaged=True)
    with closing(store), store.snapshot():
        return _examine_commit(folder, store, told)


def _examine_commit(folder: Path, store: Store, told: OnRead) -> Examined:
    refuse_newer(_readable_settings(store), folder)
    record = check_record(store)
    texts = Texts(store)
    held: list[NDArray[np.int64]] = []
    damage: dict[str, list[Damage]] = {}
    for entry in record.segments:
        told(str(folder / "segments" / entry.name))
        damage[entry.name] = check_segment(folder / "segments", entry, record, texts, held)
    files = [file for entry in record.segments for file in entry.files.values()]
    report = CheckReport(
        path=str(folder),
        articles=record.articles,
        texts=len(record.lengths),
        passages=len(record.sentences),
        segments=len(record.segments),
        files=1 + len(files),
        bytes=store.path.stat().st_size + sum(file.bytes for file in files),
        damage=(*record.damage, *chain.from_iterable(damage.values()), *check_cover(record, held)),
    )
    return Examined(
        report,
        is_record_damaged=bool(record.damage),
        unsound_segments=frozenset(name for name, found in damage.items() if found),
        segments=frozenset(damage),
    )


def _readable_settings(store: Store) -> dict[str, str]:
    """The settings that are as they were written."""
    try:
        return {
            raw.values["name"]: raw.values["value"]
            for raw in store.audit.raw_rows("settings")
            if raw.sound
        }
    except IndexDamagedError:
        return {}


def _are_merged_away(database: Path, names: frozenset[str]) -> bool:
    """Whether a segment of these is named no longer, so that its files may have gone meanwhile."""
    try:
        with closing(Store(database, read_only=True)) as store:
            return bool(names - {entry.name for entry in store.segments.all()})
    except IndexFolderError:
        return False  # the record itself is damaged


def _was_an_index(folder: Path) -> bool:
    """Whether what cannot be opened was ours: its segments or its lock lie beside it."""
    return (folder / "segments").is_dir() or (folder / "writer.lock").exists()
