"""The settings of an index, each with the reason for its default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """How an index is built and searched. What it is built with is stored in it."""

    model: str = "default"
    """"default", or the name or folder of any SentenceTransformer."""

    passage_tokens: int = 200
    """Tokens of the model's own tokenizer; e5-small was trained on passages of this length."""

    bm25_k1: float = 0.9
    bm25_b: float = 0.4
    """Anserini's values for passages; with stems they gave R@1 .899 on XQuAD-R German."""

    sentence_weight: float = 1.0
    lexical_weight: float = 0.06
    """Weights of the nearest sentence and of the squared share of the question's terms, beside 1
    for the passage's cosine: ``python -m bench.fusion``."""

    candidates: int = 100
    """Passages each leg hands over to be measured in all three ways."""

    def built_with(self) -> dict[str, str | int]:
        """The settings that decide what is stored; another value needs another index."""
        return {"model": self.model, "passage_tokens": self.passage_tokens}
