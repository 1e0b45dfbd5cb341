"""Articles that were removed on the page, held for a while in case that was a mistake."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from index import ArticleNotFoundError
from index.translation import text

if TYPE_CHECKING:
    from index import Withdrawn

SECONDS = 600.0
"""For so long a removal can be undone."""

MOST = 20
"""Removals that are held at a time."""

MOST_CHARACTERS = 50_000_000
"""Text that all of them hold together, about: with its vectors some 200 MB."""


@dataclass(frozen=True, slots=True)
class _Held:
    taken: Withdrawn
    since: float


class Removals:
    """The latest removals by their tokens; the oldest give way."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._held: dict[str, _Held] = {}

    def hold(self, taken: Withdrawn) -> str | None:
        """The token that undoes a removal; None where it is too large to be held."""
        if taken.characters > MOST_CHARACTERS:
            return None
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._held[token] = _Held(taken, self._clock())
            self._let_go()
        return token

    @contextmanager
    def taken(self, token: str) -> Iterator[Withdrawn]:
        """What was removed, to be put back in this block; it is held no longer where that succeeds.

        Raises ArticleNotFoundError where it is not held (any more).
        """
        with self._lock:
            self._let_go()
            held = self._held.pop(token, None)
        if held is None:
            raise ArticleNotFoundError(text("This removal cannot be undone any more."))
        try:
            yield held.taken
        except BaseException:
            with self._lock:
                self._held[token] = held
            raise

    def _let_go(self) -> None:
        """Let go of what is too old, then of the oldest while it is too much."""
        oldest = self._clock() - SECONDS
        for token, held in list(self._held.items()):
            if held.since < oldest:
                del self._held[token]
        while len(self._held) > MOST or self._characters() > MOST_CHARACTERS:
            del self._held[next(iter(self._held))]

    def _characters(self) -> int:
        return sum(held.taken.characters for held in self._held.values())
