"""How fast an addition goes, and how long the rest of it will take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW = 10.0
"""Seconds that the rate is taken over: long enough for a commit's pause, short enough to follow."""

LEAST = 1.0
"""Seconds after which there is a rate."""


class Pace:
    """Passages over time, and over how much of what is to be read they came from.

    ``whole`` is that in bytes. How many passages there will be is told by how many there were in
    the bytes that are done with; what was there already gives none and takes no time.
    """

    def __init__(self, whole: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._whole = whole
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])
        self._done_bytes = 0
        self._done_passages = 0

    def embedded(self, passages: int) -> None:
        """So many passages were embedded until now."""
        now = self._clock()
        if passages == self._seen[-1][1]:
            return
        if len(self._seen) == 1:
            self._seen[0] = (now, 0)  # what came before was the loading of the model
        self._seen.append((now, passages))

    def stored(self, read: int, passages: int) -> None:
        """What was read in the first ``read`` bytes is stored; it had so many passages."""
        self._done_bytes, self._done_passages = read, passages

    @property
    def share(self) -> float:
        """How much of the whole is done with, 0 to 1."""
        return self._done_bytes / self._whole if self._whole else 0.0

    @property
    def rate(self) -> float | None:
        """Passages a second of late; None before there is one."""
        now = self._clock()
        while len(self._seen) > 2 and self._seen[1][0] < now - WINDOW:
            self._seen.popleft()
        (begun, before), (_, latest) = self._seen[0], self._seen[-1]
        if now - begun < LEAST or latest == before:
            return None
        return (latest - before) / (now - begun)

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take; None where that cannot be told yet."""
        rate = self.rate
        if rate is None or not self._done_bytes or not self._done_passages:
            return None
        expected = self._done_passages * self._whole / self._done_bytes
        return max(0.0, expected - self._seen[-1][1]) / rate
