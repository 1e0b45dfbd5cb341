"""Long work on the command line: its progress, and what an interruption leaves."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import FundstelleError
from qa.cli.output import console, count

if TYPE_CHECKING:
    from index import Progress


class InterruptedWorkError(Exception):
    """Ctrl-C, with what it means for the user's data."""


@contextlib.contextmanager
def interruptible(path: Path | None) -> Iterator[None]:
    """Ctrl-C ends the work, and the message says what the index in ``path`` holds."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedWorkError(
            f"interrupted; no article is half stored{_stored(path)}; the same command does the rest"
        ) from None


def _stored(path: Path | None) -> str:
    from index import Index

    try:
        with Index.open(path, read_only=True) as opened:
            held = opened.status()
    except FundstelleError:  # interrupted before anything was stored
        return ""
    told = f"{count(held.articles, 'article')} and {count(held.passages, 'passage')}"
    return f"; the index holds {told}"


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar for articles that are read, of a number that may become known on the way."""
    with bar("reading", "articles, {task.fields[passages]:,} passages", passages=0) as move:

        def show(done: Progress) -> None:
            if move:
                move(completed=done.articles, total=done.total, passages=done.passages)

        yield show if move else None


@contextlib.contextmanager
def bar(
    task: str, unit: str, total: int | None = None, **fields: Any
) -> Iterator[Callable[..., None] | None]:
    """A bar on standard error while it is a terminal, else nothing; what it yields moves it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn() if total is None else TimeRemainingColumn(),
    )
    with Bar(*columns, console=console(stderr=True), transient=True) as shown:
        yield functools.partial(shown.update, shown.add_task(task, total=total, **fields))
