"""SQLite's errors as ours: with the file, the reason and the remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from index.errors import IndexDamagedError, IndexFolderError, IndexMismatchError
from index.storage.identity import has_segments
from index.storage.schema import FORMAT
from index.translation import text

_NO_FORMAT = 1 << 16
"""A number that no format ever has: the header is damaged."""


def is_foreign(error: BaseException) -> bool:
    """Whether the disk or the file is at fault, not the program."""
    return isinstance(error, (sqlite3.DatabaseError, UnicodeDecodeError)) and not isinstance(
        error, (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
    )


def unusable(path: Path, read_only: bool, error: sqlite3.Error) -> IndexFolderError:
    if "malformed" in str(error):
        return no_index(path, str(error))
    if read_only:
        told = text(
            "Check that the folder exists and may be read, and that not too many files are open."
        )
    else:
        told = text(
            "Check that the folder exists and may be written, and that there is room and not too "
            "many files are open."
        )
    return IndexFolderError(
        text("{path} cannot be opened: {error}. {remedy}", path=path, error=error, remedy=told)
    )


def explained(path: Path, error: BaseException) -> IndexFolderError:
    """What a foreign error of an open database means for its user."""
    remedies = {
        sqlite3.SQLITE_FULL: text("Make room, then try again."),
        sqlite3.SQLITE_IOERR: text("Check the disk and its room, then try again."),
        sqlite3.SQLITE_CANTOPEN: text(
            "Check that the folder exists and who may write there, and whether too many files are "
            "open; else start the program again."
        ),
        sqlite3.SQLITE_READONLY: text("Check who may write there."),
        sqlite3.SQLITE_BUSY: text("Wait until the other process has ended, then try again."),
    }
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in remedies:
        return IndexFolderError(
            text(
                "{path} cannot be used: {error}. What was stored before is untouched. {remedy}",
                path=path,
                error=error,
                remedy=remedies[code],
            )
        )
    return IndexDamagedError(
        text(
            "{path} is damaged: {error}. qa verify shows where, qa repair saves what is sound.",
            path=path,
            error=error,
        )
    )


def newer(path: Path, version: int) -> IndexFolderError:
    if not 0 < version < _NO_FORMAT:
        return no_index(path, text("it says that its format is {version}", version=version))
    return IndexMismatchError(
        text(
            "{path} has storage format {version}; this version of Fundstelle knows up to {known}. "
            "Install a newer version: pip install --upgrade fundstelle",
            path=path,
            version=version,
            known=FORMAT,
        )
    )


def no_index(path: Path, reason: str) -> IndexFolderError:
    if has_segments(path):
        return IndexDamagedError(
            text(
                "{path} is damaged: {reason}. qa repair saves what is sound; or restore a backup: "
                "qa restore FILE --index NEW_FOLDER",
                path=path,
                reason=reason,
            )
        )
    return IndexFolderError(
        text(
            "{path} is not an index: {reason}. Name another folder with --index.",
            path=path,
            reason=reason,
        )
    )
