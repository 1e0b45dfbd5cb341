"""Ranked passages out of one commit."""

__all__ = ["commits", "near_duplicates", "query_vectors", "reorder", "searcher", "snapshot"]
