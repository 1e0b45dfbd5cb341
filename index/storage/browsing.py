"""Listings that are searched, ordered and cut into pages, and what a record holds on the whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from index.errors import UsageError
from index.records import Article, ArticlePage, ArticleQuery, ArticleSummary, Holdings, Order
from index.storage.articles import Articles
from index.storage.connection import Connection
from index.storage.rows import ARTICLE, SUMMARY, article, condition, folded, marks, read, summary
from index.translation import text

BEGINNING = 2_000
"""Characters of an untitled article's text that come with a page; its first sentence heads it."""

SEARCHED_BEGINNING = 200
"""Characters of it that are searched; of tens of thousands of articles each would be read."""

_TITLE = f"""CASE a.title WHEN '' THEN
(SELECT substr(text, 1, {SEARCHED_BEGINNING}) FROM texts WHERE id = a.text_id) ELSE a.title END"""

_PUBLISHER = "coalesce(a.publisher, '')"

_ORDERS = {
    Order.ADDED: "",
    Order.PUBLISHED: "a.published IS NULL, a.published {direction},",
    Order.TITLE: "a.title = '', folded(a.title) {direction},",
    Order.PUBLISHER: f"{_PUBLISHER} = '', folded({_PUBLISHER}) {{direction}},",
    Order.LANGUAGE: "a.language {direction},",
}


class Browsing:
    """Reads what people look through, a page at a time."""

    def __init__(self, connection: Connection, articles: Articles) -> None:
        self._connection = connection
        self._articles = articles

    def page(self, query: ArticleQuery) -> ArticlePage:
        """One page of a listing; its texts alone are read. Raises UsageError."""
        if query.size < 1:
            raise UsageError(
                text("A page of {size} articles. Ask for at least one.", size=query.size)
            )
        numbers = self._numbers(query)
        last = -(-len(numbers) // query.size)
        page = max(1, min(query.page, last))
        shown = numbers[(page - 1) * query.size : page * query.size]
        return ArticlePage(
            total=len(numbers),
            page=page,
            size=query.size,
            articles=self._summaries(shown),
            beginnings=self._beginnings(shown),
        )

    def ids(self, query: ArticleQuery, most: int) -> list[str]:
        """The articles of all pages, in order; ``most`` of them."""
        numbers = self._numbers(query)[:most]
        known: dict[int, str] = dict(self._connection.rows("SELECT number, id FROM articles"))
        return [known[number] for number in numbers if number in known]

    def holdings(self, writer: str | None) -> Holdings:
        """What the record holds on the whole, ``writer`` being who writes to it."""
        [[articles, since, until]] = self._connection.rows(
            "SELECT count(*), min(published), max(published) FROM articles"
        )
        [[passages, failures]] = self._connection.rows(
            "SELECT (SELECT count(*) FROM passages), (SELECT count(*) FROM failures)"
        )
        publishers = self._connection.rows(
            "SELECT publisher, count(*) FROM articles WHERE publisher <> '' GROUP BY publisher "
            "ORDER BY 2 DESC, 1"
        )
        return Holdings(
            articles=articles,
            passages=passages,
            since=read(date.fromisoformat, since) if since else None,
            until=read(date.fromisoformat, until) if until else None,
            publishers=dict(publishers),
            languages=self._articles.languages(),
            failures=failures,
            writer=writer,
        )

    def copies(self, article_id: str) -> tuple[Article, ...]:
        """The other articles with the text of this one, the first published first."""
        rows = self._connection.rows(
            f"""SELECT {ARTICLE} FROM articles a JOIN texts t ON t.id = a.text_id
            WHERE a.text_id = (SELECT text_id FROM articles WHERE id = ?) AND a.id <> ?
            ORDER BY a.published IS NULL, a.published, a.number""",
            (article_id, article_id),
        )
        return tuple(map(article, rows))

    def _numbers(self, query: ArticleQuery) -> list[int]:
        """The articles of all pages, in order."""
        passes, parameters = condition(query.filters)
        words = folded(query.words)
        if words.split():
            passes += f" AND names(?, {_TITLE}, a.publisher, a.source)"
            parameters.append(words)
        direction = "DESC" if query.descending else "ASC"
        order = _ORDERS[query.order].format(direction=direction)
        rows = self._connection.rows(
            f"SELECT a.number FROM articles a WHERE {passes} ORDER BY {order} a.number {direction}",
            parameters,
        )
        return [row[0] for row in rows]

    def _summaries(self, numbers: Sequence[int]) -> tuple[ArticleSummary, ...]:
        rows = self._connection.rows(
            f"""SELECT a.number, {SUMMARY} FROM articles a JOIN texts t ON t.id = a.text_id
            WHERE a.number IN ({marks(numbers)})""",
            numbers,
        )
        found = {number: summary(row) for number, *row in rows}
        # One may have been removed between the two statements.
        return tuple(found[number] for number in numbers if number in found)

    def _beginnings(self, numbers: Sequence[int]) -> dict[str, str]:
        return dict(
            self._connection.rows(
                f"""SELECT a.id, substr(t.text, 1, {BEGINNING}) FROM articles a
                JOIN texts t ON t.id = a.text_id
                WHERE a.title = '' AND a.number IN ({marks(numbers)})""",
                numbers,
            )
        )
