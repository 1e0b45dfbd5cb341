"""What the caller may say about how sources are read."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal, get_args

from index.errors import UsageError
from index.translation import text

Kind = Literal["text", "markdown", "html", "jsonl", "csv"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns (CSV) or keys (JSONL) to read; None tries the usual names in ``SYNONYMS``."""

    text: str | None = None
    title: str | None = None
    source: str | None = None
    authors: str | None = None
    publisher: str | None = None
    published: str | None = None
    language: str | None = None
    id: str | None = None


SYNONYMS: dict[str, tuple[str, ...]] = {
    "text": ("text", "content", "body", "context", "artikel", "article", "inhalt"),
    "title": ("title", "titel", "headline", "überschrift", "schlagzeile"),
    "source": ("source", "url", "uri", "link", "quelle"),
    "authors": ("authors", "author", "autor", "autoren", "byline"),
    "publisher": ("publisher", "site", "sitename", "medium", "zeitung"),
    "published": ("published", "date", "datum", "published_at", "publish_date", "pubdate"),
    "language": ("language", "lang", "sprache"),
    "id": ("id", "_id", "article_id", "doc_id"),
}
"""Tried in this order, without regard to case. A test holds the keys equal to ``Columns``."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How sources are read.

    ``encoding`` and ``language`` overrule what is recognised. ``stdin_format`` is the kind of
    what comes from standard input. ``max_bytes`` bounds one file (or standard input), ``seconds``
    the reading of one page.
    Raises ``UsageError`` for a value that cannot be.
    """

    columns: Columns = Columns()
    encoding: str | None = None
    language: str | None = None
    stdin_format: Kind = "text"
    max_bytes: int = 100 * MEGABYTE
    seconds: float = 30

    def __post_init__(self) -> None:
        if self.stdin_format not in KINDS:
            raise UsageError(
                text(
                    "standard input as {stdin_format!r}: unknown format; use {formats}",
                    stdin_format=self.stdin_format,
                    formats=", ".join(KINDS),
                )
            )
        if self.encoding is not None:
            _check_encoding(self.encoding)
        if self.language is not None and not re.fullmatch(r"[a-z]{2}|und", self.language):
            raise UsageError(
                text(
                    "language {language!r}: not an ISO 639-1 code; use two letters, such as 'de'",
                    language=self.language,
                )
            )
        if self.max_bytes < 1:
            raise UsageError(
                text("max_bytes {max_bytes}: must be at least 1", max_bytes=self.max_bytes)
            )
        if not 0 < self.seconds < 86_400:
            raise UsageError(
                text("seconds {seconds}: must be above 0 and less than a day", seconds=self.seconds)
            )


DEFAULTS = ReadOptions()


def _check_encoding(name: str) -> None:
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        raise UsageError(
            text("encoding {name!r}: unknown; use one such as 'utf-8'", name=name)
        ) from None
    # codecs.lookup also knows bytes-to-bytes codecs ("zlib"), which bytes.decode refuses.
    if not getattr(codec, "_is_text_encoding", True):
        raise UsageError(
            text("encoding {name!r}: not a text encoding; use one such as 'utf-8'", name=name)
        )
