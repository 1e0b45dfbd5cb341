"""The figures of each ``qa eval``, kept beside the index that was asked: one JSON object a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import beside, to_json

if TYPE_CHECKING:
    from qa.evaluation.evaluate import Evaluation


@dataclass(frozen=True, slots=True)
class Run:
    """One ``qa eval``: the name of its file, when it ended, how many questions it asked."""

    name: str
    when: datetime
    questions: dict[str, int]
    figures: dict[str, float | None]


def keep_run(folder: Path, found: Evaluation, when: datetime | None = None) -> Run:
    """Add the figures of an evaluation to those of the index in ``folder``.

    Raises IndexFolderError where they cannot be written there, IndexBusyError.
    """
    run = Run(
        name=Path(found.file).name,
        when=when or datetime.now(UTC).replace(microsecond=0),
        questions=asdict(found.questions),
        figures=found.figures,
    )
    beside.put(folder / beside.EVALUATIONS, to_json(run))
    return run


def kept_runs(folder: Path) -> tuple[Run, ...]:
    """The runs kept in ``folder``, in their order; lines that are none are passed over."""
    rows = beside.rows(folder / beside.EVALUATIONS)
    return tuple(run for row in rows if (run := _run(row)))


def _run(row: Mapping[str, Any]) -> Run | None:
    try:
        return Run(
            name=str(row["name"]),
            when=datetime.fromisoformat(row["when"]),
            questions={str(name): int(count) for name, count in row["questions"].items()},
            figures={str(name): _figure(value) for name, value in row["figures"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _figure(value: Any) -> float | None:
    """A figure that JSON can say. Raises ValueError, TypeError."""
    if value is None:
        return None
    figure = float(value)
    if not math.isfinite(figure):
        raise ValueError(f"{figure} is no figure")
    return figure
