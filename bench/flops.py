"""How near the encoder comes to what the processor can do: its products beside plain ones.

A pass over texts of one length does a known number of multiplications. The same products, of the
same shapes and in the same precision, are done by torch alone, with nothing between them; the sides
take turns, and the figure is our rate over that of the plain products.

    python -m bench.flops
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from index.encoder.compiled import CompiledEncoder
from index.encoder.graph import FILE, WEIGHTS
from index.encoder.light import BATCH_TOKENS
from index.encoder.models import resolve
from index.encoder.processor import preferred_dtype

LENGTHS = (32, 128, 256)
"""Tokens of a text: a sentence, a short and a long passage."""

BATCHES = 8


def main(rounds: Annotated[int, typer.Option(min=1, help="Turns of each side.")] = 9) -> None:
    """Print both rates and their ratio for each length of text."""
    folder = resolve().path
    settings = json.loads((folder / "config.json").read_text("utf-8"))
    sizes = (settings["hidden_size"], settings["intermediate_size"], settings["num_hidden_layers"])
    encoder = CompiledEncoder(folder / FILE, folder / WEIGHTS, preferred_dtype())
    table = Table("tokens a text", "ours, GFLOP/s", "plain, GFLOP/s", "ratio", "lowest")
    for length in LENGTHS:
        texts = max(1, BATCH_TOKENS // length)
        ours = _pass(encoder, length, texts)
        plain = _products(length * texts, *sizes)
        work = BATCHES * _operations(length, texts, *sizes)
        ours()
        plain()
        pairs = [(_seconds(ours), _seconds(plain)) for _ in range(rounds)]
        # The plain side does the linear maps alone, as so many operations as it counts.
        linear = BATCHES * _linear(length * texts, *sizes)
        rates = [(work / own / 1e9, linear / other / 1e9) for own, other in pairs]
        ratios = [own / other for own, other in rates]
        table.add_row(
            str(length),
            f"{statistics.median(own for own, _ in rates):.0f}",
            f"{statistics.median(other for _, other in rates):.0f}",
            f"{statistics.median(ratios):.2f}",
            f"{min(ratios):.2f}",
        )
    Console().print(table)
    Console().print(f"{os.cpu_count()} processors, {preferred_dtype()}")


def _pass(encoder: CompiledEncoder, length: int, texts: int) -> Callable[[], None]:
    rng = np.random.default_rng(1)
    batches = [rng.integers(5, 200_000, (texts, length)).tolist() for _ in range(BATCHES)]
    return lambda: encoder.run(batches, lambda number, states: None)


def _products(tokens: int, hidden: int, wide: int, layers: int) -> Callable[[], None]:
    """The linear maps of a pass over so many tokens, by torch."""
    dtype = getattr(torch, preferred_dtype())
    states = {n: torch.randn(tokens, n).to(dtype) for n in (hidden, wide)}
    shapes = [(hidden, hidden)] * 4 + [(hidden, wide), (wide, hidden)]
    weights = [torch.randn(*shape).to(dtype) for shape in shapes]
    outputs = [torch.empty(tokens, shape[1], dtype=dtype) for shape in shapes]

    @torch.inference_mode()
    def act() -> None:
        for _ in range(BATCHES * layers):
            for weight, output in zip(weights, outputs, strict=True):
                torch.mm(states[weight.shape[0]], weight, out=output)

    return act


def _linear(tokens: int, hidden: int, wide: int, layers: int) -> float:
    return 2.0 * layers * tokens * (4 * hidden * hidden + 2 * hidden * wide)


def _operations(length: int, texts: int, hidden: int, wide: int, layers: int) -> float:
    """Of a pass: its linear maps, and both products of its attention."""
    attention = 2.0 * layers * texts * 2 * length * length * hidden
    return _linear(length * texts, hidden, wide, layers) + attention


def _seconds(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    typer.run(main)
