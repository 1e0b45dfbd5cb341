"""Batches hold every text once, the longest first, and stay within their budget of tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.encoder.batches import batches


def test_a_padded_batch_counts_each_text_as_its_longest() -> None:
    assert list(batches([3, 10, 4, 9], 20, padded=True)) == [[1, 3], [2, 0]]
    assert list(batches([3, 10, 4, 9], 20, padded=False)) == [[1, 3], [2, 0]]
    assert list(batches([1, 10, 1, 1], 13, padded=True)) == [[1], [0, 2, 3]]
    assert list(batches([1, 10, 1, 1], 13, padded=False)) == [[1, 0, 2, 3]]


@given(st.lists(st.integers(0, 600), max_size=40), st.integers(1, 2048), st.booleans())
def test_every_text_is_in_one_batch_within_the_budget(
    lengths: list[int], budget: int, padded: bool
) -> None:
    found = list(batches(lengths, budget, padded=padded))
    order = [position for batch in found for position in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[i] for i in order] == sorted(lengths, reverse=True)
    for batch in found:
        sizes = [lengths[i] for i in batch]
        tokens = max(sizes) * len(sizes) if padded else sum(sizes)
        assert tokens <= budget or len(batch) == 1
