"""Hands out commits to read from; connections and opened segments are used again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from index.compatibility import dimension_of
from index.config import IndexConfig
from index.errors import IndexBusyError, UsageError
from index.storage.segment import FileMissingError
from index.storage.store import Store
from index.translation import text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.search.searcher import Searcher

_ATTEMPTS = 5
"""Commits a reader takes before it believes that a segment's file is missing."""

_IDLE = 4
"""Connections that are kept for the next readers."""


@dataclass(eq=False)
class CommitReader:
    """A connection of its own, and what it knows of the commit that it last read."""

    store: Store
    version: tuple[int, int, int] | None = None
    searcher: Searcher | None = None
    within: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """The rows that filters let through; they change with the articles, not the segments alone."""


class Commits:
    """Any number of readers at once, each with the commit that was the newest when it began."""

    def __init__(
        self, record: Path, config: IndexConfig, check: Callable[[dict[str, str]], None]
    ) -> None:
        """``check`` refuses settings of a commit that this index cannot be used with."""
        self._record = record
        self._config = config
        self._check = check
        self._lock = Lock()
        self._idle: list[CommitReader] = []
        self._newest: tuple[tuple[object, ...], Searcher] | None = None
        self._is_closed = False

    def close(self) -> None:
        """Close the connections, those in use as soon as they come back."""
        with self._lock:
            self._is_closed = True
            self._newest = None
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.store.close()

    @contextmanager
    def newest(self) -> Iterator[tuple[CommitReader, Searcher]]:
        """The newest commit: who reads its rows, and what searches it. Raises IndexFolderError."""
        reader = self._take()
        try:
            with self._begun(reader) as searcher:
                yield reader, searcher
        finally:
            self._give_back(reader)

    @contextmanager
    def _begun(self, reader: CommitReader) -> Iterator[Searcher]:
        missing = set[str]()
        for attempt in range(_ATTEMPTS):
            with reader.store.snapshot():
                try:
                    searcher = self._searcher_of(reader)
                except FileMissingError as error:
                    # A merge of another process has taken a segment away between reading the rows
                    # and opening the files; the newest commit names others.
                    missing.add(str(error))
                    if attempt < _ATTEMPTS - 1:
                        continue
                    if len(missing) == 1:
                        raise
                    raise IndexBusyError(
                        text(
                            "{parent} is being changed too fast to be read. Try again.",
                            parent=self._record.parent,
                        )
                    ) from error
                yield searcher
                return

    def _searcher_of(self, reader: CommitReader) -> Searcher:
        """What searches the reader's commit; made again when a commit has changed it."""
        version = reader.store.data_version()
        if reader.searcher is None or version != reader.version:
            settings = reader.store.settings()
            self._check(settings)
            reader.searcher = self._opened(reader.store, settings)
            reader.version = version
            reader.within.clear()
        return reader.searcher

    def _opened(self, store: Store, settings: dict[str, str]) -> Searcher:
        from index.search.searcher import Searcher

        state = store.segments.state()
        with self._lock:
            before = self._newest
        if before is not None and before[0] == state:
            return before[1]
        opened = Searcher.open(
            self._record.parent / "segments",
            store,
            dimension_of(settings, self._record.parent),
            self._config,
            before[1] if before else None,
        )
        with self._lock:
            self._newest = (state, opened)
            for reader in self._idle:  # which would keep files open that no commit names any more
                reader.searcher = None
        return opened

    def _take(self) -> CommitReader:
        with self._lock:
            if self._is_closed:
                raise UsageError(
                    text(
                        "The index {parent} was closed. Open it again.", parent=self._record.parent
                    )
                )
            if self._idle:
                return self._idle.pop()
        return CommitReader(Store(self._record, read_only=True))

    def _give_back(self, reader: CommitReader) -> None:
        with self._lock:
            if self._newest is None or reader.searcher is not self._newest[1]:
                reader.searcher = None
            if not self._is_closed and len(self._idle) < _IDLE:
                self._idle.append(reader)
                return
        reader.store.close()
