"""The rows of texts and of their passages.

An article's text is stored once; articles from several sources with the same text point to the same
row, and passages belong to the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.errors import IndexDamagedError
from index.records import Article, Chunk, Filters
from index.storage.articles import Articles
from index.storage.connection import Connection
from index.storage.rows import (
    PASSAGE,
    StoredPassage,
    condition,
    marks,
    passage,
    spans_to_json,
)
from index.translation import text

_NO_ID = 1 << 53
"""More passages than were ever made."""


@dataclass(frozen=True, slots=True)
class StoredText:
    """A text, and the title and language that its passages were embedded with."""

    id: int
    text: str
    title: str
    language: str


class Texts:
    """The texts of a record, each with its passages."""

    def __init__(self, connection: Connection, articles: Articles) -> None:
        self._connection = connection
        self._articles = articles

    def next_passage_id(self) -> int:
        """The id the next passage gets; ids are never used twice."""
        [[highest]] = self._connection.rows(
            """SELECT max((SELECT coalesce(max(seq), 0) FROM sqlite_sequence
            WHERE name = 'passages'), (SELECT coalesce(max(id), 0) FROM passages))"""
        )
        if not isinstance(highest, int) or highest >= _NO_ID:
            raise IndexDamagedError(
                text(
                    "{path} has used the passage {highest}, which cannot be. qa repair saves what "
                    "is sound; or restore a backup.",
                    path=self._connection.path,
                    highest=highest,
                )
            )
        return highest + 1

    def put(
        self,
        article: Article,
        first_passage: int,
        chunks: Sequence[Chunk],
        known_as: int | None = None,
    ) -> int:
        """Store a text with its passages, numbered from ``first_passage``; returns its id.

        A text that is there already gets these passages in the place of those it had. A new one is
        numbered, or has the id again that it was ``known_as``.
        """
        rows = self._connection.rows(
            """INSERT INTO texts (id, sha256, text, title, language) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (sha256) DO UPDATE SET title = excluded.title, language = excluded.language
            RETURNING id""",
            (known_as, article.sha256, article.text, article.title, article.language),
        )
        text_id = int(rows[0][0])
        self.put_passages(text_id, first_passage, chunks)
        return text_id

    def put_passages(self, text_id: int, first_passage: int, chunks: Sequence[Chunk]) -> None:
        """Give a text these passages, numbered from ``first_passage``, for those it had."""
        self._remove_passages(text_id)
        self._connection.execute_many(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
            (
                (first_passage + i, text_id, chunk.start, chunk.end, spans_to_json(chunk))
                for i, chunk in enumerate(chunks)
            ),
        )

    def delete_unused(self, text_ids: Iterable[int]) -> None:
        """Remove those of some texts that no article has any more, and mark their passages."""
        for text_id in text_ids:
            if not self._articles.count_of(text_id):
                self._remove_passages(text_id)
                self._connection.execute("DELETE FROM texts WHERE id = ?", (text_id,))

    def _remove_passages(self, text_id: int) -> None:
        """Delete a text's passages, and mark their ids, which stand in segments for ever."""
        for statement in ("INSERT INTO removed SELECT id FROM", "DELETE FROM"):
            self._connection.execute(f"{statement} passages WHERE text_id = ?", (text_id,))

    def get(self, text_id: int) -> StoredText | None:
        """A text with what its passages were embedded with."""
        rows = self._connection.rows(
            "SELECT id, text, title, language FROM texts WHERE id = ?", (text_id,)
        )
        return StoredText(*rows[0]) if rows else None

    def with_checksum(self, sha256: str) -> int | None:
        """The id of the text with this checksum."""
        rows = self._connection.rows("SELECT id FROM texts WHERE sha256 = ?", (sha256,))
        return int(rows[0][0]) if rows else None

    def needs_passages(self, article: Article) -> bool:
        """Whether an article's text has no passages yet, or ones that no longer fit.

        They depend on a title and a language as well. The first article of a text gives these; once
        there are others, a change in one of them changes nothing.
        """
        rows = self._connection.rows(
            "SELECT id, title, language FROM texts WHERE sha256 = ?", (article.sha256,)
        )
        if not rows:
            return True
        text_id, title, language = rows[0]
        owners = self._connection.rows(
            "SELECT id FROM articles WHERE text_id = ? LIMIT 2", (text_id,)
        )
        return (title, language) != (article.title, article.language) and owners == [(article.id,)]

    def passages(self, ids: Sequence[int]) -> dict[int, StoredPassage]:
        rows = self._connection.rows(
            f"SELECT {PASSAGE} FROM passages WHERE id IN ({marks(ids)})", ids
        )
        return {row[0]: passage(row) for row in rows}

    def passages_of(self, text_id: int) -> list[StoredPassage]:
        """The passages of one text, in order."""
        rows = self._connection.rows(
            f"SELECT {PASSAGE} FROM passages WHERE text_id = ? ORDER BY id", (text_id,)
        )
        return [passage(row) for row in rows]

    def passage_ranges(self, filters: Filters) -> list[tuple[int, int]]:
        """The first and the last passage of each text of an article that the filter lets through.

        A text's passages are numbered in one go, so that no other's lie between them.
        """
        passes, parameters = condition(filters)
        return self._connection.rows(
            f"""SELECT min(id), max(id) FROM passages WHERE text_id IN
            (SELECT a.text_id FROM articles a WHERE {passes}) GROUP BY text_id ORDER BY 1""",
            parameters,
        )

    def passage_ids(self) -> list[int]:
        return [row[0] for row in self._connection.rows("SELECT id FROM passages ORDER BY id")]
