"""Texts to vectors: where a model's weights come from, and what runs them."""

__all__ = ["embedder", "models", "offline"]
