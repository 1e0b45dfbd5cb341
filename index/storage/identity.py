"""Which record is open: the file itself, and the index that it belongs to.

A record can be replaced while it is open, by ``qa repair``, by a backup that is restored, or with
its whole folder. SQLite goes on with the file that it has, which has no name any more: what is
written there is lost. So each use compares the open file with the one that has the name now, and
where another has it, the identity that both hold says whether that is the same index.
"""

from __future__ import annotations

import os
import stat
import uuid
from pathlib import Path
from typing import TypeAlias

from index.errors import IndexFolderError
from index.translation import text

Place: TypeAlias = "tuple[int, int]"
"""A file's device and inode, which no other has as long as it is open."""

IDENTITY = "identity"
"""The name of the setting that tells an index from every other; repair and restore keep it."""


def new_identity() -> str:
    return uuid.uuid4().hex


def place_of(path: Path) -> Place | None:
    """Where the file lies that has this name now; None where none has it."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


def refuse_strange(record: Path) -> None:
    """Refuse a record, or one of the files beside it, that is a link or no file.

    An index that comes from elsewhere could lead what is written to a file of its receiver.
    Raises IndexFolderError.
    """
    names = (record.name, *(f"{record.name}-{end}" for end in ("wal", "shm", "journal")))
    for name in (*names, "writer.lock", "held-by.lock", "held-by.tmp"):
        _refuse_unless("file", record.with_name(name))
    _refuse_unless("folder", record.with_name("segments"))


def is_there(record: Path) -> bool:
    """Whether something has the record's name. Raises IndexFolderError where it cannot be told."""
    return _mode_of(record) is not None


def _mode_of(path: Path) -> int | None:
    try:
        return os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise IndexFolderError(
            text(
                "{path} cannot be looked at: {reason}. Check the name, and who may read there.",
                path=path,
                reason=reason,
            )
        ) from error


def _refuse_unless(kind: str, path: Path) -> None:
    mode = _mode_of(path)
    if mode is None:
        return
    if not (stat.S_ISREG(mode) if kind == "file" else stat.S_ISDIR(mode)):
        what = "a link" if stat.S_ISLNK(mode) else f"no {kind}"
        raise IndexFolderError(
            text(
                "{path} is {what}, which no index has there. Remove it, or name another folder "
                "with --index.",
                path=path,
                what=what,
            )
        )


def has_segments(record: Path) -> bool:
    """Whether segments lie beside a record, so that it cannot be that of a new index."""
    try:
        with os.scandir(record.with_name("segments")) as entries:
            return any(entry.is_dir(follow_symlinks=False) for entry in entries)
    except OSError:
        return False


def is_gone(record: Path) -> IndexFolderError:
    return IndexFolderError(
        text(
            "{record} is not there any more: it was removed while it was open. Nothing was "
            "written. Open the index again, or restore a backup: qa restore FILE --index "
            "NEW_FOLDER",
            record=record,
        )
    )


def is_another(record: Path) -> IndexFolderError:
    return IndexFolderError(
        text(
            "{record} is another index than the one that was opened: it was replaced "
            "meanwhile. Nothing was written to it. Start the program again to use the new "
            "one.",
            record=record,
        )
    )


def was_replaced(record: Path) -> IndexFolderError:
    return IndexFolderError(
        text(
            "{record} was replaced while it was being written to. What was asked for is "
            "not stored, or only in part. Run it again.",
            record=record,
        )
    )
