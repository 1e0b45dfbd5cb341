"""The rows of articles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from index.records import Article, ArticleSummary, Filters
from index.storage.connection import Connection
from index.storage.rows import ARTICLE, SUMMARY, article, condition, marks, summary

_AT_ONCE = 500
"""Ids in one statement; SQLite before 3.32 takes 999."""


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article that is there, and what an update needs to know of it.

    ``number`` is its place in the order of arrival.
    """

    text_id: int
    sha256: str
    embedded_title: str
    number: int
    article: Article


class Articles:
    """The articles of a record, each of which has a text."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, article: Article, text_id: int, number: int | None = None) -> None:
        """Store or replace the article of a source; a new one comes last, or has its ``number``."""
        self._connection.execute(
            """INSERT INTO articles
            (number, id, text_id, source, title, authors, publisher, published, fetched, language)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET text_id = excluded.text_id, source = excluded.source,
            title = excluded.title, authors = excluded.authors, publisher = excluded.publisher,
            published = excluded.published, fetched = excluded.fetched,
            language = excluded.language""",
            (
                number,
                article.id,
                text_id,
                article.source,
                article.title,
                json.dumps(article.authors, ensure_ascii=False),
                article.publisher,
                article.published.isoformat() if article.published else None,
                article.fetched.isoformat(),
                article.language,
            ),
        )

    def delete(self, article_id: str) -> list[int]:
        """Delete an article; returns the id of its text, in a list, empty where there was none."""
        statement = "DELETE FROM articles WHERE id = ? RETURNING text_id"
        return [int(row[0]) for row in self._connection.rows(statement, (article_id,))]

    def get(self, article_id: str) -> StoredArticle | None:
        rows = self._connection.rows(
            f"SELECT {ARTICLE}, t.id, t.sha256, t.title, a.number FROM articles a "
            "JOIN texts t ON t.id = a.text_id WHERE a.id = ?",
            (article_id,),
        )
        if not rows:
            return None
        row = rows[0]
        text_id, sha256, title, number = row[10:14]
        return StoredArticle(text_id, sha256, title, number, article(row))

    def of_texts(self, text_ids: Sequence[int], filters: Filters) -> dict[int, list[Article]]:
        """For each text the articles that have it and pass the filter, first published first."""
        passes, parameters = condition(filters)
        rows = self._connection.rows(
            f"""SELECT {ARTICLE}, t.id FROM articles a JOIN texts t ON t.id = a.text_id
            WHERE t.id IN ({marks(text_ids)}) AND {passes}
            ORDER BY a.published IS NULL, a.published, a.number""",
            [*text_ids, *parameters],
        )
        found: dict[int, list[Article]] = {}
        for row in rows:
            found.setdefault(row[10], []).append(article(row))
        return found

    def find(self, name: str) -> list[str]:
        """Ids of the articles whose id begins with ``name``, or whose source it is."""
        prefix = name.lower()
        rows = self._connection.rows(
            "SELECT id FROM articles WHERE id >= ? AND id < ? || char(1114111) OR source = ? "
            "ORDER BY id",
            (prefix, prefix, name),
        )
        return [row[0] for row in rows]

    def summaries(self, filters: Filters) -> list[ArticleSummary]:
        """The articles a filter lets through, without their texts, in order of arrival."""
        passes, parameters = condition(filters)
        rows = self._connection.rows(
            f"""SELECT {SUMMARY}
            FROM articles a JOIN texts t ON t.id = a.text_id WHERE {passes}
            ORDER BY a.number""",
            parameters,
        )
        return [summary(row) for row in rows]

    def checks(self, ids: Sequence[str] | None = None) -> dict[str, int]:
        """The row's checksum of each of these articles, or of all, that is there."""
        if ids is None:
            return dict(self._connection.rows('SELECT id, "check" FROM articles'))
        found: dict[str, int] = {}
        for first in range(0, len(ids), _AT_ONCE):
            some = ids[first : first + _AT_ONCE]
            found |= self._connection.rows(
                f'SELECT id, "check" FROM articles WHERE id IN ({marks(some)})', some
            )
        return found

    def sources(self) -> dict[str, str]:
        """The id of each source's article."""
        return dict(self._connection.rows("SELECT source, id FROM articles"))

    def languages(self) -> dict[str, int]:
        """How many articles are in each language, most frequent first."""
        return dict(
            self._connection.rows(
                "SELECT language, count(*) FROM articles GROUP BY language ORDER BY 2 DESC, 1"
            )
        )

    def count_of(self, text_id: int) -> int:
        rows = self._connection.rows("SELECT count(*) FROM articles WHERE text_id = ?", (text_id,))
        return int(rows[0][0])
