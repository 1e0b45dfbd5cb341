"""The articles of an index as the page lists, changes and removes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from index import (
    ArticleNotFoundError,
    ArticleQuery,
    ArticleSummary,
    Filters,
    Index,
    Order,
    UsageError,
)
from index.translation import day, text
from qa.show.languages import language_name
from qa.show.sanitize import one_line
from qa.show.sources import headline, link_of, name_of
from qa.web.orders import MOST
from qa.web.removals import SECONDS, Removals
from qa.web.turns import PATIENCE, turns_of

MOST_ON_A_PAGE = 200

LONGEST = 1_000
"""Characters of a title or a publisher's name; of a longer one somebody has pasted a text."""


class Library:
    """What ``/api/holdings``, ``articles``, ``remove`` and the like answer, as JSON has it.

    For several threads at once.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._turns = turns_of(index)
        self._removals = Removals()

    # --- what is there -------------------------------------------------------------------------

    def holdings(self) -> dict[str, Any]:
        """How much there is, from when to when, by whom and in which languages."""
        held = self._index.holdings()
        return {
            "articles": held.articles,
            "passages": held.passages,
            "since": _iso(held.since),
            "until": _iso(held.until),
            "publishers": [
                {"name": name, "articles": count} for name, count in held.publishers.items()
            ],
            "languages": [
                {"code": code, "name": language_name(code), "articles": count}
                for code, count in held.languages.items()
            ],
            "failures": held.failures,
            "writer": held.writer,
        }

    def page(self, wanted: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """One page of the listing; ``wanted`` are the names and values of an address' query.

        Raises UsageError.
        """
        page = self._index.article_page(_query(wanted))
        return {
            "total": page.total,
            "page": page.page,
            "size": page.size,
            "articles": [
                _row(item, page.beginnings.get(item.article_id, "")) for item in page.articles
            ],
        }

    def ids(self, wanted: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """The articles of all pages of a listing, as many as one order may name; as ``page``."""
        return {"ids": self._index.article_ids(_query(wanted), MOST)}

    def also_in(self, article_id: str) -> list[dict[str, str]]:
        """The other articles with the text of this one. Raises ArticleNotFoundError."""
        return [
            {"article_id": other.id, "name": other.publisher or name_of(other.source)}
            for other in self._index.copies(article_id)
        ]

    # --- what is changed -----------------------------------------------------------------------

    def edit(self, article_id: str, changes: Mapping[str, object]) -> dict[str, Any]:
        """Change title, publisher or date, those that ``changes`` names; the row as it is then.

        Raises ArticleNotFoundError, UsageError, IndexBusyError.
        """
        told = _changes(changes)
        with self._turns.turn(PATIENCE):
            edited = self._index.edit(article_id, **told)
        filters = Filters(article_ids=(edited.id,))
        page = self._index.article_page(ArticleQuery(filters=filters))
        if not page.articles:
            raise ArticleNotFoundError(text("This article has just been removed."))
        return _row(page.articles[0], page.beginnings.get(edited.id, ""))

    def remove(self, ids: Sequence[str]) -> dict[str, Any]:
        """Remove those of the articles that are there; ``undo`` is what ``restore`` takes.

        It is None where they are too much to be held. Raises ArticleNotFoundError where none is
        there, IndexBusyError.
        """
        with self._turns.turn(PATIENCE):
            taken = self._index.withdraw(ids)
        if not taken.stored:
            raise ArticleNotFoundError(text("These articles are not there any more."))
        token = self._removals.hold(taken)
        return {"removed": len(taken.stored), "undo": token, "seconds": int(SECONDS)}

    def restore(self, token: str) -> dict[str, Any]:
        """Put back what a removal took out. Raises ArticleNotFoundError, IndexBusyError."""
        with self._removals.taken(token) as taken, self._turns.turn(PATIENCE):
            return {"restored": len(self._index.put_back(taken))}

    # --- what could not be read ----------------------------------------------------------------

    def failures(self) -> list[dict[str, Any]]:
        """The sources that could not be read, and why."""
        files = self._index.failed_files()
        return [
            {
                "source": failure.source,
                "name": name_of(failure.source),
                "reason": one_line(failure.reason),
                "again": failure.source in files,
            }
            for failure in self._index.failures()
        ]

    def forget(self, sources: Sequence[str]) -> dict[str, Any]:
        """No longer list these as unread; those that are not listed do not matter."""
        with self._turns.turn(PATIENCE):
            known = {failure.source for failure in self._index.failures()}
            chosen = [source for source in sources if source in known]
            forgotten = self._index.forget(chosen) if chosen else ()
        return {"forgotten": len(forgotten)}


# ---- a page of the listing -----------------------------------------------------------------------


def _row(item: ArticleSummary, beginning: str) -> dict[str, Any]:
    title, has_title = headline(item.title, beginning)
    return {
        "article_id": item.article_id,
        "title": item.title,
        "headline": title,
        "has_title": has_title,
        "publisher": item.publisher,
        "published": _iso(item.published),
        "published_words": day(item.published) if item.published else None,
        "language": item.language,
        "passages": item.passages,
        "copy": item.copy,
        "link": link_of(item.source),
        "name": name_of(item.source),
    }


def _iso(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _query(wanted: Iterable[tuple[str, str]]) -> ArticleQuery:
    given: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in wanted:
        if value:
            given[name].append(value)

    def last(name: str, otherwise: str) -> str:
        return given[name][-1] if name in given else otherwise

    return ArticleQuery(
        words=last("query", ""),
        order=_order(last("sort", Order.ADDED)),
        descending=last("descending", "0") != "0",
        page=_count("page", last("page", "1"), 1_000_000),
        size=_count("size", last("size", "50"), MOST_ON_A_PAGE),
        filters=Filters(
            since=_date("since", last("since", "")),
            until=_date("until", last("until", "")),
            languages=tuple(given["language"]),
            publishers=tuple(given["publisher"]),
        ),
    )


def _order(value: str) -> Order:
    try:
        return Order(value)
    except ValueError:
        raise _wrong("sort", value) from None


def _count(name: str, value: str, most: int) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= most):
        raise _wrong(name, value)
    return int(value[:9])


def _date(name: str, value: object) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise _wrong(name, value) from None


def _wrong(name: str, value: object) -> UsageError:
    return UsageError(
        text("{name} cannot be {value!r}.", name=name, value=one_line(str(value))[:40])
    )


# ---- what is said of an article ------------------------------------------------------------------


def _changes(changes: Mapping[str, object]) -> dict[str, Any]:
    """The arguments of ``Index.edit``. Raises UsageError."""
    told: dict[str, Any] = {}
    for name, value in changes.items():
        if value is not None and not isinstance(value, str):
            raise _wrong(name, value)
        if name == "title":
            told[name] = _line(name, value)
        elif name == "publisher":
            told[name] = _line(name, value) or None
        elif name == "published":
            told[name] = _date(name, value)
        else:
            raise UsageError(
                text("An article's {name} cannot be changed here.", name=one_line(name)[:40])
            )
    return told


def _line(name: str, value: str | None) -> str:
    """A title or name as one line, without characters that stand for nothing."""
    line = " ".join((value or "").replace("\0", "").split())
    if len(line) > LONGEST:
        raise _wrong(name, value)
    return line
