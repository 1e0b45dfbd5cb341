"""Which passages are read for a question, and in which order."""

__all__ = ["rerank", "search"]
