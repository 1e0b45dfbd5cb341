"""What a user waits for who calls the command: whole processes, started anew, one after another.

Each command is run once to bring its files into the system's memory, then as often as asked for;
medians of wall time, and the largest resident memory. The index is that of the examples.

    python -m bench.cold --rounds 7
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
QUESTION = "Wie hoch wurde Scale AI bewertet?"
COMMANDS = (
    ("query", QUESTION),
    ("query", "--no-reader", QUESTION),
    ("--help",),
    ("list",),
    ("status",),
)


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds and megabytes of one process."""

    seconds: float
    megabytes: float


def main(rounds: Annotated[int, typer.Option(min=1, help="Runs of each command.")] = 7) -> None:
    """Print the median seconds and the peak memory of each command."""
    table = Table("command", "seconds, median", "fastest", "slowest", "MB")
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "index"
        # In a process too: what this one has taken would count as its children's.
        run(folder, ("add", str(ROOT / "examples" / "articles")))
        for command in COMMANDS:
            run(folder, command)
            runs = [run(folder, command) for _ in range(rounds)]
            seconds = [each.seconds for each in runs]
            table.add_row(
                f"qa {' '.join(command)}",
                f"{statistics.median(seconds):.2f}",
                f"{min(seconds):.2f}",
                f"{max(seconds):.2f}",
                f"{max(each.megabytes for each in runs):.0f}",
            )
    Console().print(table)


def run(folder: Path, command: tuple[str, ...]) -> Run:
    """One process of the command over the index in ``folder``."""
    arguments = [sys.executable, "-m", "qa", "--index", str(folder), *command]
    with open(os.devnull, "wb") as nowhere:
        begun = time.perf_counter()
        process = os.posix_spawn(
            sys.executable,
            arguments,
            {**os.environ, "PYTHONPATH": str(ROOT)},
            file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)],
        )
        # Of this child alone, where ``resource`` would tell of all that have ended.
        _, status, used = os.wait4(process, 0)
        seconds = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{' '.join(arguments)} failed")
    return Run(seconds, used.ru_maxrss / 1024)


if __name__ == "__main__":
    typer.run(main)
