"""What is told of a side: figures out of what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.peers.measure import Measured
from bench.peers.protocol import Asked
from bench.ranks import DEPTH
from qa.evaluation.metrics import mean_reciprocal_rank, recall


@dataclass(frozen=True, slots=True)
class Figures:
    """One row; None where a figure does not apply, or the side failed before it."""

    title: str
    per_second: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    cold_seconds: float | None = None
    cold_mb: float | None = None
    disk_mb: float | None = None
    recall_at_1: float | None = None
    recall_at_5: float | None = None
    mrr: float | None = None
    failure: str = ""


def figures(side: Measured, passages: int, questions: Sequence[Asked]) -> Figures:
    """The figures of one side over the passages and questions that it was given.

    Of one that failed there are those from before it did.
    """
    seconds, times = side.added.add_seconds, side.searched.search_seconds
    p50, p95 = np.percentile(times, [50, 95]).tolist() if times else (None, None)
    found = ranks(side.searched.found, questions) if times else None
    return Figures(
        side.title,
        per_second=passages / seconds if seconds else None,
        p50_ms=1e3 * p50 if p50 is not None else None,
        p95_ms=1e3 * p95 if p95 is not None else None,
        cold_seconds=statistics.median(c.seconds for c in side.cold) if side.cold else None,
        cold_mb=max(c.peak_mb for c in side.cold) if side.cold else None,
        disk_mb=side.disk_bytes / 1e6 if side.disk_bytes else None,
        recall_at_1=recall(found, 1) if found else None,
        recall_at_5=recall(found, 5) if found else None,
        mrr=mean_reciprocal_rank(found) if found else None,
        failure=side.failure,
    )


def ranks(found: Sequence[Sequence[str]], questions: Sequence[Asked]) -> list[int]:
    """For each question the place of the first right passage, counted from 1; 0 without one."""
    return [
        next((n for n, name in enumerate(ids[:DEPTH], start=1) if name in question.right), 0)
        for ids, question in zip(found, questions, strict=True)
    ]
