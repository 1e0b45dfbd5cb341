"""Reading a record's own bytes without taking away the locks that SQLite holds on it.

POSIX frees all locks of a process on a file as soon as the process closes any descriptor of it
(https://sqlite.org/howtocorrupt.html, 2.2). Another process would then take the record for closed
and delete the log that is still in use. So a descriptor of a record that this process has open
stays open, and is used again, until the last connection to it is closed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from index.storage.identity import Place, place_of


@dataclass(slots=True)
class _Held:
    connections: int = 0
    descriptor: int | None = None


_lock = RLock()
_held: dict[Place, _Held] = {}


def hold(place: Place) -> None:
    """A connection to the file at ``place`` is open from now on."""
    with _lock:
        _held.setdefault(place, _Held()).connections += 1


def release(place: Place) -> None:
    """A connection that ``hold`` was told of is closed."""
    with _lock:
        held = _held[place]
        held.connections -= 1
        if not held.connections:
            del _held[place]
            if held.descriptor is not None:
                os.close(held.descriptor)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A descriptor to read a file with, by ``os.pread``. Raises OSError."""
    with _lock:
        place = place_of(path)
        held = _held.get(place) if place else None
        if held is not None:
            if held.descriptor is None:
                held.descriptor = os.open(path, os.O_RDONLY)
            yield held.descriptor
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
