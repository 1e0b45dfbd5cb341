"""Answers and reports as people read them, in a terminal and on a page; nothing in them runs."""

__all__ = ["article_page", "counts", "markup", "page", "sanitize", "terminal"]
