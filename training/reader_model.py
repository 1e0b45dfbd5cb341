"""The encoder with a span head, for training: frozen weights, low-rank changes, no padding.

The forward pass is ``transformers.BertModel``'s (a test holds them equal). It is written out here
because training spends hours in it: the base weights need no gradient, the lowest layers not even
one for their input, and all sequences of a batch have one length, so there is no mask.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from index.encoder.graph import LINEARS


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """``scale`` is alpha / rank; layers below ``first_layer`` stay as they are."""

    rank: int
    scale: float
    first_layer: int


class SpanModel:
    """Base weights in ``dtype``, trained parameters in float32.

    ``trained`` names every parameter: ``layer.{i}.{short}.a`` (rank, in), ``….b`` (out, rank),
    ``head.weight`` (2, hidden) and ``head.bias`` (2,). A linear map's weight is
    base + scale * b @ a.
    """

    def __init__(
        self, encoder: Path, settings: AdapterSettings, seed: int, dtype: torch.dtype
    ) -> None:
        from transformers import BertModel

        bert: Any = BertModel.from_pretrained(encoder, dtype=torch.float32, add_pooling_layer=False)
        self.settings = settings
        self.dtype = dtype
        self.layers: int = bert.config.num_hidden_layers
        self.heads: int = bert.config.num_attention_heads
        self.epsilon: float = bert.config.layer_norm_eps
        self._base: dict[str, Tensor] = {n: v.detach() for n, v in bert.state_dict().items()}
        self._small = {
            name: value.to(dtype)
            for name, value in self._base.items()
            if not name.startswith("embeddings.")
        }
        self.trained = self._initial(bert.config.hidden_size, seed)
        self._merged: dict[str, Tensor] = {}
        self.merge()

    def _initial(self, hidden: int, seed: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        trained: dict[str, Tensor] = {}
        rank = self.settings.rank
        for layer in range(self.settings.first_layer, self.layers):
            for short in LINEARS:
                out, into = self._weight(layer, short).shape
                trained[f"layer.{layer}.{short}.a"] = torch.randn(
                    rank, into, generator=generator
                ) / math.sqrt(3 * into)
                trained[f"layer.{layer}.{short}.b"] = torch.zeros(out, rank)
        trained["head.weight"] = 0.02 * torch.randn(2, hidden, generator=generator)
        trained["head.bias"] = torch.zeros(2)
        return {name: value.requires_grad_() for name, value in trained.items()}

    def _weight(self, layer: int, short: str) -> Tensor:
        return self._base[f"encoder.layer.{layer}.{LINEARS[short]}.weight"]

    @torch.no_grad()
    def load(self, trained: Mapping[str, Tensor]) -> None:
        """Take over parameters of the same names and shapes."""
        if set(trained) != set(self.trained):
            raise ValueError("The checkpoint was trained with other layers than these settings.")
        for name, value in trained.items():
            self.trained[name].copy_(value)
        self.merge()

    @torch.no_grad()
    def begin_with(self, trained: Mapping[str, Tensor]) -> None:
        """Start as a model of the same scale and at most this rank and these layers.

        Its factors fill the first of ours; the others keep their rows of ``a``, and zeros in ``b``
        make them change nothing.
        """
        unknown = sorted(set(trained) - set(self.trained))
        if unknown:
            raise ValueError(f"It has {unknown[0]}, which these settings do not train.")
        for name, value in trained.items():
            if name.endswith(".a"):
                self.trained[name][: len(value)].copy_(value)
            elif name.endswith(".b"):
                self.trained[name].zero_()
                self.trained[name][:, : value.shape[1]].copy_(value)
            else:
                self.trained[name].copy_(value)
        self.merge()

    @torch.no_grad()
    def merge(self) -> None:
        """Renew the merged weights after the trained parameters have changed."""
        for layer in range(self.settings.first_layer, self.layers):
            for short in LINEARS:
                a, b = self._pair(layer, short)
                change = torch.addmm(self._weight(layer, short), b, a, alpha=self.settings.scale)
                self._merged[f"{layer}.{short}"] = change.to(self.dtype)

    def _pair(self, layer: int, short: str) -> tuple[Tensor, Tensor]:
        return self.trained[f"layer.{layer}.{short}.a"], self.trained[f"layer.{layer}.{short}.b"]

    def logits(self, tokens: Tensor) -> Tensor:
        """Start and end logits, float32: (batch, length, 2) for tokens (batch, length)."""
        states = self._embed(tokens)
        with torch.no_grad():
            for layer in range(self.settings.first_layer):
                states = self._layer(layer, states)
        for layer in range(self.settings.first_layer, self.layers):
            states = self._layer(layer, states)
        weight, bias = self.trained["head.weight"], self.trained["head.bias"]
        return functional.linear(states.float(), weight, bias)

    @torch.no_grad()
    def _embed(self, tokens: Tensor) -> Tensor:
        base = self._base
        words = functional.embedding(tokens, base["embeddings.word_embeddings.weight"])
        places = base["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        kind = base["embeddings.token_type_embeddings.weight"][0]
        summed = words + places + kind
        weight, bias = (base[f"embeddings.LayerNorm.{part}"] for part in ("weight", "bias"))
        return functional.layer_norm(summed, weight.shape, weight, bias, self.epsilon).to(
            self.dtype
        )

    def _layer(self, layer: int, states: Tensor) -> Tensor:
        batch, length, hidden = states.shape
        flat = states.reshape(-1, hidden)

        def heads(short: str) -> Tensor:
            projected = self._linear(layer, short, flat)
            return projected.view(batch, length, self.heads, -1).transpose(1, 2)

        query, key, value = heads("q"), heads("k"), heads("v")
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(-1, hidden)
        attended = self._norm(layer, "attention.output", self._linear(layer, "ao", mixed) + flat)
        inner = functional.gelu(self._linear(layer, "fi", attended))
        outer = self._norm(layer, "output", self._linear(layer, "fo", inner) + attended)
        return outer.view(batch, length, hidden)

    def _norm(self, layer: int, part: str, states: Tensor) -> Tensor:
        weight, bias = (
            self._small[f"encoder.layer.{layer}.{part}.LayerNorm.{kind}"]
            for kind in ("weight", "bias")
        )
        return functional.layer_norm(states, weight.shape, weight, bias, self.epsilon)

    def _linear(self, layer: int, short: str, states: Tensor) -> Tensor:
        name = f"encoder.layer.{layer}.{LINEARS[short]}"
        bias = self._small[f"{name}.bias"]
        if layer < self.settings.first_layer:
            return functional.linear(states, self._small[f"{name}.weight"], bias)
        a, b = self._pair(layer, short)
        merged = self._merged[f"{layer}.{short}"]
        result: Tensor = _LowRank.apply(  # type: ignore[no-untyped-call]
            states, merged, bias, a, b, self.settings.scale
        )
        return result


class _LowRank(torch.autograd.Function):
    """x @ merged.T + bias, where only the factors of the change in ``merged`` get gradients.

    The change is merged into the weight once a step; so forward costs one product, and backward
    one for the input and four thin ones, instead of a second path beside each linear map.
    """

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, merged: Tensor, bias: Tensor, a: Tensor, b: Tensor, scale: float
    ) -> Tensor:
        low_a, low_b = a.to(states.dtype), (b * scale).to(states.dtype)
        ctx.save_for_backward(states, merged, low_a, low_b)
        ctx.scale = scale
        return functional.linear(states, merged, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        states, merged, low_a, low_b = ctx.saved_tensors
        gradient = gradients[0]
        into = gradient @ merged if ctx.needs_input_grad[0] else None
        grad_a = (gradient @ low_b).t() @ states
        grad_b = gradient.t() @ (states @ low_a.t())
        return into, None, None, grad_a.float(), grad_b.float() * ctx.scale, None


def span_loss(logits: Tensor, allowed: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Mean cross-entropy of start and end over the allowed positions."""
    masked = logits.masked_fill(~allowed.unsqueeze(-1), -1e4)
    start, end = masked.unbind(-1)
    return (functional.cross_entropy(start, starts) + functional.cross_entropy(end, ends)) / 2


def gradient_norm(parameters: Sequence[Tensor], limit: float) -> float:
    """Clip the gradients together to ``limit``; the norm before."""
    return float(torch.nn.utils.clip_grad_norm_(parameters, limit))
