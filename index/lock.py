"""The one writer's lock, and a note of who holds it."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.errors import IndexBusyError, unwritable

LOCK = "writer.lock"
NOTE = "held-by.lock"  # a name that is never taken for an article's


@dataclass(frozen=True, slots=True)
class Writer:
    """The process that writes to an index: its number, program, machine, and since when (UTC)."""

    pid: int
    program: str
    host: str
    since: str

    def __str__(self) -> str:
        return f"{self.program}, process {self.pid} on {self.host}, since {self.since}"


@contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of an index folder; the system frees it when the process ends.

    Raises IndexBusyError at once where another holds it, IndexFolderError where the folder cannot
    be written.
    """
    import filelock

    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise IndexBusyError(
            f"Another process is writing to {folder}: {_told(folder)}. Wait until it has ended, "
            "then try again."
        ) from error
    except OSError as error:
        raise unwritable(folder / LOCK, error) from error
    try:
        _put_note(folder)
        yield
    finally:
        with suppress(OSError):  # left over, it is told from a living one by its process
            (folder / NOTE).unlink(missing_ok=True)
        lock.release()


def current_writer(folder: Path) -> Writer | None:
    """Who says that they are writing, unless that process has ended.

    A note that was left by a killed process counts for nothing; on another machine it cannot be
    told.
    """
    try:
        note = Writer(**json.loads((folder / NOTE).read_text("utf-8")))
        if note.host == socket.gethostname():
            os.kill(note.pid, 0)
    except PermissionError:
        return note  # of another user, but there
    except (OSError, ValueError, TypeError):
        return None
    return note


def _told(folder: Path) -> str:
    # The note comes a moment after the lock, so there may be none yet, or a dead one's.
    return str(current_writer(folder) or "one that has just begun")


def _put_note(folder: Path) -> None:
    since = datetime.now(UTC).replace(microsecond=0).isoformat()
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    note = Writer(os.getpid(), program, socket.gethostname(), since)
    # Only for people: replaced whole, not forced to the disk, and a full disk changes nothing.
    with suppress(OSError):
        new = folder / "held-by.tmp"
        new.write_text(json.dumps(asdict(note)), "utf-8")
        new.replace(folder / NOTE)
