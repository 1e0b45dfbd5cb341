"""Texts to vectors: where a model's weights come from, and what runs them."""

__all__ = [
    "accelerator",
    "compiled",
    "embedder",
    "graph",
    "kept",
    "light",
    "models",
    "offline",
    "pieces",
    "precedence",
    "processor",
    "tensors",
]
