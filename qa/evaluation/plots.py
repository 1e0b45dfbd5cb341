"""The figure of an evaluation: four panels in one PNG. matplotlib is imported when it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index import FundstelleError, UsageError
from index.translation import text
from qa.evaluation import metrics
from qa.evaluation.evaluate import LOST, calibrations, confidences
from qa.evaluation.judge import DEPTH, Judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, RED, GREEN, GREY = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#777777",
)  # told apart by the colour-blind (Okabe and Ito)
DOTS_PER_INCH = 120


def check_target(path: Path) -> None:
    """Raise UsageError where no PNG can be written to ``path``: before the work, not after it."""
    if path.suffix.lower() != ".png":
        raise UsageError(
            text(
                "{path} is no name for the plot: it is a PNG. Name a file such as eval.png.",
                path=path,
            )
        )
    if not path.parent.is_dir():
        raise UsageError(
            text(
                "{path} cannot be written: there is no folder {parent}. Make it.",
                path=path,
                parent=path.parent,
            )
        )
    if path.is_dir():
        raise UsageError(text("{path} is a folder. Name a file such as eval.png.", path=path))


def save(judged: Sequence[Judged], path: Path, title: str) -> None:
    """Write the figure to ``path``. Raises FundstelleError where that fails."""
    data = draw(judged, title)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FundstelleError(
            text(
                "{path} cannot be written: {error}. Name another file with --plot.",
                path=path,
                error=error.strerror or error,
            )
        ) from None


def draw(judged: Sequence[Judged], title: str) -> bytes:
    """The figure as the bytes of a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Neither pyplot nor a default backend: nothing here needs or changes a display.
    figure = Figure(figsize=(11, 8.5), layout="constrained")
    FigureCanvasAgg(figure)
    # A "$" in a file's name would begin a formula.
    figure.suptitle(title.replace("$", r"\$"))
    top, bottom = figure.subplots(2, 2)
    _recall(top[0], judged)
    _reliability(top[1], judged)
    _refusals(bottom[0], judged)
    _latency(bottom[1], judged)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def _recall(axes: Axes, judged: Sequence[Judged]) -> None:
    ranks = [j.rank for j in judged if j.rank is not None]
    axes.set(title="Right passage among the k best", xlabel="k", ylabel="share of questions")
    axes.set(xlim=(0.5, DEPTH + 0.5), ylim=(0, 1.08), xticks=range(1, DEPTH + 1))
    axes.grid(alpha=0.3)
    if not ranks:
        _nothing(axes, "no question has an answer")
        return
    recalls = [metrics.recall(ranks, k) for k in range(1, DEPTH + 1)]
    axes.plot(range(1, DEPTH + 1), recalls, marker="o", color=BLUE)
    for k in (1, 5, 10):
        axes.annotate(
            f"{recalls[k - 1]:.3f}",
            (k, recalls[k - 1]),
            xytext=(8, -14) if k == 1 else (0, 8),
            textcoords="offset points",
            ha="left" if k == 1 else "center",
        )


def _reliability(axes: Axes, judged: Sequence[Judged]) -> None:
    """Outcome over confidence in bins, each with its count; the diagonal is perfect."""
    axes.set(title="Confidence", xlabel="confidence, in tenths", ylabel="share that came true")
    # The room above is the legend's.
    axes.set(xlim=(0, 1.02), ylim=(-0.1, 1.35), yticks=[0, 0.2, 0.4, 0.6, 0.8, 1])
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.grid(alpha=0.3)
    found = calibrations(judged)
    for name, label, colour, below in (
        ("shown", "first citation right, of answered", BLUE, True),
        ("answerable", "articles answer it, of all", RED, False),
        ("views", "a view right, of those shown", GREEN, True),
    ):
        if name not in found:
            continue
        calibration = found[name]
        axes.plot(
            [entry.confidence for entry in calibration.bins],
            [entry.share for entry in calibration.bins],
            marker="o",
            color=colour,
            linewidth=1,
            label=f"{label} (n={calibration.of}, ECE {calibration.expected_calibration_error:.3f})",
        )
        for entry in calibration.bins:
            axes.annotate(
                str(entry.count),
                (entry.confidence, entry.share),
                xytext=(0, -13 if below else 6),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=colour,
            )
    axes.legend(loc="upper left", fontsize=8)


def _refusals(axes: Axes, judged: Sequence[Judged]) -> None:
    """What each threshold refuses of both kinds; the nearer to the upper left, the better."""
    axes.set(title="Refusals", xlabel="answerable questions refused")
    axes.set(ylabel="unanswerable questions refused", xlim=(-0.02, 1.02), ylim=(-0.02, 1.08))
    axes.grid(alpha=0.3)
    yes, no = confidences(judged)
    if not yes or not no:
        _nothing(axes, "needs questions with an answer and questions without one")
        return
    lost, refused = metrics.refusal_curve(yes, no)
    label = f"each threshold (AUROC {metrics.auroc(yes, no):.3f})"
    axes.step(lost, refused, where="post", color=BLUE, label=label)
    axes.axvline(LOST, color=GREY, linestyle="--", linewidth=1, label=f"{LOST:.0%} lost")
    shipped = (
        sum(not j.found for j in judged if j.answerable) / len(yes),
        sum(not j.found for j in judged if j.answerable is False) / len(no),
    )
    axes.plot(*shipped, marker="o", color=RED, linestyle="none", label="as shipped")
    axes.legend(loc="lower right", fontsize=8)


def _latency(axes: Axes, judged: Sequence[Judged]) -> None:
    times = [j.milliseconds for j in judged]
    axes.set(title="Time of an answer", xlabel="milliseconds", ylabel="questions")
    axes.grid(alpha=0.3)
    if not times:
        _nothing(axes, "no question was asked")
        return
    axes.hist(times, bins="auto" if len(times) > 1 else 1, color=BLUE, alpha=0.7)
    for percent, style in ((50, "--"), (95, ":")):
        at = float(np.percentile(times, percent))
        axes.axvline(
            at,
            color=RED,
            linestyle=style,
            label=f"p{percent} {at:.0f} ms",
        )
    axes.legend(fontsize=8)


def _nothing(axes: Axes, why: str) -> None:
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=GREY)
