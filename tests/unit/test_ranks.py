"""Where benchmarks see the right paragraph."""

from __future__ import annotations

from bench.ranks import rank_of


def test_a_paragraph_has_the_rank_of_its_first_passage() -> None:
    assert rank_of("b", ["a", "a", "b", "a", "b"]) == 2


def test_what_is_not_among_the_first_has_no_rank() -> None:
    assert rank_of("c", ["a", "b"]) == 0
    assert rank_of("c", ["a", "b", "c"], depth=2) == 0
