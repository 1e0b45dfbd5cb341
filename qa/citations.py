"""What cannot be verified is not shown."""

from __future__ import annotations

import hashlib

from index import Article, Span


def is_true(article: Article, span: Span, quote: str) -> bool:
    """Whether ``quote`` stands at ``span`` of ``article``, and the text is the stored one."""
    return (
        0 <= span.start < span.end <= len(article.text)
        and article.text[span.start : span.end] == quote
        and hashlib.sha256(article.text.encode("utf-8")).hexdigest() == article.sha256
    )
