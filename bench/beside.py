"""This checkout beside an earlier commit, in one run: a store of a million passages, and answers.

Each figure is taken in turns, the earlier commit first, each time in a process of its own, so that
what else the machine does falls on both. Each side builds its own indexes.

    python -m bench.beside COMMIT --passages 1000000 --rounds 3
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
Figures: TypeAlias = "dict[str, float]"

# These two run in either checkout, with what was public in both.
_BUILD = """
import sys
from pathlib import Path
from bench.store import build
build(Path(sys.argv[1]), int(sys.argv[2]))
"""
_ASK = """
import json, sys, time
from index import Index
from qa import ask
with Index.open(sys.argv[1]) as index:
    if not index.articles():
        index.add(["examples/articles"])
    questions = [json.loads(line)["question"] for line in open(sys.argv[2], encoding="utf-8")]
    for question in questions[:10]:
        ask(question, index)
    times = []
    for question in questions:
        start = time.perf_counter()
        ask(question, index)
        times.append(time.perf_counter() - start)
times.sort()
print(json.dumps({"ask p50": times[len(times) // 2], "ask p95": times[int(0.95 * len(times))]}))
"""
_STORE = ("open", "first", "p50", "p95", "filtered", "add", "remove", "cpu")


def main(
    commit: Annotated[str, typer.Argument(help="The earlier commit.")],
    passages: Annotated[int, typer.Option(help="Of the made-up store; 6 GB a million.")] = 100_000,
    rounds: Annotated[int, typer.Option(help="Turns of each side; the medians count.")] = 3,
    folder: Annotated[Path, typer.Option(help="Where the indexes are built.")] = Path(
        ".fundstelle/bench-beside"
    ),
) -> None:
    """Print a table: before, now, and how many times as long it takes now."""
    folder.mkdir(parents=True, exist_ok=True)
    with _checkout(commit) as earlier:
        sides = {"before": earlier, "now": ROOT}
        turns: dict[str, list[Figures]] = {side: [] for side in sides}
        for number in range(rounds):
            for side, tree in sides.items():
                figures = _measure(tree, folder.resolve() / side, passages)
                turns[side].append(figures)
                print(f"{side}, turn {number + 1}: {figures}", file=sys.stderr)
    table = Table("seconds", "before", "now", "now / before")
    for name in turns["now"][0]:
        before, now = (median(turn[name] for turn in turns[side]) for side in sides)
        table.add_row(name, f"{before:.4f}", f"{now:.4f}", f"{now / before:.2f}")
    Console().print(table)


def _measure(tree: Path, folder: Path, passages: int) -> Figures:
    store = folder / f"store-{passages}"
    if not store.exists():
        _run(tree, "-c", _BUILD, str(store), str(passages))
    found = json.loads(_run(tree, "-m", "bench.store", "--only", str(store)))
    questions = ROOT / "examples/questions.jsonl"
    asked: Figures = json.loads(_run(tree, "-c", _ASK, str(folder / "examples"), str(questions)))
    return {f"store {name}": found[name] for name in _STORE} | asked


def _run(tree: Path, *arguments: str) -> str:
    """What a Python program prints last, run in a checkout."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.strip().rpartition("\n")[2]


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as parent:
        tree = Path(parent) / "earlier"
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", str(tree), commit],
            cwd=ROOT,
            check=True,
        )
        try:
            yield tree
        finally:
            subprocess.run(
                ["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True
            )


if __name__ == "__main__":
    typer.run(main)
