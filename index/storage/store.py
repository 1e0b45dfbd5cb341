"""The record: one SQLite file with articles, passages and the names of the segments.

Its transaction is the only commit point of an index. No module but this and ``index.schema``, which
makes the tables, holds SQL.

An article's text is stored once, in ``texts``; articles from several sources with the same text
point to the same row, and passages belong to the text.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from index.errors import IndexDamagedError, IndexFolderError, IndexMismatchError, writing_to
from index.records import Article, ArticleSummary, Chunk, Failure, Filters, Span
from index.storage import descriptors
from index.storage.identity import (
    IDENTITY,
    Place,
    has_segments,
    is_another,
    is_gone,
    place_of,
    refuse_strange,
    was_replaced,
)
from index.storage.schema import (
    FORMAT,
    MIGRATIONS,
    SEQUENCES,
    TABLES,
    is_header_as_made,
    row_check,
    schema_as_made,
    total_of,
)
from index.storage.segment import SegmentRecord

_T = TypeVar("_T")


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
class StoredText:
    """A text, and the title and language that its passages were embedded with."""

    id: int
    text: str
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file gave when it was last read.

    ``sha256`` is that of its bytes, empty where not all could be read. ``articles`` has the check
    of each article's row, None where another file gave the version that counts.
    """

    sha256: str
    read_as: str
    articles: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row by its columns; ``sound`` where they are what was written."""

    rowid: int
    values: dict[str, Any]
    check: object
    sound: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds."""

    articles: int
    texts: int
    passages: int
    segments: int


