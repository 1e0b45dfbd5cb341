"""Bugs planted on purpose, to show that the suite finds what it is there to find.

Each replaces something in a child process that writes; the process that checks has none.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.digest import sha256_of
from index.storage import segment
from index.storage.segment_rows import SegmentRows
from index.storage.store import Store


def plant(name: str) -> None:
    """Bring bug ``name`` into this process; "" is none. After the layer is installed."""
    if name:
        BUGS[name]()


def _file_not_synced() -> None:
    _skip_sync(lambda mode: stat.S_ISREG(mode))


def _folder_not_synced() -> None:
    _skip_sync(lambda mode: stat.S_ISDIR(mode))


def _skip_sync(skipped: Callable[[int], bool]) -> None:
    real = os.fsync

    def fsync(fd: Any) -> None:
        if not skipped(os.fstat(fd).st_mode):
            real(fd)

    os.fsync = fsync


def _commit_before_sync() -> None:
    """Files are forced to the disk, but only once the transaction that names them is committed."""
    waiting: list[int] = []
    real_fsync, real_atomic = os.fsync, Store.atomic

    @contextmanager
    def atomic(store: Store) -> Iterator[None]:
        with real_atomic(store):
            yield
        while waiting:
            fd = waiting.pop(0)
            real_fsync(fd)
            os.close(fd)

    vars(os)["fsync"] = lambda fd: waiting.append(os.dup(fd))
    Store.atomic = atomic  # type: ignore[method-assign, assignment]


def _eager_cleaning() -> None:
    """What counts as left over is told from a list of segments that is no longer true."""
    real, first = segment.remove_leftovers, list[set[str]]()

    def remove_leftovers(folder: Path, known: Any, still: Any = None) -> list[str]:
        first.append(set(known))
        return real(folder, first[0])

    segment.remove_leftovers = remove_leftovers


def _late_checksum() -> None:
    """Bytes change on the way to the disk, and the checksum is taken of what arrived."""
    real, done = sha256_of, set[Path]()

    def digest(path: Path) -> str:
        if path.name == "vectors.npy" and path not in done:
            done.add(path)
            content = bytearray(path.read_bytes())
            for place in range(129, len(content), 2):
                content[place] ^= 0x80
            path.write_bytes(content)
        return real(path)

    vars(segment)["sha256_of"] = digest


def _lazy_transactions() -> None:
    """SQLite is told to leave the syncing to the system."""
    real = Store._prepare

    def prepare(store: Store, read_only: bool) -> None:
        real(store, read_only)
        store._connection.execute("PRAGMA synchronous = OFF")

    Store._prepare = prepare  # type: ignore[method-assign, assignment]


def _two_transactions() -> None:
    """The segment is named in a transaction of its own, after the one with its articles."""
    real_put, real_atomic = SegmentRows.put, Store.atomic
    waiting: list[Any] = []

    @contextmanager
    def atomic(store: Store) -> Iterator[None]:
        with real_atomic(store):
            yield
        if waiting:
            with real_atomic(store):
                real_put(store.segments, waiting.pop())

    SegmentRows.put = lambda rows, record: waiting.append(record)  # type: ignore[method-assign, assignment]
    Store.atomic = atomic  # type: ignore[method-assign, assignment]


def _failed_sync_tried_again() -> None:
    """A sync that fails is tried once more, and the second answer is believed."""
    real = os.fsync

    def fsync(fd: Any) -> None:
        try:
            real(fd)
        except OSError:
            real(fd)

    os.fsync = fsync


def _no_snapshot() -> None:
    """A search reads from whatever commit is the newest at each of its steps."""

    @contextmanager
    def snapshot(store: Store) -> Iterator[None]:
        yield

    Store.snapshot = snapshot  # type: ignore[method-assign, assignment]


def _log_not_forced() -> None:
    """What a process before could not force to the disk is taken for forced."""
    Store.force_log = lambda store: None  # type: ignore[method-assign, assignment]


def _replaced_unseen() -> None:
    """Nobody looks whether the record that is open is still the one that has the name."""
    for name in ("_renew", "check_place"):
        setattr(Store, name, lambda store: None)


BUGS: dict[str, Callable[[], None]] = {
    "a file's sync is left out": _file_not_synced,
    "a folder's sync is left out": _folder_not_synced,
    "the commit comes before the syncs": _commit_before_sync,
    "left-overs are cleaned too eagerly": _eager_cleaning,
    "the checksum is taken after the damage": _late_checksum,
    "transactions are not synced": _lazy_transactions,
    "there are two points of commit": _two_transactions,
    "a failed sync is tried again and believed": _failed_sync_tried_again,
    "a log that failed before is trusted": _log_not_forced,
    "a search has no snapshot": _no_snapshot,
    "a replaced record goes unnoticed": _replaced_unseen,
}

__all__ = ["BUGS", "plant"]
