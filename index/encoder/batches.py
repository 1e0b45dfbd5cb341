"""Texts of like length together, so that a batch is neither too large nor mostly padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def batches(lengths: Sequence[int], budget: int, *, padded: bool) -> Iterator[list[int]]:
    """Positions in batches, longest text first, of at most ``budget`` tokens or of one text.

    Where texts are ``padded``, each takes as many tokens as the longest of its batch.
    """
    batch: list[int] = []
    tokens = 0
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        size = lengths[batch[0]] if padded and batch else lengths[position]
        if batch and tokens + size > budget:
            yield batch
            batch, tokens, size = [], 0, lengths[position]
        batch.append(position)
        tokens += size
    if batch:
        yield batch