class Store:
    """One open connection; methods may be called from several threads, one at a time."""

    def __init__(
        self, path: Path, *, read_only: bool, undecoded: bool = False, anew: bool = False
    ) -> None:
        """Open the record.

        ``undecoded``: bytes that are no UTF-8 come as surrogates, no error. ``anew``: it may be
        begun beside segments, as a repair does.
        """
        self._lock = threading.RLock()
        self._commits = 0
        self._generation = 0
        self._opened = False
        self._interrupted: BaseException | None = None
        self._is_log_forced = False
        self._still: Callable[[], None] | None = None
        self._identity: str | None = None
        self._place: Place | None = None
        self._read_only = read_only
        self._undecoded = undecoded
        self._anew = anew
        self.path = path
        self._connection = self._connect()
        self._opened = True

    def _connect(self) -> sqlite3.Connection:
        refuse_strange(self.path)
        mode = "rwc"
        if self._read_only:
            mode = "ro&immutable=1" if _is_immutable(self.path) else "ro"
        before = place_of(self.path)
        if before:
            descriptors.hold(before)
        try:
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=10.0,
            )
        except sqlite3.OperationalError as error:
            if before:
                descriptors.release(before)
            raise _unusable(self.path, self._read_only, error) from error
        try:
            self._connection = connection
            self._add_functions()
            self._prepare(self._read_only)
            self._place = place_of(self.path)
            if before and self._place != before:
                raise was_replaced(self.path)
            if self._place and not before:
                descriptors.hold(self._place)
        except BaseException as error:
            connection.close()
            if before:
                descriptors.release(before)
            if isinstance(error, sqlite3.OperationalError):
                raise _unusable(self.path, self._read_only, error) from error
            # SQLite's message quotes the file, so the bytes of a damaged one may be no UTF-8.
            if isinstance(error, (sqlite3.DatabaseError, UnicodeDecodeError)):
                raise _no_index(self.path, str(error)) from error
            raise
        return connection

    def _add_functions(self) -> None:
        # SQLite's own lower() knows ASCII alone, and its length() ends at a NUL character.
        self._connection.create_function("characters", 1, len, deterministic=True)
        self._connection.create_function("casefold", 1, _casefold, deterministic=True)
        self._connection.create_function("row_check", -1, self._row_check, deterministic=True)
        if self._undecoded:
            self._connection.text_factory = _undecoded

    def close(self) -> None:
        self._connection.close()
        if self._place:
            descriptors.release(self._place)
            self._place = None

    def _prepare(self, read_only: bool) -> None:
        # In one statement: another process may be making the tables just now.
        version, tables = self._rows(
            "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        )[0]
        if version > FORMAT or version < 0:
            raise _newer(self.path, version)
        if version == 0 and tables:
            raise _no_index(self.path, "it is another program's database")
        if version == 0 and not self._anew and has_segments(self.path):
            raise IndexDamagedError(
                f"{self.path} is empty, though segments lie beside it: what it held is lost. "
                "Restore a backup: qa restore FILE --index NEW_FOLDER"
            )
        # A trigger that comes with an index from elsewhere could do anything to what is written.
        if version == FORMAT and not self._undecoded and self._schema() != schema_as_made():
            raise _no_index(self.path, "its tables are not those of this format")
        if read_only:
            if version < FORMAT:
                raise IndexFolderError(
                    f"{self.path} is empty: nothing was added yet. Add articles first: "
                    f"qa --index {self.path.parent} add PATH"
                )
            return
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        # Rows that OR REPLACE takes away are taken from the sum of their table as well.
        self._connection.execute("PRAGMA recursive_triggers = ON")
        if version < FORMAT:
            with self.atomic():
                # Another process may have done it while this one waited for the lock.
                version = int(self._rows("PRAGMA user_version")[0][0])
                for migration in MIGRATIONS[version:]:
                    migration(self._connection)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    # --- the file that has the name ------------------------------------------------------------

    @contextmanager
    def held(self, still: Callable[[], None]) -> Iterator[None]:
        """For the holder of the writer's lock: it is one and the same record all the time.

        ``still`` is called before each commit, and raises where the lock is no longer held.
        """
        with self._lock:
            self._renew()
            self._still = still
        try:
            yield
        finally:
            self._still = None

    def check_place(self) -> None:
        """Raises IndexFolderError where this is no longer the record that has the name."""
        if self._still is not None:
            self._still()
        if self._opened and place_of(self.path) != self._place:
            raise was_replaced(self.path)

    def _renew(self) -> None:
        """Before a use: open the record that has the name now, where it is of the same index."""
        if not self._opened or self._connection.in_transaction:
            return
        place = place_of(self.path)
        if place == self._place:
            return
        if self._still is not None:
            raise was_replaced(self.path)
        if place is None:
            raise is_gone(self.path)
        self._remember_identity()
        fresh = Store(self.path, read_only=self._read_only, undecoded=self._undecoded)
        try:
            if not self._is_same_index(fresh):
                raise is_another(self.path)
            # The file that has lost its name is closed with the other one.
            self._connection, fresh._connection = fresh._connection, self._connection
            self._place, fresh._place = fresh._place, self._place
        finally:
            fresh.close()
        self._add_functions()
        self._generation += 1
        self._is_log_forced = False

    def _remember_identity(self) -> None:
        """What the open file says, which another process may have written to since."""
        try:
            settings = dict(self._connection.execute("SELECT name, value FROM settings").fetchall())
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            return  # it is damaged; what was known before counts
        # One without settings holds nothing yet, so any index may take its place.
        self._identity = settings.get(IDENTITY, "" if settings else None)

    def _is_same_index(self, fresh: Store) -> bool:
        return self._identity is None or self._identity == fresh.settings().get(IDENTITY)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """One write transaction: all of it or nothing.

        Raises IndexFolderError where the disk is full or cannot be written, IndexDamagedError.
        """
        with self._lock, self._explained():
            self._renew()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._check_sequences()
                self.check_place()
                self._connection.execute("COMMIT")
            except BaseException:
                # After some errors, such as a full disk, SQLite has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._commits += 1
            # What lies in a file that has lost its name is not acknowledged.
            self.check_place()

    def _row_check(self, *values: object) -> int:
        """SQLite tells an error of its own for what is raised in here, such as Ctrl-C."""
        try:
            return row_check(*values)
        except BaseException as error:
            self._interrupted = error
            raise

    def _check_sequences(self) -> None:
        """Triggers cannot watch SQLite's own table of the highest ids, so a commit sums it."""
        rows = self._connection.execute(f"SELECT name, seq FROM {SEQUENCES}").fetchall()
        self._connection.execute(
            "UPDATE checks SET rows = ?, total = ? WHERE name = ?",
            (len(rows), total_of(row_check(*row) for row in rows), SEQUENCES),
        )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads that all see the same commit. Raises IndexFolderError."""
        with self._lock, self._explained():
            self._renew()
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def force_log(self) -> None:
        """Write the log's own bytes into it once more and force them to the disk.

        For the holder of the writer's lock, before its first commit. Where the sync of a process
        before failed, the system may take pages for written that are not (Rebello et al. 2020, "Can
        Applications Recover from fsync Failures?"); SQLite would write behind them what power loss
        would take away with them. Raises IndexFolderError.
        """
        if self._is_log_forced or not _log_size(self.path):
            return
        log = _log_of(self.path)
        with self._lock, writing_to(log):
            descriptor, place = os.open(log, os.O_RDWR), 0
            try:
                while block := os.pread(descriptor, _BLOCK, place):
                    place += os.pwrite(descriptor, block, place)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._is_log_forced = True

    def data_version(self) -> tuple[int, int, int]:
        """What differs after every commit, of another connection (first) or this one (second).

        And where another file has taken the record's place (third).
        """
        with self._lock:
            version = int(self._rows("PRAGMA data_version")[0][0])
            return version, self._commits, self._generation

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._explained((sqlite3.DatabaseError, UnicodeDecodeError)):
            self._renew()
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    @contextmanager
    def _explained(
        self, kinds: tuple[type[Exception], ...] = (sqlite3.DatabaseError,)
    ) -> Iterator[None]:
        """SQLite's errors as ours, with the file, the reason and the remedy."""
        try:
            yield
        except kinds as error:
            if self._interrupted is not None:
                interrupted, self._interrupted = self._interrupted, None
                raise interrupted from None
            if not self._opened or not _is_foreign(error):
                raise
            raise _explained(self.path, error) from error

    # --- settings ------------------------------------------------------------------------------

    def settings(self) -> dict[str, str]:
        return dict(self._rows("SELECT name, value FROM settings"))

    def put_settings(self, settings: Mapping[str, str]) -> None:
        self._connection.executemany(
            """INSERT INTO settings VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
            settings.items(),
        )

    # --- writing: only inside atomic() ---------------------------------------------------------

    def next_passage_id(self) -> int:
        """The id the next passage gets; ids are never used twice."""
        [[highest]] = self._rows(
            """SELECT max((SELECT coalesce(max(seq), 0) FROM sqlite_sequence
            WHERE name = 'passages'), (SELECT coalesce(max(id), 0) FROM passages))"""
        )
        if not isinstance(highest, int) or highest >= _NO_ID:
            raise IndexDamagedError(
                f"{self.path} has used the passage {highest}, which cannot be. qa repair saves "
                "what is sound; or restore a backup."
            )
        return highest + 1

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
        self.put_passages(text_id, first_passage, chunks)
        return text_id

    def put_passages(self, text_id: int, first_passage: int, chunks: Sequence[Chunk]) -> None:
        """Give a text these passages, numbered from ``first_passage``, for those it had."""
        self._remove_passages("text_id = ?", (text_id,))
        self._connection.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
            (
                (first_passage + i, text_id, chunk.start, chunk.end, _spans_to_json(chunk))
                for i, chunk in enumerate(chunks)
            ),
        )

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

    def delete_article(self, article_id: str) -> list[int]:
        """Delete an article; returns the id of its text, in a list, empty where there was none."""
        statement = "DELETE FROM articles WHERE id = ? RETURNING text_id"
        return [int(row[0]) for row in self._rows(statement, (article_id,))]

    def delete_unused_texts(self, text_ids: Iterable[int]) -> None:
        """Remove those of some texts that no article has any more, and mark their passages."""
        for text_id in text_ids:
            if not self.articles_of_text(text_id):
                self._remove_passages("text_id = ?", (text_id,))
                self._connection.execute("DELETE FROM texts WHERE id = ?", (text_id,))

    def _remove_passages(self, condition: str, parameters: Sequence[object] = ()) -> None:
        """Delete passages, and mark their ids, which stand in segments that do not change."""
        for statement in ("INSERT INTO removed SELECT id FROM", "DELETE FROM"):
            self._connection.execute(f"{statement} passages WHERE {condition}", tuple(parameters))

    def put_segment(self, record: SegmentRecord) -> None:
        files = {name: asdict(entry) for name, entry in record.files.items()}
        self._connection.execute(
            "INSERT INTO segments VALUES (?, ?, ?)",
            (record.name, record.passages, json.dumps(files)),
        )

    def put_file(self, uri: str, sha256: str, read_as: str, articles: Mapping[str, bool]) -> None:
        """Remember what a file gave: ``articles`` by id, True where this file's version counts."""
        checks = self.article_checks([name for name, counts in articles.items() if counts])
        self._connection.execute(
            """INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (file) DO UPDATE SET
            sha256 = excluded.sha256, read_as = excluded.read_as, articles = excluded.articles""",
            (uri, sha256, read_as, json.dumps({name: checks.get(name) for name in articles})),
        )

    def forget_file(self, uri: str) -> None:
        self._connection.execute("DELETE FROM files WHERE file = ?", (uri,))

    def replace_segments(
        self, old: Sequence[str], new: SegmentRecord | None, passages: tuple[int, int]
    ) -> None:
        """Put ``new`` in the place of ``old`` segments, which held the ids in [first, end).

        The marks of the removed ones among these go: they stand in no segment any more.
        """
        self._connection.executemany(
            "DELETE FROM segments WHERE name = ?", ((name,) for name in old)
        )
        self._connection.execute(
            "DELETE FROM removed WHERE passage_id >= ? AND passage_id < ?", passages
        )
        if new:
            self.put_segment(new)

    def put_failures(self, failures: Iterable[Failure]) -> None:
        now = datetime.now(UTC).replace(microsecond=0).isoformat()
        self._connection.executemany(
            """INSERT INTO failures VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE SET
            reason = excluded.reason, at = excluded.at""",
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
            _read(partial(SegmentRecord.of, name, passages), files)
            for name, passages, files in self._rows(
                "SELECT name, passages, files FROM segments ORDER BY name"
            )
        ]

    def removed_passages(self) -> list[int]:
        """The removed ones that still stand in a segment, in order."""
        return [row[0] for row in self._rows("SELECT passage_id FROM removed ORDER BY passage_id")]

    def removed_between(self, first: int, end: int) -> int:
        """How many of the ids in [first, end) are removed."""
        condition = "passage_id >= ? AND passage_id < ?"
        rows = self._rows(f"SELECT count(*) FROM removed WHERE {condition}", (first, end))
        return int(rows[0][0])

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
            "SELECT id FROM articles WHERE id >= ? AND id < ? || char(1114111) OR source = ? "
            "ORDER BY id",
            (prefix, prefix, name),
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
                published=_read(date.fromisoformat, row[4]) if row[4] else None,
                language=row[5],
                characters=row[6],
                passages=row[7],
                copy=bool(row[8]),
            )
            for row in rows
        ]

    def passage_ranges(self, filters: Filters) -> list[tuple[int, int]]:
        """The first and the last passage of each text of an article that the filter lets through.

        A text's passages are numbered in one go, so that no other's lie between them.
        """
        condition, parameters = _condition(filters)
        return self._rows(
            f"""SELECT min(id), max(id) FROM passages WHERE text_id IN
            (SELECT a.text_id FROM articles a WHERE {condition}) GROUP BY text_id ORDER BY 1""",
            parameters,
        )

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

    # --- what files gave -----------------------------------------------------------------------

    def files(self) -> dict[str, ReadFile]:
        """The files that articles were read from, by their URIs."""
        return {
            uri: ReadFile(sha256, read_as, _read(_object, articles))
            for uri, sha256, read_as, articles in self._rows(
                "SELECT file, sha256, read_as, articles FROM files"
            )
        }

    def article_checks(self, ids: Sequence[str] | None = None) -> dict[str, int]:
        """The row's checksum of each of these articles, or of all, that is there."""
        if ids is None:
            return dict(self._rows('SELECT id, "check" FROM articles'))
        found: dict[str, int] = {}
        for first in range(0, len(ids), _AT_ONCE):
            some = ids[first : first + _AT_ONCE]
            found |= self._rows(
                f'SELECT id, "check" FROM articles WHERE id IN ({_marks(some)})', some
            )
        return found

    def sources(self) -> dict[str, str]:
        """The id of each source's article."""
        return dict(self._rows("SELECT source, id FROM articles"))

    def text_of(self, text_id: int) -> StoredText | None:
        """A text with what its passages were embedded with."""
        rows = self._rows("SELECT id, text, title, language FROM texts WHERE id = ?", (text_id,))
        return StoredText(*rows[0]) if rows else None

    def passages_of(self, text_id: int) -> list[StoredPassage]:
        """The passages of one text, in order."""
        rows = self._rows(
            """SELECT id, text_id, start, "end", sentences FROM passages
            WHERE text_id = ? ORDER BY id""",
            (text_id,),
        )
        return [
            StoredPassage(row[0], row[1], row[2], row[3], _spans_from_json(row[4])) for row in rows
        ]

    # --- for verify, repair and backup ---------------------------------------------------------

    def own_checks(self) -> list[str]:
        """What SQLite finds wrong with the file, and what is not as this version makes it."""
        try:
            found = [str(row[0]) for row in self._connection.execute("PRAGMA integrity_check(20)")]
            found = [line for line in found if line != "ok"]
            found += [f"foreign key: {row[:3]}" for row in self._rows("PRAGMA foreign_key_check")]
            if self._rows("PRAGMA user_version")[0][0] != FORMAT:
                found.append("the number of its format was changed")
            if self._schema() != schema_as_made():
                found.append("its tables are not those of this format")
            # While there is a log, the newest header stands in that, under its checksums.
            if not _log_size(self.path) and not is_header_as_made(self.path):
                found.append("the header of the file was changed")
        except (sqlite3.DatabaseError, UnicodeDecodeError, IndexFolderError) as error:
            return [str(error)]
        return found

    def _schema(self) -> list[tuple[Any, ...]]:
        return self._rows("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")

    def sums(self) -> dict[str, tuple[int, int]]:
        """For each table the number of its rows and the sum of their checks, as recorded."""
        return {name: (rows, total) for name, rows, total in self._rows("SELECT * FROM checks")}

    def sequences(self) -> list[tuple[Any, ...]]:
        """The highest id that each table has used."""
        return self._rows(f"SELECT name, seq FROM {SEQUENCES}")

    def raw_rows(
        self, table: str, *, newest_first: bool = False, rowid: int | None = None
    ) -> Iterator[RawRow]:
        """Every row of a table as it stands, or one, each compared with its checksum.

        Raises IndexDamagedError after the last row that can be read.
        """
        columns = [*TABLES[table], *(["text"] if table == "texts" else [])]
        names = ", ".join(f'"{column}"' for column in columns)
        order = "DESC" if newest_first else "ASC"
        chosen = "" if rowid is None else f"WHERE rowid = {rowid:d}"
        try:
            for row in self._connection.execute(
                f'SELECT rowid, "check", {names} FROM {table} NOT INDEXED {chosen} '
                f"ORDER BY rowid {order}"
            ):
                values = dict(zip(columns, row[2:], strict=True))
                covered = [values[column] for column in TABLES[table]]
                yield RawRow(row[0], values, row[1], _is_sound(table, row[1], covered, values))
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise _explained(self.path, error) from error

    def all_passage_ids(self) -> list[int]:
        return [row[0] for row in self._rows("SELECT id FROM passages ORDER BY id")]

    def put_raw(self, table: str, values: Mapping[str, object]) -> None:
        """Write a row that ``raw_rows`` read from another record."""
        names = ", ".join(f'"{column}"' for column in values)
        self._connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({_marks(list(values))})", tuple(values.values())
        )

    def put_sequence(self, table: str, highest: int) -> None:
        """Let the next id of ``table`` be above ``highest``."""
        self._connection.execute(f"DELETE FROM {SEQUENCES} WHERE name = ?", (table,))
        self._connection.execute(f"INSERT INTO {SEQUENCES} VALUES (?, ?)", (table, highest))

    def delete_segment(self, name: str) -> None:
        self._connection.execute("DELETE FROM segments WHERE name = ?", (name,))

    def put_removed(self, ids: Iterable[int]) -> None:
        """Make these the passages that stand in segments and no longer count."""
        self._connection.execute("DELETE FROM removed")
        self._connection.executemany(
            "INSERT INTO removed VALUES (?)", ((number,) for number in ids)
        )

    def copy_to(self, path: Path) -> None:
        """A copy of what this connection sees, forced to the disk; inside ``snapshot()``."""
        self._rows("SELECT count(*) FROM settings")  # a snapshot begins with its first read
        target = sqlite3.connect(path, isolation_level=None)
        try:
            target.execute("PRAGMA synchronous = FULL")
            self._connection.backup(target)
        except sqlite3.DatabaseError as error:
            raise _explained(path, error) from error
        finally:
            target.close()

    def checkpoint(self) -> None:
        """Take what stands in the log over into the file, as far as readers let it."""
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)")


