"""What takes a moment to load, loaded once: when it is asked for, or before, beside other work."""

from __future__ import annotations

import gc
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
def undisturbed() -> Iterator[None]:
    """Imports and loading in this block take a tenth less, while they go on in several threads.

    A thread that loads gives its turn away at each file that it reads, and has it back when
    another's is over: at the usual 5 ms it waits more than it works. And garbage is not looked for:
    modules and models are none, and become more all the time.
    """
    usual, collects = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(TURN)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
        if collects:
            gc.enable()
