"""What one question costs, counted: the same on a busy machine as on an idle one.

It is asked of the example articles after another one, so that the models are loaded. Counted are
how often a text is made into terms, what the two models read, what of the lexical leg, and what is
asked of the record.

    python -m bench.count_question "Wie hoch wurde Scale AI bewertet?"
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import patch

import typer
from rich.console import Console
from rich.table import Table

from index import Index
from index.encoder.compiled import CompiledEncoder
from index.legs.postings import Postings
from index.text.analysis import terms
from qa.answer import ask
from qa.reading.base import DEFAULT_READER, loading
from qa.reading.encoder import EncoderReader

ARTICLES = Path(__file__).resolve().parents[1] / "examples" / "articles"
QUESTION = "Wie hoch wurde Scale AI bewertet?"
ANOTHER = "Wer eröffnete die Elbphilharmonie?"


@dataclass
class Counts:
    """What was counted; the two models' passes by how many texts each of them read."""

    analysed: list[str] = field(default_factory=list)
    encoder: list[int] = field(default_factory=list)
    reader: list[int] = field(default_factory=list)
    tokens: int = 0
    postings: int = 0
    statements: int = 0
    rows: int = 0

    def table(self) -> dict[str, int]:
        return {
            "calls of terms": len(self.analysed),
            "… with different texts": len(set(self.analysed)),
            "encoder, passes": len(self.encoder),
            "encoder, texts": sum(self.encoder),
            "reader, passes": len(self.reader),
            "reader, texts": sum(self.reader),
            "tokens given to both": self.tokens,
            "postings": self.postings,
            "SQL statements": self.statements,
            "rows fetched": self.rows,
        }


def count(question: str, folder: Path) -> Counts:
    """Ask another question of the index in ``folder``, and then this one while it is counted."""
    counts = Counts()
    with connections_counted(counts) as watch, Index.open(folder, create=False) as index:
        ask(ANOTHER, index)
        with terms_counted(counts), passes_counted(counts), watch():
            ask(question, index)
    return counts


@contextmanager
def connections_counted(counts: Counts) -> Iterator[Callable[[], Any]]:
    """Watch connections that are opened meanwhile; they count within what this yields."""
    watching = False

    def told(_statement: str) -> None:
        counts.statements += watching

    class Cursor(sqlite3.Cursor):
        """Counts the rows that are taken from it."""

        def __next__(self) -> Any:
            row = super().__next__()
            counts.rows += watching
            return row

        def fetchone(self) -> Any:
            row = super().fetchone()
            counts.rows += watching and row is not None
            return row

        def fetchmany(self, size: int | None = None) -> list[Any]:
            rows = super().fetchmany(self.arraysize if size is None else size)
            counts.rows += len(rows) * watching
            return rows

        def fetchall(self) -> list[Any]:
            rows = super().fetchall()
            counts.rows += len(rows) * watching
            return rows

    class Connection(sqlite3.Connection):
        """Gives out such cursors."""

        def execute(self, *arguments: Any) -> Any:
            return self.cursor(Cursor).execute(*arguments)

    real = sqlite3.connect

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*arguments, **named, factory=Connection)
        connection.set_trace_callback(told)
        return connection

    @contextmanager
    def watch() -> Iterator[None]:
        nonlocal watching
        watching = True
        yield
        watching = False

    with patch("sqlite3.connect", connect):
        yield watch


@contextmanager
def terms_counted(counts: Counts) -> Iterator[None]:
    """Watch ``terms`` under each name by which a module has imported it."""

    def counted(*arguments: Any, **named: Any) -> list[str]:
        counts.analysed.append(repr((arguments, named)))
        return terms(*arguments, **named)

    with ExitStack() as stack:
        for module in list(sys.modules.values()):
            names = [name for name, value in vars(module).items() if value is terms]
            if module.__name__.partition(".")[0] in ("index", "qa"):
                for name in names:
                    stack.enter_context(patch.object(module, name, counted))
        yield


@contextmanager
def passes_counted(counts: Counts) -> Iterator[None]:
    """Watch the passes of both models, with the tokens that they are given, and what the lexical
    leg reads."""
    run, find = CompiledEncoder.run, Postings.find
    readers = {id(reader) for reader in _readers()}

    def ran(self: CompiledEncoder, batches: Any, done: Any) -> None:
        passes = counts.reader if id(self) in readers else counts.encoder
        passes.extend(len(batch) for batch in batches)
        counts.tokens += sum(len(text) for batch in batches for text in batch)
        run(self, batches, done)

    def found(self: Postings, term: str) -> Any:
        rows, numbers = find(self, term)
        counts.postings += len(rows)
        return rows, numbers

    with patch.object(CompiledEncoder, "run", ran), patch.object(Postings, "find", found):
        yield


def _readers() -> Iterator[CompiledEncoder]:
    """The encoders of the readers that are loaded."""
    reader = loading(DEFAULT_READER).get()
    if isinstance(reader, EncoderReader):
        yield reader.encoder


def main(question: Annotated[str, typer.Argument(help="What is asked.")] = QUESTION) -> None:
    """Print what a question costs."""
    table = Table("", question)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "index"
        with Index.open(folder) as index:
            index.add([ARTICLES])
        counts = count(question, folder)
    for name, number in counts.table().items():
        table.add_row(name, f"{number:,}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