_BLOCK = 1 << 20

_NO_ID = 1 << 53
"""More passages than were ever made."""

_AT_ONCE = 500
"""Ids in one statement; SQLite before 3.32 takes 999."""


def _undecoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _is_sound(
    table: str, check: object, covered: Sequence[object], values: Mapping[str, Any]
) -> bool:
    try:
        if check != row_check(*covered):
            return False
        return table != "texts" or values["sha256"] == _sha256(values["text"])
    except (TypeError, AttributeError):  # a blob where a text was
        return False


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _is_immutable(path: Path) -> bool:
    """Whether nobody can be writing to the record: on a medium or in a folder without write access.

    SQLite's log needs a file for the locks of its readers beside it, even to read, which cannot be
    made there. Without a log the file is whole and can be read as it is; with one it must not be,
    for the newest commits stand in the log.
    """
    return not os.access(path.parent, os.W_OK) and not _log_size(path)


def _log_size(path: Path) -> int:
    log = _log_of(path)
    return log.stat().st_size if log.exists() else 0


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _is_foreign(error: BaseException) -> bool:
    """Whether the disk or the file is at fault, not the program."""
    return isinstance(error, (sqlite3.DatabaseError, UnicodeDecodeError)) and not isinstance(
        error, (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
    )


def _unusable(path: Path, read_only: bool, error: sqlite3.Error) -> IndexFolderError:
    if "malformed" in str(error):
        return _no_index(path, str(error))
    return IndexFolderError(
        f"{path} cannot be opened: {error}. Check that the folder exists and may be "
        f"{'read' if read_only else 'written'}, and that there is room and not too many files are "
        "open."
    )


def _explained(path: Path, error: BaseException) -> IndexFolderError:
    """What a foreign error of an open database means for its user."""
    remedies = {
        sqlite3.SQLITE_FULL: "Make room, then try again.",
        sqlite3.SQLITE_IOERR: "Check the disk and its room, then try again.",
        sqlite3.SQLITE_CANTOPEN: "Check that the folder exists and who may write there, and "
        "whether too many files are open; else start the program again.",
        sqlite3.SQLITE_READONLY: "Check who may write there.",
        sqlite3.SQLITE_BUSY: "Wait until the other process has ended, then try again.",
    }
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in remedies:
        return IndexFolderError(
            f"{path} cannot be used: {error}. What was stored before is untouched. {remedies[code]}"
        )
    return IndexDamagedError(
        f"{path} is damaged: {error}. qa verify shows where, qa repair saves what is sound."
    )


def _read(reader: Callable[[str], _T], text: str) -> _T:
    """A stored text as what it stands for."""
    try:
        return reader(text)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise IndexDamagedError(
            f"articles.db holds {str(text)[:40]!r}, which cannot be read: {error}. qa verify shows "
            "where, qa repair saves what is sound."
        ) from error


_NO_FORMAT = 1 << 16
"""A number that no format ever has: the header is damaged."""


def _newer(path: Path, version: int) -> IndexFolderError:
    if not 0 < version < _NO_FORMAT:
        return _no_index(path, f"it says that its format is {version}")
    return IndexMismatchError(
        f"{path} has storage format {version}; this version of Fundstelle knows up to {FORMAT}. "
        "Install a newer version: pip install --upgrade fundstelle"
    )


def _no_index(path: Path, reason: str) -> IndexFolderError:
    if has_segments(path):
        return IndexDamagedError(
            f"{path} is damaged: {reason}. qa repair saves what is sound; or restore a backup: "
            "qa restore FILE --index NEW_FOLDER"
        )
    return IndexFolderError(f"{path} is not an index: {reason}. Name another folder with --index.")


_ARTICLE = """a.id, t.text, a.title, a.source, a.fetched, a.language, t.sha256, a.authors,
a.publisher, a.published"""


def _article(row: Sequence[Any]) -> Article:
    return Article(
        id=row[0],
        text=row[1],
        title=row[2],
        source=row[3],
        fetched=_read(datetime.fromisoformat, row[4]),
        language=row[5],
        sha256=row[6],
        authors=_read(_names, row[7]),
        publisher=row[8],
        published=_read(date.fromisoformat, row[9]) if row[9] else None,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(str(name) for name in json.loads(text))


def _object(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


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
    return tuple(Span(start, end) for start, end in _read(_pairs, text))


def _pairs(text: str) -> list[tuple[int, int]]:
    found = [(start, end) for start, end in json.loads(text)]
    if not all(isinstance(number, int) for pair in found for number in pair):
        raise ValueError("these are no places in a text")
    return found


def _printable(text: str) -> str:
    """File names that are not UTF-8 come with surrogates, which SQLite does not take."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
