"""A reduced form of the table of growth: generous, because other work may share the processor."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.hostile.growth import MARKUP, TEXTS, Make, read_and_divide, read_page

TRIES = 4


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    # Beyond 50,000 characters front matter is text, which takes other work: a step, no growth.
    least = 60_000 if name == "front matter" else 20_000
    assert _grows_as_it_should(TEXTS[name], least, read_and_divide)


@pytest.mark.parametrize("name", MARKUP)
def test_pages(name: str) -> None:
    assert _grows_as_it_should(MARKUP[name], 10_000, read_page)


def _grows_as_it_should(make: Make, least: int, read: Callable[[bytes], str]) -> bool:
    """Whether four times as much takes less than 12 times as long, in one try of a few.

    The square would be 16 times, n log n is 5.
    """
    small, large = make(least), make(4 * least)
    return any(_seconds(read, large) < 12 * max(_seconds(read, small), 0.02) for _ in range(TRIES))


def _seconds(read: Callable[[bytes], str], data: bytes) -> float:
    began = time.process_time()
    read(data)
    return time.process_time() - began
