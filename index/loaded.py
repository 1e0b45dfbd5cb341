"""What takes a moment to load, loaded once: when it is asked for, or before, beside other work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

TURN = 1e-4
"""Seconds."""


class Loaded(Generic[T]):
    """What ``load`` gives. One thread loads, others wait; what fails is tried anew."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._lock = Lock()
        self._found: list[T] = []

    def get(self) -> T:
        """The thing, loaded where it is not yet. Raises what loading it raises."""
        with self._lock:
            if not self._found:
                self._found.append(self._load())
            return self._found[0]

    def begin(self) -> None:
        """Load it in a thread, unless it is there or being loaded; the process waits for it."""
        if not self._found and not self._lock.locked():
            Thread(target=self._tried, name="loading").start()

    def _tried(self) -> None:
        with suppress(Exception):  # whoever asks for it is told
            self.get()


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads that run Python take turns every tenth of a millisecond in this block.

    One that loads gives its turn away at each file that it reads, and has it back when another's
    is over. Beside imports, at the usual 5 ms, that made a tenth of a cold question.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
