"""What an addition has done so far, told to the caller as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self, TypeAlias

from index.records import AddReport, Article, Failure, Progress, SyncReport

OnProgress: TypeAlias = "Callable[[Progress], None]"


@dataclass
class Tally:
    """The articles by what became of them, and how many passages were embedded."""

    total: int | None
    progress: OnProgress | None
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    """The addresses of the files that were read to their end."""
    sources: dict[str, str] = field(default_factory=dict)
    articles: int = 0
    passages: int = 0

    @classmethod
    def of_files(cls, found: Iterable[Path | Failure], progress: OnProgress | None) -> Self:
        """That of an addition of these files."""
        return cls(sum(isinstance(item, Path) for item in found), progress)

    def embedded(self, passages: int) -> None:
        self.passages += passages
        self._tell()

    def step(self, articles: int) -> None:
        self.articles += articles
        self._tell()

    def _tell(self) -> None:
        if self.progress:
            self.progress(Progress(self.articles, self.total, self.passages))

    def named(self, articles: Iterable[Article | Failure]) -> Iterator[Article | Failure]:
        """The same articles; their names are noted as they pass."""
        for entry in articles:
            if isinstance(entry, Article):
                self.sources[entry.id] = entry.source
            yield entry

    def describe(self, sources: dict[str, str]) -> None:
        """Note the names of the articles that are there."""
        self.sources = {name: source for source, name in sources.items()} | self.sources

    def sync_report(self, removed: tuple[str, ...], dry_run: bool) -> SyncReport:
        named = (*self.added, *self.updated, *self.copies, *removed)
        return SyncReport(
            **{f.name: getattr(self.report(), f.name) for f in fields(AddReport)},
            removed=removed,
            sources={name: self.sources[name] for name in named},
            dry_run=dry_run,
        )

    def report(self) -> AddReport:
        return AddReport(
            added=tuple(self.added),
            updated=tuple(self.updated),
            unchanged=tuple(self.unchanged),
            copies=tuple(self.copies),
            failed=tuple(self.failed),
            passages=self.passages,
        )
