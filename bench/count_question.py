"""What one question costs, counted: the same on a busy machine as on an idle one.

It is asked of the example articles after another one, so that the models are loaded. Counted are
how often a text is made into terms, what the two models read, and what is asked of the record.

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
from index.text.analysis import terms
from qa import ask

ARTICLES = Path(__file__).resolve().parents[1] / "examples" / "articles"
QUESTION = "Wie hoch wurde Scale AI bewertet?"
ANOTHER = "Wer eröffnete die Elbphilharmonie?"


@dataclass
class Counts:
    """What was counted; the two models' passes by how many texts each of them read."""

    analysed: list[str] = field(default_factory=list)
    encoder: list[int] = field(default_factory=list)
    reader: list[int] = field(default_factory=list)
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
            "SQL statements": self.statements,
            "rows fetched": self.rows,
        }


def count(question: str) -> Counts:
    """Ask another question, and then this one while it is counted."""
    counts = Counts()
    with (
        tempfile.TemporaryDirectory() as folder,
        connections_counted(counts) as watch,
        Index.open(Path(folder) / "index") as index,
    ):
        index.add([ARTICLES])
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
    """Watch how each pass of a model ends: the encoder's with vectors of length 1, the reader's
    with a state for each token."""
    from torch.nn import functional
    from torch.nn.modules.module import register_module_forward_hook

    normalize = functional.normalize

    def counted(vectors: Any, *arguments: Any, **named: Any) -> Any:
        counts.encoder.append(len(vectors))
        return normalize(vectors, *arguments, **named)

    def read(module: Any, arguments: Any, output: Any) -> None:
        if hasattr(output, "pooler_output"):
            counts.reader.append(len(output.last_hidden_state))

    hook = register_module_forward_hook(read)
    try:
        with patch.object(functional, "normalize", counted):
            yield
    finally:
        hook.remove()


def main(question: Annotated[str, typer.Argument(help="What is asked.")] = QUESTION) -> None:
    """Print what a question costs."""
    table = Table("", question)
    for name, number in count(question).table().items():
        table.add_row(name, f"{number:,}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
