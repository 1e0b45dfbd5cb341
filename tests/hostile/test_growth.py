"""A reduced form of the table of growth: generous, because other work may share the processor."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.hostile.growth import MARKUP, TEXTS, Make, read_and_divide, read_page

TRIES = 2


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    assert _ratio(TEXTS[name], 20_000, read_and_divide) < 12


@pytest.mark.parametrize("name", MARKUP)
def test_pages(name: str) -> None:
    assert _ratio(MARKUP[name], 10_000, read_page) < 12


def _ratio(make: Make, least: int, read: Callable[[bytes], str]) -> float:
    """How much longer four times as much takes; the square would be 16, n log n is 5."""
    best = []
    for size in (least, 4 * least):
        data, times = make(size), []
        for _ in range(TRIES):
            began = time.process_time()
            read(data)
            times.append(time.process_time() - began)
            if times[-1] > 0.3:
                break
        best.append(min(times))
    return best[1] / max(best[0], 0.02)
