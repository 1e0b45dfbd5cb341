"""Texts to vectors: where a model's weights come from, and what runs them."""

__all__ = ["compiled", "embedder", "graph", "light", "models", "offline", "pieces", "tensors"]
