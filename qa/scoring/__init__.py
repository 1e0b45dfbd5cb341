"""Sentences and spans weighed against each other; how sure an answer is."""

__all__ = ["candidates", "extract", "logistic"]
