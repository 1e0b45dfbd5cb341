"""The page as somebody meets it who has just started it: when it is there, and when it answers.

Each round starts ``qa serve`` over the examples as a new process, asks for the page until it
comes, asks a question in that very moment, and two others after it, over HTTP as the page does.
Then the same in Chromium (``bench.page_browser``): when the page can be used, when an answer is
seen, what was loaded for it, and how it does while articles are added.

    python -m bench.page --rounds 5
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from index import Index

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = (
    "Wie hoch wurde Scale AI bewertet?",
    "Wer eröffnete die Elbphilharmonie?",
    "Wann wurde Scale AI gegründet?",
)
PATIENCE = 120.0
FIGURES = ("served", "first answer, asked at once", "second answer", "third answer")


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Times the page is started.")] = 5,
    browser: Annotated[bool, typer.Option(help="In Chromium too.")] = True,
) -> None:
    """Print the median of each wait, and what the browser loads."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "index"
        with Index.open(folder) as index:
            index.add([ROOT / "examples" / "articles"])
        measured(folder)
        found = [measured(folder) for _ in range(rounds)]
        served = {name: [one[number] for one in found] for number, name in enumerate(FIGURES)}
        Console().print(_table("over HTTP", served))
        if browser:
            from bench.page_browser import visits

            Console().print(_table("in Chromium", visits(folder, rounds, started)))


def _table(title: str, figures: Mapping[str, Sequence[float]]) -> Table:
    table = Table(title, "median", "least", "most")
    for name, values in figures.items():
        shown = (f(values) for f in (statistics.median, min, max))
        table.add_row(name, *(f"{one:,.2f}" if one % 1 else f"{one:,.0f}" for one in shown))
    return table


def measured(folder: Path) -> list[float]:
    """The waits of one start, in the order of ``FIGURES``."""
    begun = time.perf_counter()
    with started(folder) as address, httpx.Client(base_url=address, timeout=PATIENCE) as client:
        while not _is_there(client):
            time.sleep(0.02)
        waits = [time.perf_counter() - begun]
        for question in QUESTIONS:
            asked = time.perf_counter()
            told = client.post("/gradio_api/call/ask", json={"data": [question]}).raise_for_status()
            answer = client.get(f"/gradio_api/call/ask/{told.json()['event_id']}").text
            if "event: complete" not in answer:
                raise SystemExit(f"no answer: {answer}")
            waits.append(time.perf_counter() - asked)
    return waits


def _is_there(client: httpx.Client) -> bool:
    try:
        return client.get("/").is_success
    except httpx.TransportError:
        return False


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """The address of a page over the index in ``folder``; it ends with the context."""
    process = subprocess.Popen(
        [sys.executable, "-m", "qa", "--index", str(folder), "serve", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QA_LANG": "en"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        told = re.search(r"http://\S+", process.stdout.readline())
        if told is None:
            raise SystemExit("the page did not start")
        yield told[0]
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    typer.run(main)
