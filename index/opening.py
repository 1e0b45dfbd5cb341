"""Where an index is, and whether there is one."""

from __future__ import annotations

import os
from pathlib import Path

from index.errors import IndexDamagedError, IndexFolderError
from index.storage import segment
from index.storage.identity import has_segments, is_there
from index.storage.store import Store
from index.translation import text


def default_path() -> Path:
    """The folder that is used where none is named: ``QA_INDEX``, or the user's data folder."""
    import platformdirs

    named = os.environ.get("QA_INDEX")
    return Path(named) if named else Path(platformdirs.user_data_dir("fundstelle")) / "index"


def open_record(folder: Path, *, read_only: bool, create: bool) -> Store:
    """The record of an index folder, or of a new one.

    Raises IndexFolderError where there is none and none is to be made, or where the folder cannot
    be used, IndexDamagedError where only the record is missing.
    """
    database = folder / "articles.db"
    if not is_there(database):
        if has_segments(database):
            raise IndexDamagedError(
                text(
                    "{database} is missing, though segments lie beside it, which cannot replace "
                    "it. Restore a backup: qa restore FILE --index NEW_FOLDER",
                    database=database,
                )
            )
        if folder.exists() and not folder.is_dir():
            raise IndexFolderError(
                text(
                    "{folder} is a file, and an index is a folder. Name another with --index.",
                    folder=folder,
                )
            )
        if read_only or not create:
            raise IndexFolderError(
                text(
                    "There is no index in {folder}. Add articles first: qa --index {folder} add "
                    "PATH",
                    folder=folder,
                )
            )
        _make_folder(folder)
    return Store(database, read_only=read_only)


def _make_folder(folder: Path) -> None:
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in made:
            segment.sync_folder(path.absolute().parent)
    except OSError as error:
        raise IndexFolderError(
            text(
                "{folder} cannot be made: {reason}. Name another folder with --index.",
                folder=folder,
                reason=error.strerror,
            )
        ) from error
