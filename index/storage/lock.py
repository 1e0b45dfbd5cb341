"""The one writer's lock, and a note of who holds it."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.errors import IndexBusyError, IndexFolderError, unwritable
from index.storage.identity import Place, place_of
from index.translation import text

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


@dataclass(frozen=True, slots=True)
class HeldLock:
    """The lock that this process holds: a file, which is of use as long as it has its name."""

    path: Path
    place: Place | None

    def check(self) -> None:
        """Raises IndexFolderError where another writer may hold the lock that is there now."""
        if self.place is None or place_of(self.path) != self.place:
            raise IndexFolderError(
                text(
                    "{path} was removed or replaced while it was held: another process may be "
                    "writing. What was asked for is not stored, or only in part. Run it again.",
                    path=self.path,
                )
            )


@contextmanager
def writer_lock(folder: Path) -> Iterator[HeldLock]:
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
            text(
                "Another process is writing to {folder}: {told}. Wait until it has ended, then "
                "try again.",
                folder=folder,
                told=_told(folder),
            )
        ) from error
    except OSError as error:
        raise unwritable(folder / LOCK, error) from error
    try:
        _put_note(folder)
        yield HeldLock(folder / LOCK, place_of(folder / LOCK))
    finally:
        with suppress(OSError):  # left over, it is told from a living one by its process
            (folder / NOTE).unlink(missing_ok=True)
        lock.release()


def current_writer(folder: Path) -> Writer | None:
    """Who says that they are writing, unless that process has ended.

    A note that was left by a killed process counts for nothing; on another machine it cannot be
    told.
    """
    path = folder / NOTE
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):  # to read a pipe would take for ever
            return None
        note = Writer(**json.loads(path.read_text("utf-8")))
        if note.host == socket.gethostname():
            os.kill(note.pid, 0)
    except PermissionError:
        return note  # of another user, but there
    except (OSError, ValueError, TypeError, RecursionError):
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
        new.unlink(missing_ok=True)
        with new.open("x", encoding="utf-8") as stream:  # never through a link
            stream.write(json.dumps(asdict(note)))
        new.replace(folder / NOTE)
