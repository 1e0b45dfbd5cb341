"""The figures as people read them: on the terminal, in docs/performance.md, and drawn."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from bench.peers.figures import Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

START, END = "<!-- peers -->", "<!-- /peers -->"
PLOT = "performance-peers.svg"
NONE = "–"
BLUE, GREY = "#0072b2", "#777777"  # told apart by the colour-blind (Okabe and Ito)

COLUMNS: Mapping[str, Callable[[Figures], str]] = {
    "passages/s": lambda f: _number(f.per_second, 0),
    "search p50": lambda f: _number(f.p50_ms, 1, " ms"),
    "p95": lambda f: _number(f.p95_ms, 1, " ms"),
    "cold": lambda f: _number(f.cold_seconds, 2, " s"),
    "cold memory": lambda f: _number(f.cold_mb, 0, " MB"),
    "disk": lambda f: _number(f.disk_mb, 1, " MB"),
    "R@1": lambda f: _share(f.recall_at_1),
    "R@5": lambda f: _share(f.recall_at_5),
    "MRR": lambda f: _share(f.mrr),
}


def _number(value: float | None, digits: int, unit: str = "") -> str:
    return NONE if value is None else f"{value:,.{digits}f}{unit}"


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}".removeprefix("0")


def table(rows: Sequence[Figures]) -> Table:
    """For the terminal."""
    made = Table("", *COLUMNS)
    for row in rows:
        title = f"{row.title}: failed" if row.failure else row.title
        made.add_row(title, *(show(row) for show in COLUMNS.values()))
    return made


def markdown(rows: Sequence[Figures], told: str) -> str:
    """The table with what was measured, where and when above it, and the plot below."""
    lines = [
        f"| {' | '.join(['', *COLUMNS])} |".replace("|  |", "| |"),
        f"|{' --- |' * (1 + len(COLUMNS))}",
        *(
            f"| {' | '.join([_title(row), *(show(row) for show in COLUMNS.values())])} |"
            for row in rows
        ),
    ]
    return f"{told}\n\n" + "\n".join(lines) + f"\n\n![R@1 and median search of each side]({PLOT})"


def _title(row: Figures) -> str:
    return f"{row.title} (failed)" if row.failure else row.title


def between(text: str, inner: str) -> str:
    """``text`` with ``inner`` between its markers. Raises ValueError where it has none."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"there is no {START} … {END}")
    return f"{before}{START}\n{inner}\n{END}{after}"


def story(passages: int, questions: int, versions: Mapping[str, str], day: date) -> str:
    """What was measured, where, when and with which versions."""
    named = ", ".join(f"{name} {number}" for name, number in versions.items())
    return (
        f"{passages:,} passages and {questions} questions, on {day:%Y-%m-%d}. {machine()}; "
        f"Python {platform.python_version()}.\n{named}."
    )


def machine() -> str:
    """The processor, its cores, the memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB"


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        told = ""
    names = (line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line)
    return next(names, platform.processor() or platform.machine())


def draw(rows: Sequence[Figures], file: Path) -> None:
    """R@1 and the median search of each side as bars side by side, as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    shown = [row for row in rows if row.p50_ms is not None and row.recall_at_1 is not None]
    figure = Figure(figsize=(8.0, 0.6 + 0.35 * len(shown)), layout="constrained")
    right, fast = figure.subplots(1, 2, sharey=True)
    _bars(right, shown, "right paragraph first (R@1)", lambda f: f.recall_at_1, COLUMNS["R@1"])
    _bars(fast, shown, "median search, ms (log)", lambda f: f.p50_ms, COLUMNS["search p50"])
    fast.set_xscale("log")
    for axes in (right, fast):
        axes.margins(x=0.2)  # room for the figure behind the longest bar
    right.invert_yaxis()
    with mpl.rc_context({"svg.hashsalt": "fundstelle", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None})


def _bars(
    axes: Axes,
    rows: Sequence[Figures],
    title: str,
    length: Callable[[Figures], float | None],
    label: Callable[[Figures], str],
) -> None:
    colours = [BLUE if row.title == "Fundstelle" else GREY for row in rows]
    bars = axes.barh(
        [row.title for row in rows], [length(row) or 0.0 for row in rows], color=colours
    )
    axes.bar_label(bars, [label(row) for row in rows], padding=3)
    axes.set_xlabel(title)
    axes.spines[["top", "right"]].set_visible(False)
