"""Ranked passages out of one commit."""

__all__ = ["near_duplicates", "reorder", "searcher"]
