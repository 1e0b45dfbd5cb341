"""Additions that are under way, by the names under which anybody can end them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from index import ArticleNotFoundError
from index.translation import text


class Stops:
    """For several threads at once."""

    def __init__(self) -> None:
        self._under_way: dict[str, Event] = {}

    @contextmanager
    def named(self) -> Iterator[tuple[str, Event]]:
        """The name of an addition that lasts as long as this block, and what ends it once set."""
        name, stop = secrets.token_urlsafe(16), Event()
        self._under_way[name] = stop
        try:
            yield name, stop
        finally:
            del self._under_way[name]

    def stop(self, name: str) -> None:
        """End an addition after the articles at hand. Raises ArticleNotFoundError."""
        stop = self._under_way.get(name)
        if stop is None:
            raise ArticleNotFoundError(text("This addition has ended already."))
        stop.set()
