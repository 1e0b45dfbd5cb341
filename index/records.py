"""The frozen records that travel through the project. All offsets are half-open, in code points."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points: ``text[start:end]``."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Article:
    """One article as it was extracted; ``text`` is never changed afterwards.

    ``id`` is derived from ``source``, so the same source again is an update.
    ``published`` is the date of publication and may be unknown; ``fetched`` never is.
    ``language`` is an ISO 639-1 code, or "und" where none could be told.
    """

    id: str
    text: str
    title: str
    source: str
    fetched: datetime
    language: str
    sha256: str
    authors: tuple[str, ...] = ()
    publisher: str | None = None
    published: date | None = None


def article_id(source: str) -> str:
    """The id of the article from ``source``: 12 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def make_article(
    text: str,
    *,
    source: str,
    language: str,
    title: str = "",
    authors: tuple[str, ...] = (),
    publisher: str | None = None,
    published: date | None = None,
    fetched: datetime | None = None,
) -> Article:
    """An article whose id and checksum follow from its source and text."""
    return Article(
        id=article_id(source),
        text=text,
        title=title,
        source=source,
        fetched=fetched or datetime.now(UTC).replace(microsecond=0),
        language=language,
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        authors=authors,
        publisher=publisher,
        published=published,
    )


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage before it is stored: its range and its sentences' ranges within one text."""

    start: int
    end: int
    sentences: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stored passage. ``article.text[start:end] == text`` holds."""

    id: int
    article: Article
    start: int
    end: int
    sentences: tuple[Span, ...]

    @property
    def text(self) -> str:
        return self.article.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class LegScore:
    """Where one leg of the search placed a passage; ``rank`` counts from 1."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search returned. A leg that did not return it is None.

    ``cosine`` is that of question and passage, ``best_sentence`` that of the nearest sentence, both
    made comparable across languages; ``term_share`` is the BM25 score as a share of what a passage
    of average length scores that holds each of the question's terms once.
    ``also_in`` are the other articles with this text, or with one that adds nothing to it.
    ``reranker`` is where a model that read question and passage together placed it, if one did.
    """

    rank: int
    score: float
    passage: Passage
    dense: LegScore | None = None
    lexical: LegScore | None = None
    also_in: tuple[Article, ...] = ()
    cosine: float = 0.0
    best_sentence: float = 0.0
    term_share: float = 0.0
    reranker: LegScore | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may be found. Empty means all; dates compare with ``published``, inclusive."""

    since: date | None = None
    until: date | None = None
    languages: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    article_ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that could not be read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class AddReport:
    """What an addition did, as article ids; failures are sources."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    passages: int = 0


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What making an index equal to folders did, as article ids; failures are sources.

    ``sources`` names the articles that were added, updated or removed. After a ``dry_run`` it is
    what would be done, and ``passages`` is 0.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    passages: int = 0
    sources: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """Something stored that is not what was written: where, and what is wrong with it."""

    where: str
    problem: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check of a whole index read, and the damage it found; none when it is sound."""

    path: str
    articles: int = 0
    texts: int = 0
    passages: int = 0
    segments: int = 0
    files: int = 0
    bytes: int = 0
    damage: tuple[Damage, ...] = ()


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did: records that are ``lost``, by name, and what was built again.

    ``embedded`` passages had no sound vector left; ``kept`` is where the damaged record lies.
    """

    path: str
    damage: tuple[Damage, ...] = ()
    lost: tuple[str, ...] = ()
    segments: int = 0
    passages: int = 0
    embedded: int = 0
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was written and read again, or restored."""

    path: str
    articles: int
    passages: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Status:
    """What an index holds."""

    path: str
    articles: int
    texts: int
    passages: int
    segments: int
    bytes: int
    model: str
    dimension: int
    runtime: str
    """What runs the model here, in which precision and why."""

    languages: dict[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    writer: str | None = None
    """Who is writing to it just now, if anyone."""


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """A line of a listing: an article without its text."""

    article_id: str
    title: str
    source: str
    publisher: str | None
    published: date | None
    language: str
    characters: int
    passages: int
    copy: bool


class Order(StrEnum):
    """What a listing is ordered by."""

    ADDED = "added"
    PUBLISHED = "published"
    TITLE = "title"
    PUBLISHER = "publisher"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class ArticleQuery:
    """One page of a listing: which articles, in which order.

    ``words`` must all stand in an article's title, its publisher or the name of its source; in the
    beginning of one without a title. Case and accents do not count. Articles that lack what they
    are ordered by come last in either direction. ``page`` counts from 1.
    """

    words: str = ""
    order: Order = Order.ADDED
    descending: bool = False
    page: int = 1
    size: int = 50
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """A page of a listing. Beyond the last page it is the last one.

    ``total`` counts all pages' articles. ``beginnings`` are those of the texts of the articles on
    it that have no title, by their ids.
    """

    total: int
    page: int
    size: int
    articles: tuple[ArticleSummary, ...]
    beginnings: dict[str, str]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an index holds on the whole.

    ``since`` and ``until`` are the first and the last date of publication. Publishers and languages
    come with the number of their articles, the most frequent first.
    """

    articles: int
    passages: int
    since: date | None
    until: date | None
    publishers: dict[str, int]
    languages: dict[str, int]
    failures: int
    writer: str | None
    """Who is writing to it just now, if anyone."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far long work has come; ``total`` is None while it is unknown."""

    articles: int
    total: int | None
    passages: int


class AsItIs(Enum):
    """Stands for a value that is to stay what it is."""

    AS_IT_IS = "as it is"


AS_IT_IS: Final = AsItIs.AS_IT_IS
"""What ``Index.edit`` leaves as it is; None takes a value away."""
