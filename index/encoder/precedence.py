"""Who waits for an answer goes before who adds articles: both would have the same cores."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

AFTERWARDS = 0.05
"""Seconds for which others still wait: a question comes in several steps."""

PATIENCE = 1.0
"""Seconds after which others go on all the same, so that no end of questions stops an addition."""


class Precedence:
    """Lets some work go first, and other work wait for it between its parts."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._first = 0
        self._ended = -AFTERWARDS

    @contextmanager
    def first(self) -> Iterator[None]:
        """Others wait meanwhile."""
        with self._changed:
            self._first += 1
        try:
            yield
        finally:
            with self._changed:
                self._first -= 1
                self._ended = time.monotonic()
                self._changed.notify_all()

    def give_way(self) -> None:
        """Wait until nobody goes first, but not for ever."""
        until = time.monotonic() + PATIENCE
        with self._changed:
            while (now := time.monotonic()) < until:
                if self._first:
                    self._changed.wait(until - now)
                elif now < self._ended + AFTERWARDS:
                    self._changed.wait(self._ended + AFTERWARDS - now)
                else:
                    return
