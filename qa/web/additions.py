"""The work of adding articles through the page, some at a time, in turn with others who write."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any

from index import (
    AddReport,
    Article,
    Failure,
    Index,
    IndexBusyError,
    Progress,
    make_article,
    read_sources,
)
from index.translation import text
from qa.show.sanitize import one_line
from qa.show.sources import UPLOAD, name_of
from qa.web.pace import Pace
from qa.web.turns import turns_of
from qa.web.uploads import SWEEP_EVERY, Uploads

TRIED_EVERY = 1.0
"""Seconds until it is tried again where another process is writing."""

ARTICLES_AT_HAND = 8
"""Articles of a turn: some seconds' work, which is how long others wait and how soon it stops."""

CHARACTERS_AT_HAND = 100_000
"""Text of a turn, however few articles it is of; an article is not divided."""


@dataclass(frozen=True, slots=True)
class _State:
    """How far an addition has come; replaced whole, as another thread reads it."""

    articles: int = 0
    passages: int = 0
    name: str | None = None
    is_waiting: bool = False


class Addition(ABC):
    """An addition that one thread works at, while another tells how far it has come."""

    def __init__(self, index: Index, stopped: Event, files: int, size: int) -> None:
        """``files`` of together ``size`` bytes; nothing more is read once ``stopped`` is set."""
        self.index = index
        self.stopped = stopped
        self.is_cut_short = False
        self._turns = turns_of(index)
        self._files = files
        self._lock = Lock()
        self._state = _State()
        self._pace = Pace(size)

    @abstractmethod
    def work(self) -> AddReport:
        """Add everything, or what is at hand when it is stopped."""

    def message(self) -> dict[str, Any]:
        """How far it has come, as the page is told."""
        with self._lock:
            state, pace = self._state, self._pace
            rate, left, share = pace.rate, pace.left, pace.share
        waiting = text("Another program is writing to the collection. It goes on afterwards.")
        # A table has any number of articles: as many more as there is more of it.
        expected = round(state.articles / share) if share and state.articles > self._files else 0
        return {
            "stage": "adding",
            "done": state.articles,
            "total": max(self._files, state.articles, expected),
            "passages": state.passages,
            "name": state.name,
            "rate": None if rate is None else round(rate, 1),
            "left": None if left is None else round(left),
            "waiting": waiting if state.is_waiting else None,
        }

    def _is_stopped(self) -> bool:
        if self.stopped.is_set():
            self.is_cut_short = True
        return self.is_cut_short

    def _in_turn(self, add: Callable[[], AddReport]) -> AddReport:
        """``add`` as soon as nobody else is writing; nothing where it is stopped before."""
        while not self._is_stopped():
            try:
                with self._turns.turn():
                    return add()
            except IndexBusyError:
                self._note(is_waiting=True)
                self.stopped.wait(TRIED_EVERY)
            finally:
                self._note(is_waiting=False)
        return AddReport()

    def _note(self, **changes: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)
            self._pace.embedded(self._state.passages)


class TriedAgain(Addition):
    """Files of this machine that could not be read before."""

    def __init__(self, index: Index, stopped: Event, files: Sequence[str]) -> None:
        super().__init__(index, stopped, len(files), size=0)
        self._sources = files

    def work(self) -> AddReport:
        """Reads them as ``qa add`` does, so that the record knows them as read."""
        add = partial(self.index.add, self._sources, progress=self._told, stop=self._is_stopped)
        return self._in_turn(add)

    def _told(self, progress: Progress) -> None:
        self._note(articles=progress.articles, passages=progress.passages)


@dataclass(frozen=True, slots=True)
class _Portion:
    """What is added in one turn; with it ``read`` bytes of all files were read."""

    entries: list[Article | Failure]
    read: int


