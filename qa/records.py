"""The frozen records of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from index import Article, Hit, form, to_json


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
    score: float = field(metadata={"digits": 4})
    also_in: tuple[Article, ...] = ()


@dataclass(frozen=True, slots=True)
class Normalized:
    """A value in comparable form: 14 Mrd. Dollar is 14000000000 USD."""

    amount: float = field(metadata={"digits": 12})
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One value that sources give, with the citations that give it, best first."""

    value: str
    citations: tuple[int, ...]
    normalized: Normalized | None = None
    time: str | None = None
    hedge: str | None = None


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A limit of time that the question itself named, for the date of publication.

    Where it is not ``applied``, articles of that time did not answer as well as all of them.
    """

    phrase: str
    since: date | None
    until: date | None
    applied: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its proof. ``found`` is False where the articles do not answer."""

    question: str
    language: str
    kind: str
    found: bool
    answer: str
    confidence: float = field(metadata={"digits": 4})
    views: tuple[View, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Hit, ...] = ()
    time_limit: TimeLimit | None = None
    timings_ms: dict[str, float] = field(default_factory=dict, metadata={"digits": 2})

    @property
    def further(self) -> tuple[Citation, ...]:
        """The citations that no view names: the next likeliest sentences."""
        named = {n for view in self.views for n in view.citations}
        return tuple(citation for citation in self.citations if citation.n not in named)

    def to_json(self) -> dict[str, Any]:
        """The one JSON object that the command, the API and the page share."""
        return to_json(self)


@form.register
def _(record: Normalized) -> Normalized:
    """Whole numbers have no decimal point."""
    return replace(record, amount=_whole(record.amount))


def _whole(amount: float) -> float:
    return int(amount) if amount.is_integer() else amount
