"""The record: one SQLite file with articles, passages and the names of the segments.

Its transaction is the only commit point of an index. No other module holds SQL.

An article's text is stored once, in ``texts``; articles from several sources with the same text
point to the same row, and passages belong to the text.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from index.errors import IndexFolderError, IndexMismatchError
from index.records import Article, ArticleSummary, Chunk, Failure, Filters, Span
from index.segment import FileRecord, SegmentRecord

FORMAT = 1
"""The newest storage format this version writes and reads."""


def _m001_first_format(connection: sqlite3.Connection) -> None:
    statements = """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE texts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        sha256 TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL,
        title TEXT NOT NULL,      -- the title that stands in the embedded text of its passages
        language TEXT NOT NULL
    ) STRICT;
    CREATE TABLE articles (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        text_id INTEGER NOT NULL REFERENCES texts (id),
        source TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        authors TEXT NOT NULL,    -- a JSON list
        publisher TEXT,
        published TEXT,           -- YYYY-MM-DD
        fetched TEXT NOT NULL,    -- ISO 8601, UTC
        language TEXT NOT NULL
    ) STRICT;
    CREATE INDEX articles_of_text ON articles (text_id);
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text_id INTEGER NOT NULL REFERENCES texts (id),
        start INTEGER NOT NULL,   -- code points
        "end" INTEGER NOT NULL,
        sentences TEXT NOT NULL   -- a JSON list of [start, end]
    ) STRICT;
    CREATE INDEX passages_of_text ON passages (text_id);
    CREATE TABLE segments (
        name TEXT PRIMARY KEY,
        passages INTEGER NOT NULL,
        files TEXT NOT NULL       -- a JSON object: file -> {bytes, sha256}
    ) STRICT;
    CREATE TABLE removed (passage_id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE failures (
        source TEXT PRIMARY KEY,
        reason TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
    """
    for statement in statements.split(";\n"):
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_m001_first_format,)
"""Append-only: a migration that has been released is never changed."""


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as the record has it, before its article is chosen."""

    id: int
    text_id: int
    start: int
    end: int
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """What an update needs to know of the article that is there."""

    text_id: int
    sha256: str
    embedded_title: str
    article: Article


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds."""

    articles: int
    texts: int
    passages: int
    segments: int


class Store:
    """One open connection; methods may be called from several threads, one at a time."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        mode = "ro" if read_only else "rwc"
        self._lock = threading.RLock()
        self._commits = 0
        self.path = path
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=10.0,
            )
        except sqlite3.OperationalError as error:
            raise _unusable(path, read_only, error) from error
        try:
            # SQLite's own lower() knows ASCII alone, and its length() ends at a NUL character.
            self._connection.create_function("characters", 1, len, deterministic=True)
            self._connection.create_function("casefold", 1, _casefold, deterministic=True)
            self._prepare(read_only)
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise _unusable(path, read_only, error) from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _no_index(path, str(error)) from error
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def _prepare(self, read_only: bool) -> None:
        # In one statement: another process may be making the tables just now.
        version, tables = self._rows(
            "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        )[0]
        if version > FORMAT:
            raise IndexMismatchError(
                f"{self.path} has storage format {version}; this version of Fundstelle knows up to "
                f"{FORMAT}. Install a newer version: pip install --upgrade fundstelle"
            )
        if read_only:
            if version < FORMAT:
                raise IndexFolderError(f"{self.path} is empty or of an older format. Add to it.")
            return
        if version == 0 and tables:
            raise _no_index(self.path, "it is another program's database")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        if version < FORMAT:
            with self.atomic():
                # Another process may have done it while this one waited for the lock.
                version = int(self._rows("PRAGMA user_version")[0][0])
                for migration in MIGRATIONS[version:]:
                    migration(self._connection)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """One write transaction: all of it or nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # After some errors, such as a full disk, SQLite has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._commits += 1

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads that all see the same commit."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def data_version(self) -> tuple[int, int]:
        """What differs after every commit, of another connection (first) or this one (second)."""
        with self._lock:
            return int(self._rows("PRAGMA data_version")[0][0]), self._commits

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    # --- settings ------------------------------------------------------------------------------

    def settings(self) -> dict[str, str]:
        return dict(self._rows("SELECT name, value FROM settings"))

    def put_settings(self, settings: Mapping[str, str]) -> None:
        self._connection.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())

    # --- writing: only inside atomic() ---------------------------------------------------------

    def next_passage_id(self) -> int:
        """The id the next passage gets; ids are never used twice."""
        rows = self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'passages'")
        return int(rows[0][0]) + 1 if rows else 1

    def put_text(self, article: Article, first_passage: int, chunks: Sequence[Chunk]) -> int:
        """Store a text with its passages, numbered from ``first_passage``; returns its id.

        A text that is there already gets these passages in the place of those it had.
        """
        rows = self._rows(
            """INSERT INTO texts (sha256, text, title, language) VALUES (?, ?, ?, ?)
            ON CONFLICT (sha256) DO UPDATE SET title = excluded.title, language = excluded.language
            RETURNING id""",
            (article.sha256, article.text, article.title, article.language),
        )
        text_id = int(rows[0][0])
        self._remove_passages("text_id = ?", (text_id,))
        self._connection.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
            (
                (first_passage + i, text_id, chunk.start, chunk.end, _spans_to_json(chunk))
                for i, chunk in enumerate(chunks)
            ),
        )
        return text_id

    def put_article(self, article: Article, text_id: int) -> None:
        """Store or replace the article of a source."""
        self._connection.execute(
            """INSERT INTO articles
            (id, text_id, source, title, authors, publisher, published, fetched, language)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET text_id = excluded.text_id, source = excluded.source,
            title = excluded.title, authors = excluded.authors, publisher = excluded.publisher,
            published = excluded.published, fetched = excluded.fetched,
            language = excluded.language""",
            (
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

    def delete_article(self, article_id: str) -> None:
        self._connection.execute("DELETE FROM articles WHERE id = ?", (article_id,))

    def delete_unused_texts(self) -> None:
        """Remove the texts that no article has any more, and mark their passages."""
        unused = "SELECT id FROM texts WHERE id NOT IN (SELECT text_id FROM articles)"
        self._remove_passages(f"text_id IN ({unused})")
        self._connection.execute("DELETE FROM texts WHERE id NOT IN (SELECT text_id FROM articles)")

    def _remove_passages(self, condition: str, parameters: Sequence[object] = ()) -> None:
        """Delete passages, and mark their ids, which stand in segments that do not change."""
        for statement in ("INSERT INTO removed SELECT id FROM", "DELETE FROM"):
            self._connection.execute(f"{statement} passages WHERE {condition}", tuple(parameters))

    def put_segment(self, record: SegmentRecord) -> None:
        files = {
            name: {"bytes": entry.bytes, "sha256": entry.sha256}
            for name, entry in record.files.items()
        }
        self._connection.execute(
            "INSERT INTO segments VALUES (?, ?, ?)",
            (record.name, record.passages, json.dumps(files)),
        )

    def put_failures(self, failures: Iterable[Failure]) -> None:
        now = datetime.now(UTC).replace(microsecond=0).isoformat()
        self._connection.executemany(
            "INSERT OR REPLACE INTO failures VALUES (?, ?, ?)",
            ((_printable(f.source), _printable(f.reason), now) for f in failures),
        )

    def forget_failures(self, sources: Iterable[str]) -> None:
        self._connection.executemany(
            "DELETE FROM failures WHERE source = ?", ((_printable(source),) for source in sources)
        )

    # --- reading -------------------------------------------------------------------------------

    def counts(self) -> Counts:
        tables = ("articles", "texts", "passages", "segments")
        return Counts(*(int(self._rows(f"SELECT count(*) FROM {t}")[0][0]) for t in tables))

    def languages(self) -> dict[str, int]:
        """How many articles are in each language, most frequent first."""
        return dict(
            self._rows(
                "SELECT language, count(*) FROM articles GROUP BY language ORDER BY 2 DESC, 1"
            )
        )

    def failures(self) -> tuple[Failure, ...]:
        rows = self._rows("SELECT source, reason FROM failures ORDER BY source")
        return tuple(Failure(source, reason) for source, reason in rows)

    def segments(self) -> list[SegmentRecord]:
        """The live segments, oldest first."""
        return [
            SegmentRecord(
                name,
                passages,
                {
                    file: FileRecord(entry["bytes"], entry["sha256"])
                    for file, entry in json.loads(files).items()
                },
            )
            for name, passages, files in self._rows(
                "SELECT name, passages, files FROM segments ORDER BY name"
            )
        ]

    def removed_passages(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT passage_id FROM removed")]

    def stored_article(self, article_id: str) -> StoredArticle | None:
        rows = self._rows(
            f"SELECT {_ARTICLE}, t.id, t.sha256, t.title FROM articles a "
            "JOIN texts t ON t.id = a.text_id WHERE a.id = ?",
            (article_id,),
        )
        if not rows:
            return None
        row = rows[0]
        return StoredArticle(row[10], row[11], row[12], _article(row))

    def text_with(self, sha256: str) -> int | None:
        """The id of the text with this checksum."""
        rows = self._rows("SELECT id FROM texts WHERE sha256 = ?", (sha256,))
        return int(rows[0][0]) if rows else None

    def needs_passages(self, article: Article) -> bool:
        """Whether an article's text has no passages yet, or ones that no longer fit.

        They depend on a title and a language as well. The first article of a text gives these; once
        there are others, a change in one of them changes nothing.
        """
        rows = self._rows(
            "SELECT id, title, language FROM texts WHERE sha256 = ?", (article.sha256,)
        )
        if not rows:
            return True
        text_id, title, language = rows[0]
        owners = self._rows("SELECT id FROM articles WHERE text_id = ? LIMIT 2", (text_id,))
        return (title, language) != (article.title, article.language) and owners == [(article.id,)]

    def articles_of_text(self, text_id: int) -> int:
        rows = self._rows("SELECT count(*) FROM articles WHERE text_id = ?", (text_id,))
        return int(rows[0][0])

    def find_articles(self, name: str) -> list[str]:
        """Ids of the articles whose id begins with ``name``, or whose source it is."""
        prefix = name.lower()
        rows = self._rows(
            "SELECT id FROM articles WHERE substr(id, 1, ?) = ? OR source = ? ORDER BY id",
            (len(prefix), prefix, name),
        )
        return [row[0] for row in rows]

    def summaries(self, filters: Filters) -> list[ArticleSummary]:
        """The articles a filter lets through, without their texts, in order of arrival."""
        condition, parameters = _condition(filters)
        rows = self._rows(
            f"""SELECT a.id, a.title, a.source, a.publisher, a.published, a.language,
            characters(t.text), (SELECT count(*) FROM passages p WHERE p.text_id = t.id),
            a.number > (SELECT min(number) FROM articles b WHERE b.text_id = a.text_id)
            FROM articles a JOIN texts t ON t.id = a.text_id WHERE {condition}
            ORDER BY a.number""",
            parameters,
        )
        return [
            ArticleSummary(
                id=row[0],
                title=row[1],
                source=row[2],
                publisher=row[3],
                published=date.fromisoformat(row[4]) if row[4] else None,
                language=row[5],
                characters=row[6],
                passages=row[7],
                copy=bool(row[8]),
            )
            for row in rows
        ]

    def passage_ids(self, filters: Filters) -> list[int]:
        """Ids of the passages that stand in at least one article the filter lets through."""
        condition, parameters = _condition(filters)
        rows = self._rows(
            f"""SELECT id FROM passages WHERE text_id IN
            (SELECT a.text_id FROM articles a WHERE {condition})""",
            parameters,
        )
        return [row[0] for row in rows]

    def passages(self, ids: Sequence[int]) -> dict[int, StoredPassage]:
        rows = self._rows(
            f"""SELECT id, text_id, start, "end", sentences FROM passages
            WHERE id IN ({_marks(ids)})""",
            ids,
        )
        return {
            row[0]: StoredPassage(row[0], row[1], row[2], row[3], _spans_from_json(row[4]))
            for row in rows
        }

    def articles_with(self, text_ids: Sequence[int], filters: Filters) -> dict[int, list[Article]]:
        """For each text the articles that have it and pass the filter, first published first."""
        condition, parameters = _condition(filters)
        rows = self._rows(
            f"""SELECT {_ARTICLE}, t.id FROM articles a JOIN texts t ON t.id = a.text_id
            WHERE t.id IN ({_marks(text_ids)}) AND {condition}
            ORDER BY a.published IS NULL, a.published, a.number""",
            [*text_ids, *parameters],
        )
        found: dict[int, list[Article]] = {}
        for row in rows:
            found.setdefault(row[10], []).append(_article(row))
        return found


def _unusable(path: Path, read_only: bool, error: sqlite3.Error) -> IndexFolderError:
    return IndexFolderError(
        f"{path} cannot be opened: {error}. Check that the folder exists and may be "
        f"{'read' if read_only else 'written'}."
    )


def _no_index(path: Path, reason: str) -> IndexFolderError:
    return IndexFolderError(f"{path} is not an index: {reason}. Name another folder with --index.")


_ARTICLE = """a.id, t.text, a.title, a.source, a.fetched, a.language, t.sha256, a.authors,
a.publisher, a.published"""


def _article(row: Sequence[Any]) -> Article:
    return Article(
        id=row[0],
        text=row[1],
        title=row[2],
        source=row[3],
        fetched=datetime.fromisoformat(row[4]),
        language=row[5],
        sha256=row[6],
        authors=tuple(json.loads(row[7])),
        publisher=row[8],
        published=date.fromisoformat(row[9]) if row[9] else None,
    )


def _condition(filters: Filters) -> tuple[str, list[object]]:
    """A filter as an SQL condition on ``articles a``. An unknown date passes no limit of dates."""
    conditions, parameters = ["TRUE"], list[object]()
    if filters.since:
        conditions.append("a.published >= ?")
        parameters.append(filters.since.isoformat())
    if filters.until:
        conditions.append("a.published <= ?")
        parameters.append(filters.until.isoformat())
    for column, values in (("a.language", filters.languages), ("a.id", filters.article_ids)):
        if values:
            conditions.append(f"{column} IN ({_marks(values)})")
            parameters.extend(values)
    if filters.sources:
        # A source is named by a part of its address, or by its publisher.
        named = "(instr(casefold(a.source), casefold(?)) OR casefold(a.publisher) = casefold(?))"
        conditions.append("(" + " OR ".join([named] * len(filters.sources)) + ")")
        parameters.extend(value for source in filters.sources for value in (source, source))
    return " AND ".join(conditions), parameters


def _casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _spans_to_json(chunk: Chunk) -> str:
    return json.dumps([[s.start, s.end] for s in chunk.sentences], separators=(",", ":"))


def _spans_from_json(text: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(text))


def _printable(text: str) -> str:
    """File names that are not UTF-8 come with surrogates, which SQLite does not take."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
