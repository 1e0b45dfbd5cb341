"""Who changes the index through the page takes turns with the others, in the order of coming.

An index has one writer at a time and refuses a second one at once, which is right between
processes. Within this one a long addition would shut everybody else out for as long as it takes; so
it takes a turn for some articles at a time, and whoever removes or edits goes between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock
from weakref import WeakKeyDictionary

from index import Index, IndexBusyError
from index.translation import text

PATIENCE = 30.0
"""Seconds that somebody waits for a turn who is looking on."""


class Turns:
    """Turns at one thing, first come, first served."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[Event] = deque()
        """The first one is whose turn it is."""

    @contextmanager
    def turn(self, patience: float | None = None) -> Iterator[None]:
        """One's turn. Raises IndexBusyError where it does not come in ``patience`` seconds."""
        mine = Event()
        with self._lock:
            self._waiting.append(mine)
            self._call_first()
        try:
            if not mine.wait(patience):
                raise IndexBusyError(
                    text(
                        "The collection is being written to just now. Please try again in a moment."
                    )
                )
            yield
        finally:
            with self._lock:
                self._waiting.remove(mine)
                self._call_first()

    def _call_first(self) -> None:
        if self._waiting:
            self._waiting[0].set()


def turns_of(index: Index) -> Turns:
    """The turns of all who write to this index."""
    with _MAKING:
        return _TURNS.setdefault(index, Turns())


_MAKING = Lock()
_TURNS: WeakKeyDictionary[Index, Turns] = WeakKeyDictionary()
