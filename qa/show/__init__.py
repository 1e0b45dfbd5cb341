"""Answers and reports as people read them, in a terminal and on a page; nothing in them runs."""

__all__ = [
    "article_page",
    "blocks",
    "counts",
    "languages",
    "markup",
    "sanitize",
    "sources",
    "sureness",
    "terminal",
]
