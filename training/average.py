"""Several readers made one: the weighted mean of their changes, at a rank that ships.

Readers that began with the same weights and saw other questions, or the same ones for another time,
lie in one valley of the loss; the mean of their weights is then at least as good as each of them
(Wortsman et al. 2022, "Model soups"). A mean of low-rank changes has the sum of their ranks; the
best approximation of a lower rank leaves out the smallest singular values (Eckart and Young 1936).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]


def averaged(
    readers: Sequence[Tensors], weights: Sequence[float], rank: int | None = None
) -> dict[str, Tensor]:
    """The mean of ``readers`` by ``weights`` (sum 1), in float32, names as they have them.

    Each map's change ``b @ a`` is the mean of theirs: exactly where ``rank`` is None (their ranks
    then add up), else the best one of that rank. All readers have the same names and scale.
    Raises ValueError for readers of different layers, or weights that are no mean.
    """
    if len(readers) != len(weights) or abs(sum(weights) - 1) > 1e-6:
        raise ValueError(f"{len(readers)} readers need as many weights, of sum 1; not {weights}.")
    if any(set(reader) != set(readers[0]) for reader in readers):
        raise ValueError("The readers were trained with different layers.")
    mean: dict[str, Tensor] = {}
    for name in readers[0]:
        if not name.endswith((".a", ".b")):
            mean[name] = _sum([reader[name] for reader in readers], weights)
        elif name.endswith(".a"):
            other = name[:-1] + "b"
            a = torch.cat([reader[name].float() for reader in readers])
            b = torch.cat([w * r[other].float() for r, w in zip(readers, weights, strict=True)], 1)
            mean[name], mean[other] = (a, b) if rank is None else _of_rank(a, b, rank)
    return mean


def _sum(tensors: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The weighted sum in float32."""
    return torch.stack([w * t.float() for t, w in zip(tensors, weights, strict=True)]).sum(0)


def _of_rank(a: Tensor, b: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Factors (rank, in) and (out, rank) of the product nearest to ``b @ a``."""
    rows, upper = torch.linalg.qr(b.double())
    columns, lower = torch.linalg.qr(a.double().T)
    left, values, right = torch.linalg.svd(upper @ lower.T)
    root = values[:rank].sqrt()
    small_b = rows @ left[:, :rank] * root
    small_a = root[:, None] * right[:rank] @ columns.T
    return small_a.float().contiguous(), small_b.float().contiguous()
