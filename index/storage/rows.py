"""Between rows of the record and the records of ``index.records``."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import unquote

from index import translation
from index.errors import IndexDamagedError
from index.records import Article, ArticleSummary, Chunk, Filters, Span

_T = TypeVar("_T")
_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))
"""Unicode's block of combining diacritical marks."""

ARTICLE = """a.id, t.text, a.title, a.source, a.fetched, a.language, t.sha256, a.authors,
a.publisher, a.published"""
"""The columns that ``article`` takes."""

PASSAGE = 'id, text_id, start, "end", sentences'
"""The columns that ``passage`` takes."""

SUMMARY = """a.id, a.title, a.source, a.publisher, a.published, a.language, characters(t.text),
(SELECT count(*) FROM passages p WHERE p.text_id = t.id),
a.number > (SELECT min(number) FROM articles b WHERE b.text_id = a.text_id)"""
"""The columns that ``summary`` takes, of ``articles a`` and ``texts t``."""


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as the record has it, before its article is chosen."""

    id: int
    text_id: int
    start: int
    end: int
    sentences: tuple[Span, ...]


def read(reader: Callable[[str], _T], text: str) -> _T:
    """A stored text as what it stands for."""
    try:
        return reader(text)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise IndexDamagedError(
            translation.text(
                "articles.db holds {text!r}, which cannot be read: {error}. qa verify shows "
                "where, qa repair saves what is sound.",
                text=str(text)[:40],
                error=error,
            )
        ) from error


def article(row: Sequence[Any]) -> Article:
    return Article(
        id=row[0],
        text=row[1],
        title=row[2],
        source=row[3],
        fetched=read(datetime.fromisoformat, row[4]),
        language=row[5],
        sha256=row[6],
        authors=read(_names, row[7]),
        publisher=row[8],
        published=read(date.fromisoformat, row[9]) if row[9] else None,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(str(name) for name in json.loads(text))


def passage(row: Sequence[Any]) -> StoredPassage:
    return StoredPassage(row[0], row[1], row[2], row[3], spans_from_json(row[4]))


def summary(row: Sequence[Any]) -> ArticleSummary:
    return ArticleSummary(
        article_id=row[0],
        title=row[1],
        source=row[2],
        publisher=row[3],
        published=read(date.fromisoformat, row[4]) if row[4] else None,
        language=row[5],
        characters=row[6],
        passages=row[7],
        copy=bool(row[8]),
    )


def condition(filters: Filters) -> tuple[str, list[object]]:
    """A filter as an SQL condition on ``articles a``. An unknown date passes no limit of dates."""
    conditions, parameters = ["TRUE"], list[object]()
    if filters.since:
        conditions.append("a.published >= ?")
        parameters.append(filters.since.isoformat())
    if filters.until:
        conditions.append("a.published <= ?")
        parameters.append(filters.until.isoformat())
    exact = (
        ("a.language", filters.languages),
        ("a.publisher", filters.publishers),
        ("a.id", filters.article_ids),
    )
    for column, values in exact:
        if values:
            conditions.append(f"{column} IN ({marks(values)})")
            parameters.extend(values)
    if filters.sources:
        # A source is named by a part of its address, or by its publisher.
        named = "(instr(casefold(a.source), casefold(?)) OR casefold(a.publisher) = casefold(?))"
        conditions.append("(" + " OR ".join([named] * len(filters.sources)) + ")")
        parameters.extend(value for source in filters.sources for value in (source, source))
    return " AND ".join(conditions), parameters


def casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def folded(text: str) -> str:
    """``text`` without case and accents, as it is searched and sorted: "Ähre" is "ahre"."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text)
    for accent in _ACCENTS.intersection(parts):
        parts = parts.replace(accent, "")
    return parts.casefold()


def names(words: str, title: str, publisher: str | None, source: str) -> bool:
    """Whether all ``words``, which are folded, stand in what is said of an article.

    The folders of a file are nobody's concern.
    """
    name = source.rpartition("/")[2] if source.startswith("file:") else source
    told = folded("\n".join((title, publisher or "", unquote(name))))
    return all(word in told for word in words.split())


def marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def spans_to_json(chunk: Chunk) -> str:
    return json.dumps([[s.start, s.end] for s in chunk.sentences], separators=(",", ":"))


def spans_from_json(text: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in read(_pairs, text))


def _pairs(text: str) -> list[tuple[int, int]]:
    found = [(start, end) for start, end in json.loads(text)]
    if not all(isinstance(number, int) for pair in found for number in pair):
        raise ValueError("these are no places in a text")
    return found


def printable(text: str) -> str:
    """File names that are not UTF-8 come with surrogates, which SQLite does not take."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
