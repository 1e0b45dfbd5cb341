"""Pure functions that join the rankings of the search's legs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Ranking: TypeAlias = "Sequence[tuple[int, float]]"
"""Rows with scores, best first."""


def min_max_sum(rankings: Sequence[Ranking], weights: Sequence[float]) -> list[tuple[int, float]]:
    """The weighted sum of scores, each ranking scaled to 0..1 by its best and its last score.

    Better here than reciprocal rank fusion (``docs/evaluation.md``), which forgets by how much a
    passage leads and ties the leaders of two legs that disagree.
    """
    scores: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        if not ranking:
            continue
        best, last = ranking[0][1], ranking[-1][1]
        width = best - last
        for row, score in ranking:
            scaled = (score - last) / width if width > 0.0 else 1.0
            scores[row] = scores.get(row, 0.0) + weight * scaled
    return sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
