"""What is damaged, built again from what is sound."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from index.compatibility import check_settings, embedder_of
from index.encoder.embedder import Embedder
from index.errors import IndexDamagedError, IndexFolderError
from index.maintenance.check import Examined, examine, verify
from index.maintenance.record_repair import Rebuilt, rebuild_record, stored_config_of
from index.maintenance.salvage import RECORD
from index.maintenance.segment_repair import SegmentBuilder
from index.records import RepairReport
from index.storage.identity import refuse_strange
from index.storage.lock import writer_lock
from index.storage.store import Store
from index.translation import text


def repair(folder: Path, embedder: Embedder | None = None) -> RepairReport:
    """Build again all that is damaged in an index folder.

    A sound index is left as it is. The damaged record is kept beside the new one, with its time in
    its name. ``embedder`` is by default the model that the index was built with. Raises
    IndexFolderError where there is no index, IndexBusyError, IndexMismatchError.
    """
    if not (folder / RECORD).is_file():
        raise IndexFolderError(
            text(
                "There is no record {record}, which segments cannot replace. Restore a backup: "
                "qa restore FILE --index NEW_FOLDER",
                record=folder / RECORD,
            )
        )
    refuse_strange(folder / RECORD)
    with writer_lock(folder) as lock:
        before = examine(folder)
        if not before.report.damage:
            return RepairReport(str(folder), segments=0)
        rebuilt = rebuild_record(folder, embedder) if before.is_record_damaged else None
        with closing(Store(folder / RECORD, read_only=False)) as store, store.held(lock.check):
            store.force_log()
            built = _build_segments(folder, store, embedder, before, rebuilt)
    _check_repaired(folder)
    return RepairReport(
        str(folder),
        before.report.damage,
        rebuilt.lost if rebuilt else (),
        built.segments,
        built.passages,
        built.embedded,
        str(rebuilt.kept) if rebuilt else None,
    )


def _build_segments(
    folder: Path,
    store: Store,
    embedder: Embedder | None,
    before: Examined,
    rebuilt: Rebuilt | None,
) -> SegmentBuilder:
    config = stored_config_of(store)
    embedder = embedder or embedder_of(config)
    check_settings(store.settings(), config, embedder, folder)
    builder = SegmentBuilder(folder, store, embedder, rebuilt.strays if rebuilt else ())
    builder.build(before.unsound_segments)
    return builder


def _check_repaired(folder: Path) -> None:
    for first in verify(folder).damage:
        raise IndexDamagedError(
            text(
                "{folder} is still damaged: {where}: {problem}. Restore a backup: qa restore "
                "FILE --index NEW_FOLDER",
                folder=folder,
                where=first.where,
                problem=first.problem,
            )
        )
