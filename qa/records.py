"""The frozen records of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from index import Article, Hit, Span, form, to_json


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
    """A value in comparable form: 14 Mrd. Dollar is 14000000000 USD.

    ``upper`` is the other end of a range: "10 bis 12 Millionen" is 10000000 to 12000000.
    """

    amount: float = field(metadata={"digits": 12})
    unit: str | None
    upper: float | None = field(default=None, metadata={"digits": 12})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a view's value stands: ``quote[start:end]`` of the citation with this number."""

    citation: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class View:
    """One value that sources give, with the citations that give it, best first.

    ``probability`` is that of its answering the question, as far as the articles can be trusted.
    ``former`` marks a value that its own sentence replaces by another, ``is_text`` one that is
    neither a number nor a time.
    ``evidence`` are the places in these citations' quotes, each as its source writes the value.
    """

    value: str
    citations: tuple[int, ...]
    normalized: Normalized | None = None
    time: str | None = None
    hedge: str | None = None
    evidence: tuple[Evidence, ...] = ()
    probability: float = field(default=0.0, metadata={"digits": 4})
    former: bool = False
    is_text: bool = False


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
    """An answer with its proof. ``found`` is False where the articles do not answer.

    ``confidence`` is the likeliest view's probability. ``nearest`` are the sentences that come
    nearest to an answer where there is none. ``listed`` says that the views are the parts of one
    answer, as to "Welche Städte …?", and not different ones.
    """

    question: str
    language: str
    kind: str
    found: bool
    answer: str
    confidence: float = field(metadata={"digits": 4})
    views: tuple[View, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Citation, ...] = ()
    listed: bool = False
    passages: tuple[Hit, ...] = ()
    time_limit: TimeLimit | None = None
    timings_ms: dict[str, float] = field(default_factory=dict, metadata={"digits": 2})

    @property
    def further(self) -> tuple[Citation, ...]:
        """The citations that no view names: the next likeliest sentences."""
        named = {n for view in self.views for n in view.citations}
        return tuple(citation for citation in self.citations if citation.n not in named)

    def places(self, citation: Citation) -> list[Span]:
        """Where the citation's quote says the views' values, in order and without overlap."""
        told = sorted(
            (entry.start, entry.end)
            for view in self.views
            for entry in view.evidence
            if entry.citation == citation.n
        )
        places: list[Span] = []
        for start, end in told:
            if places and start < places[-1].end:
                places[-1] = Span(places[-1].start, max(end, places[-1].end))
            else:
                places.append(Span(start, end))
        return places

    def to_json(self) -> dict[str, Any]:
        """The one JSON object that the command, the API and the page share."""
        return to_json(self)


@form.register
def _(record: Normalized) -> Normalized:
    """Whole numbers have no decimal point."""
    upper = None if record.upper is None else _whole(record.upper)
    return replace(record, amount=_whole(record.amount), upper=upper)


def _whole(amount: float) -> float:
    return int(amount) if amount.is_integer() else amount
