"""The records that travel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from index import Filters


@pytest.mark.parametrize(
    "filters",
    [
        Filters(since=date(2024, 1, 1)),
        Filters(until=date(2024, 1, 1)),
        Filters(languages=("de",)),
        Filters(sources=("a",)),
        Filters(article_ids=("a",)),
    ],
)
def test_a_filter_with_any_condition_counts(filters: Filters) -> None:
    assert filters


def test_a_filter_that_is_added_counts_too() -> None:
    @dataclass(frozen=True, slots=True)
    class Further(Filters):
        publishers: tuple[str, ...] = ()

    assert not Further()
    assert Further(publishers=("a",))
