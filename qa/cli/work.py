"""Long work on the command line: its progress, and what an interruption leaves."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import FundstelleError
from index.translation import text
from qa.cli.output import article_count, console, passage_count

if TYPE_CHECKING:
    import typer

    from index import Index, Progress


class InterruptedWorkError(Exception):
    """Ctrl-C, with what it means for the user's data."""


@contextlib.contextmanager
def interruptible(path: Path | None) -> Iterator[None]:
    """Ctrl-C ends the work, and the message says what the index in ``path`` holds."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedWorkError(
            text(
                "interrupted; no article is half stored{stored}; the same command does the rest",
                stored=_stored(path),
            )
        ) from None


def _stored(path: Path | None) -> str:
    from index import Index

    try:
        with Index.open(path, read_only=True) as opened:
            held = opened.status()
    except FundstelleError:  # interrupted before anything was stored
        return ""
    return "; " + text(
        "the index holds {articles} and {passages}",
        articles=article_count(held.articles),
        passages=passage_count(held.passages),
    )


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar for articles that are read, of a number that may become known on the way."""
    with bar(text("reading"), "{task.fields[told]}", told=text("articles")) as move:

        def show(done: Progress) -> None:
            if move:
                told = f"{text('articles')}, {passage_count(done.passages)}"
                move(completed=done.articles, total=done.total, told=told)

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


def open_index(
    context: typer.Context,
    path: Path | None,
    *,
    read_only: bool = True,
    create: bool = False,
    config: Any = None,
) -> Index:
    """The index that a command is about."""
    from index import Index

    chosen = path or context.obj
    return Index.open(chosen, config, read_only=read_only and not create, create=create)
