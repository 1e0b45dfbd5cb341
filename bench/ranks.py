"""Where the right paragraph stands among those that were found."""

from __future__ import annotations

from collections.abc import Iterable

DEPTH = 10


def rank_of(right: str, sources: Iterable[str], depth: int = DEPTH) -> int:
    """The place of a source, counted from 1, among the first distinct ones; 0 if it is not there.

    ``sources`` are those of passages, best first: a paragraph's rank is that of its first passage.
    """
    order = list(dict.fromkeys(sources))[:depth]
    return order.index(right) + 1 if right in order else 0
