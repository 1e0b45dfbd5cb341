"""The frozen records of an answer, and their one JSON form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from index import Article, Hit, LegScore


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in an article; ``article.text[start:end] == quote`` was checked before.

    ``also_in`` are other articles that hold the quote, as copies of this one do.
    """

    n: int
    article_id: str
    title: str
    source: str
    publisher: str | None
    published: date | None
    start: int
    end: int
    quote: str
    score: float
    also_in: tuple[Article, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "article_id": self.article_id,
            "title": self.title,
            "source": self.source,
            "publisher": self.publisher,
            "published": self.published.isoformat() if self.published else None,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "score": round(self.score, 4),
            "also_in": [_article_to_json(article) for article in self.also_in],
        }


@dataclass(frozen=True, slots=True)
class Normalized:
    """A value in comparable form: 14 Mrd. Dollar is 14000000000 USD."""

    amount: float
    unit: str | None

    def to_json(self) -> dict[str, Any]:
        amount = int(self.amount) if self.amount == int(self.amount) else self.amount
        return {"amount": amount, "unit": self.unit}


@dataclass(frozen=True, slots=True)
class View:
    """One value that sources give, with the citations that give it, best first."""

    value: str
    citations: tuple[int, ...]
    normalized: Normalized | None = None
    time: str | None = None
    hedge: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "normalized": self.normalized.to_json() if self.normalized else None,
            "time": self.time,
            "hedge": self.hedge,
            "citations": list(self.citations),
        }


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A limit of time that the question itself named, for the date of publication.

    Where it is not ``applied``, articles of that time did not answer as well as all of them.
    """

    phrase: str
    since: date | None
    until: date | None
    applied: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "phrase": self.phrase,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "applied": self.applied,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its proof. ``found`` is False where the articles do not answer."""

    question: str
    language: str
    kind: str
    found: bool
    answer: str
    confidence: float
    views: tuple[View, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Hit, ...] = ()
    time_limit: TimeLimit | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def further(self) -> tuple[Citation, ...]:
        """The citations that no view names: the next likeliest sentences."""
        named = {n for view in self.views for n in view.citations}
        return tuple(citation for citation in self.citations if citation.n not in named)

    def to_json(self) -> dict[str, Any]:
        """The one JSON object that the command, the API and the page share."""
        return {
            "question": self.question,
            "language": self.language,
            "kind": self.kind,
            "found": self.found,
            "answer": self.answer,
            "confidence": round(self.confidence, 4),
            "time_limit": self.time_limit.to_json() if self.time_limit else None,
            "views": [view.to_json() for view in self.views],
            "citations": [citation.to_json() for citation in self.citations],
            "passages": [hit_to_json(hit) for hit in self.passages],
            "timings_ms": {name: round(value, 2) for name, value in self.timings_ms.items()},
        }


def hit_to_json(hit: Hit) -> dict[str, Any]:
    """One passage of the JSON form."""
    passage = hit.passage
    return {
        "rank": hit.rank,
        "article_id": passage.article.id,
        "title": passage.article.title,
        "source": passage.article.source,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "score": round(hit.score, 6),
        "dense": _leg_to_json(hit.dense),
        "lexical": _leg_to_json(hit.lexical),
        "reranker": _leg_to_json(hit.reranker),
        "also_in": [_article_to_json(article) for article in hit.also_in],
    }


def _article_to_json(article: Article) -> dict[str, Any]:
    return {
        "article_id": article.id,
        "title": article.title,
        "source": article.source,
        "publisher": article.publisher,
        "published": article.published.isoformat() if article.published else None,
    }


def _leg_to_json(leg: LegScore | None) -> dict[str, Any] | None:
    return None if leg is None else {"rank": leg.rank, "score": round(leg.score, 6)}
