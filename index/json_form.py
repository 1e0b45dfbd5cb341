"""The one JSON form of every record: for the command's ``--json``, the page's API and Python.

A record's object has its fields under their names, dates and times in ISO 8601. What differs stands
here as a record of its own: an article is always named by ``article_id``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import singledispatch
from typing import Any

from index.records import (
    Article,
    ArticleSummary,
    CheckReport,
    Damage,
    Hit,
    LegScore,
    Passage,
    Span,
)

DIGITS = 6
"""Decimal places of a number, where its field's metadata names no others under ``digits``."""


@dataclass(frozen=True, slots=True)
class ArticleReference:
    """An article that is named: what it is, without its text."""

    article_id: str
    title: str
    source: str
    publisher: str | None
    published: date | None


@dataclass(frozen=True, slots=True)
class MarkedPlace:
    """A place in an article: ``text[start:end] == quote``."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """A whole article, with the place that was to be marked."""

    article_id: str
    title: str
    source: str
    publisher: str | None
    published: date | None
    authors: tuple[str, ...]
    language: str
    fetched: datetime
    sha256: str
    text: str
    marked: MarkedPlace | None

    @classmethod
    def of(cls, article: Article, mark: Span | None = None) -> ShownArticle:
        place = MarkedPlace(mark.start, mark.end, mark.of(article.text)) if mark else None
        return cls(
            article_id=article.id,
            title=article.title,
            source=article.source,
            publisher=article.publisher,
            published=article.published,
            authors=article.authors,
            language=article.language,
            fetched=article.fetched,
            sha256=article.sha256,
            text=article.text,
            marked=place,
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """The articles of an index, in the order of their addition."""

    articles: tuple[ArticleSummary, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """The ids of the articles that were removed."""

    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forgetting:
    """The sources that could not be read and are no longer listed."""

    forgotten: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that a search returned, with each leg's rank and score; null where it did not.

    ``also_in`` are the other articles with this text.
    """

    rank: int
    article_id: str
    title: str
    source: str
    start: int
    end: int
    text: str
    score: float
    dense: LegScore | None
    lexical: LegScore | None
    reranker: LegScore | None
    also_in: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """What a check of a whole index read, and the damage it found; none when it is ``sound``."""

    sound: bool
    path: str
    articles: int
    texts: int
    passages: int
    segments: int
    files: int
    bytes: int
    damage: tuple[Damage, ...]


@singledispatch
def form(record: object) -> object:
    """The record whose fields stand for ``record`` in JSON: itself, unless one is registered."""
    return record


@form.register
def _(record: Article) -> ArticleReference:
    return ArticleReference(
        record.id, record.title, record.source, record.publisher, record.published
    )


@form.register
def _(record: Hit) -> FoundPassage:
    passage: Passage = record.passage
    return FoundPassage(
        rank=record.rank,
        article_id=passage.article.id,
        title=passage.article.title,
        source=passage.article.source,
        start=passage.start,
        end=passage.end,
        text=passage.text,
        score=record.score,
        dense=record.dense,
        lexical=record.lexical,
        reranker=record.reranker,
        also_in=record.also_in,
    )


@form.register
def _(record: CheckReport) -> Check:
    facts = {field.name: getattr(record, field.name) for field in fields(record)}
    return Check(sound=not record.damage, **facts)


def to_json(record: object) -> dict[str, Any]:
    """The JSON object of a record; ``docs/schema`` says what it holds. Raises TypeError."""
    value = _value(record, DIGITS)
    if not isinstance(value, dict):
        raise TypeError(f"{type(record).__name__} is no record")
    return value


def _value(value: object, digits: int) -> Any:
    if is_dataclass(value):
        shown = form(value)
        return {
            field.name: _value(getattr(shown, field.name), field.metadata.get("digits", DIGITS))
            for field in fields(shown)  # type: ignore[arg-type]  # a form is a record
        }
    if isinstance(value, dict):
        return {str(name): _value(entry, digits) for name, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_value(entry, digits) for entry in value]
    if isinstance(value, date):  # a time is one too
        return value.isoformat()
    if isinstance(value, float):
        return round(value, digits)
    if value is None or isinstance(value, (str, int)):
        return value
    raise TypeError(f"{type(value).__name__} has no form in JSON")
