"""Plain text to an article."""

from __future__ import annotations

import re

from index.ingest.document import Document
from index.ingest.encoding import decode
from index.ingest.metadata import language_of, split_site
from index.ingest.options import ReadOptions
from index.records import Article, make_article

MAX_TITLE_CHARACTERS = 200
"""A longer first line is a paragraph, not a title."""


def read_text(document: Document, options: ReadOptions) -> Article:
    """The whole decoded text as an article, its first line as title where it is short.

    Raises ``SourceError`` for bytes that are no text and for text that is empty.
    """
    text = decode(document.data, document.uri, options.encoding)
    title, publisher = title_of(text)
    return make_article(
        text,
        source=document.uri,
        language=language_of(text, None, options),
        title=title,
        publisher=publisher,
    )


def title_of(text: str) -> tuple[str, str | None]:
    """(title, publisher) from the first lines; "" and None where they do not tell.

    "Site - Headline", followed by "Headline" alone, is how saved pages begin: it names both.
    """
    lines = re.finditer(r"\S[^\r\n]*", text)
    first = next((match[0].strip() for match in lines), "")
    second = next((match[0].strip() for match in lines), "")
    if len(first) > MAX_TITLE_CHARACTERS:
        return "", None
    return split_site(first, known=second)
