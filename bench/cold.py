"""What a user waits for who calls the command: whole processes, started anew, one after another.

Each command is run once to bring its files into the system's memory, then as often as asked for;
medians of wall time, and the largest resident memory. The index is that of the examples.

    python -m bench.cold --rounds 7
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.peers.processes import ROOT, Cold, cold, finish

QUESTION = "Wie hoch wurde Scale AI bewertet?"
COMMANDS = (
    ("query", QUESTION),
    ("query", "--no-reader", QUESTION),
    ("--help",),
    ("list",),
    ("status",),
)


def main(rounds: Annotated[int, typer.Option(min=1, help="Runs of each command.")] = 7) -> None:
    """Print the median seconds and the peak memory of each command."""
    table = Table("command", "seconds, median", "fastest", "slowest", "MB")
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        finish(_command(folder, "add", str(ROOT / "examples" / "articles")), folder / "log")
        for command in COMMANDS:
            _run(folder, command)
            runs = [_run(folder, command) for _ in range(rounds)]
            seconds = [each.seconds for each in runs]
            table.add_row(
                f"qa {' '.join(command)}",
                f"{statistics.median(seconds):.2f}",
                f"{min(seconds):.2f}",
                f"{max(seconds):.2f}",
                f"{max(each.peak_mb for each in runs):.0f}",
            )
    Console().print(table)


def _run(folder: Path, command: tuple[str, ...]) -> Cold:
    return cold(_command(folder, *command), folder / "log")


def _command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "qa", "--index", str(folder / "index"), *arguments]


if __name__ == "__main__":
    typer.run(main)
