"""An embedder without a model, so that storage and ranking are tested in milliseconds.

It is a real implementation of the ``Embedder`` interface, only a simple one: a text's vector is
the sum of one fixed random direction for each of its words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class WordEmbedder:
    """Texts with common words have near vectors; equal texts have equal ones."""

    name: str = "words"
    dimension: int = 48
    max_tokens: int = 512
    salt: str = ""

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.dimension} {self.salt}".encode()).hexdigest()

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.casefold()) or [""]:
                vectors[row] += _direction(f"{self.salt}{word}", self.dimension)
            vectors[row] /= np.linalg.norm(vectors[row])
        return vectors

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        vectors = self.embed_queries(texts)
        if progress is not None and texts:
            progress(len(texts))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Pieces of at most four letters, and every other character that shows."""
        return [len(re.findall(r"\w{1,4}|[^\w\s]", text)) for text in texts]


@dataclass(frozen=True, slots=True)
class CountingEmbedder(WordEmbedder):
    """Remembers which passages and sentences it was asked for."""

    texts: list[str] = field(default_factory=list)

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        self.texts.extend(texts)
        return WordEmbedder.embed_passages(self, texts, progress)


@cache
def _direction(word: str, dimension: int) -> NDArray[np.float32]:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