class Uploaded(Addition):
    """Files that were uploaded; they are deleted afterwards."""

    def __init__(
        self, index: Index, stopped: Event, files: Sequence[Path], uploads: Uploads
    ) -> None:
        self._uploads = uploads
        self._sizes = {file: file.stat().st_size for file in files}
        self._whole: list[str] = []
        """The names of those that were read to their end."""
        self._touched = time.monotonic()
        super().__init__(index, stopped, len(files), sum(self._sizes.values()))

    def work(self) -> AddReport:
        """Reads and adds a portion at a time."""
        reports = list[AddReport]()
        try:
            for portion in self._portions():
                reports.append(self._in_turn(partial(self._add, portion.entries)))
                with self._lock:
                    self._pace.stored(portion.read, self._state.passages)
            report = _joined(reports)
            if not self.is_cut_short:
                self._forget_settled(report)
            return report
        finally:
            for file in self._sizes:
                self._uploads.remove(file)

    def _portions(self) -> Iterator[_Portion]:
        """What the files hold, cut into turns."""
        entries = list[Article | Failure]()
        characters = before = 0
        for file, size in self._sizes.items():
            of_file = 0
            for entry in _under_its_name(file):
                if self._is_stopped():
                    return
                self._touch()
                entries.append(entry)
                self._note(name=_name(entry))
                length = len(entry.text) if isinstance(entry, Article) else 0
                characters, of_file = characters + length, of_file + length
                if len(entries) >= ARTICLES_AT_HAND or characters >= CHARACTERS_AT_HAND:
                    yield _Portion(entries, before + min(of_file, size))
                    entries, characters = [], 0
            self._whole.append(file.name)
            before += size
        if entries:
            yield _Portion(entries, before)

    def _touch(self) -> None:
        """Keep the files from being swept away as forgotten: thousands of them take hours."""
        now = time.monotonic()
        if now - self._touched > SWEEP_EVERY:
            self._touched = now
            for file in self._sizes:
                with suppress(FileNotFoundError):
                    os.utime(file)

    def _add(self, entries: Sequence[Article | Failure]) -> AddReport:
        before = self._state

        def told(progress: Progress) -> None:
            self._note(
                articles=before.articles + progress.articles,
                passages=before.passages + progress.passages,
            )

        return self.index.add_articles(entries, progress=told)

    def _forget_settled(self, report: AddReport) -> None:
        """Forget what earlier uploads of these files could not read and this one could."""
        sources = {f"{UPLOAD}{name}" for name in self._whole}
        still = {failure.source for failure in report.failed}
        with self._turns.turn():
            settled = [
                failure.source
                for failure in self.index.failures()
                if failure.source not in still
                and (failure.source in sources or failure.source.rpartition(":")[0] in sources)
            ]
            if settled:
                self.index.forget(settled)


def _under_its_name(file: Path) -> Iterator[Article | Failure]:
    """What an uploaded file holds, under the file's own name.

    An upload lies in a folder with a random name, so its path would be a new source every time:
    ``upload:NAME`` makes the same file again an update.
    """
    uri, folder = file.resolve().as_uri(), f"{file.parent}/"

    def renamed(source: str) -> str:
        return f"{UPLOAD}{file.name}{source[len(uri) :]}" if source.startswith(uri) else source

    for entry in read_sources([file]):
        if isinstance(entry, Failure):
            yield Failure(renamed(entry.source), entry.reason.replace(folder, ""))
            continue
        yield make_article(
            entry.text,
            source=renamed(entry.source),
            language=entry.language,
            title=entry.title,
            authors=entry.authors,
            publisher=entry.publisher,
            published=entry.published,
            fetched=entry.fetched,
        )


def _name(entry: Article | Failure) -> str:
    title = one_line(entry.title) if isinstance(entry, Article) else ""
    return title or name_of(entry.source)


def _joined(reports: Sequence[AddReport]) -> AddReport:
    """One report of several, each field of one after another's."""
    nothing = AddReport()
    return AddReport(
        **{
            field.name: sum(
                (getattr(report, field.name) for report in reports),
                start=getattr(nothing, field.name),
            )
            for field in fields(AddReport)
        }
    )
