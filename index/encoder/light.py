"""The built-in model without torch: tokens from a mapped trie, states from a stored graph."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.encoder import accelerator
from index.encoder.compiled import CompiledEncoder, filled
from index.encoder.embedder import OfFolder, Progress, TransformerEmbedder
from index.encoder.graph import FILE, WEIGHTS
from index.encoder.models import ModelFolder, resolve
from index.encoder.pieces import Pieces
from index.encoder.processor import preferred_dtype
from index.loaded import Loaded

BATCH_TOKENS = 320
"""Tokens in a batch, about. More are hardly faster (of 160 tokens 3,320 a second, of 320 3,390, of
2,048 3,420), and a question waits for those that are at work."""


MANY = 64
"""Texts for which it pays to import torch, where a graphics processor takes them."""


class LightEmbedder(OfFolder):
    """The built-in model; the vectors are those of sentence-transformers."""

    def __init__(self, folder: ModelFolder) -> None:
        super().__init__(folder)
        graph, weights = folder.path / FILE, folder.path / WEIGHTS
        self._waited_for, self._at_once = (_encoder(graph, weights, many) for many in (False, True))

    @cached_property
    def dimension(self) -> int:
        return int(self._settings["hidden_size"])

    @cached_property
    def max_tokens(self) -> int:
        return int(self._settings["max_position_embeddings"])

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embed(texts, self._prompts["query"], self._waited_for)

    def embed_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        if len(texts) >= MANY and accelerator.is_likely() and accelerator.device() != "cpu":
            return self._elsewhere.embed_passages(texts, progress)
        return self._embed(texts, self._prompts["document"], self._at_once, progress)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(self.pieces.encode(text).ids) for text in texts]

    def load(self) -> None:
        self.count_tokens(["?"])
        self._waited_for.get()

    @cached_property
    def _elsewhere(self) -> TransformerEmbedder:
        """The same model in torch, on a graphics processor."""
        return TransformerEmbedder(self._folder)

    @cached_property
    def pieces(self) -> Pieces:
        """The tokenizer."""
        return _pieces(self._folder.path)

    def _embed(
        self,
        texts: Sequence[str],
        prompt: str,
        encoder: Loaded[CompiledEncoder],
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        tokens = [self._tokens(prompt + text) for text in texts]
        batches = list(_batches([len(ids) for ids in tokens]))

        def pooled(number: int, states: NDArray[np.float32]) -> None:
            for position, of_text in zip(batches[number], states, strict=True):
                vectors[position] = of_text[: len(tokens[position])].mean(0, dtype=np.float32)
            if progress is not None:
                progress(len(batches[number]))

        encoder.get().run([[tokens[i] for i in batch] for batch in batches], pooled)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _tokens(self, text: str) -> list[int]:
        special = self.pieces.special
        ids = self.pieces.encode(text).ids[: self.max_tokens - 2]
        return [special["<s>"], *ids, special["</s>"]]

    @cached_property
    def _settings(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self._folder.path / "config.json").read_text("utf-8"))
        return found

    @cached_property
    def _prompts(self) -> dict[str, str]:
        file = self._folder.path / "config_sentence_transformers.json"
        found: dict[str, str] = json.loads(file.read_text("utf-8"))["prompts"]
        return found


def begin_loading() -> None:
    """Load the built-in model in a thread; every ``LightEmbedder`` has it then."""
    Loaded(lambda: LightEmbedder(resolve()).load()).begin()


@cache
def _pieces(folder: Path) -> Pieces:
    return Pieces(folder)


@cache
def _encoder(graph: Path, weights: Path, many: bool) -> Loaded[CompiledEncoder]:
    """One for all who use the model."""
    return Loaded(lambda: CompiledEncoder(graph, weights, preferred_dtype(), at_once=many))


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Positions of texts that are filled up to one length in batches, the longest first."""
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    found: list[list[int]] = []
    for length, same in groupby(order, key=lambda position: filled(lengths[position])):
        positions = list(same)
        size = max(1, BATCH_TOKENS // length)
        found += [positions[at : at + size] for at in range(0, len(positions), size)]
    return found
