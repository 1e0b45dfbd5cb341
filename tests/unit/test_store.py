"""The record: its transactions, its format, its queries."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from index import (
    Article,
    Failure,
    Filters,
    IndexFolderError,
    IndexMismatchError,
    Span,
    make_article,
)
from index.records import Chunk
from index.storage.schema import FORMAT, MIGRATIONS
from index.storage.segment import FileRecord, SegmentRecord
from index.storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "articles.db", read_only=False)) as opened:
        yield opened


def article(name: str, text: str = "Ein Satz. Noch einer.", **details: object) -> Article:
    return make_article(text, source=f"https://{name}", language="de", **details)  # type: ignore[arg-type]


def put(store: Store, *articles: Article) -> list[int]:
    """Store each article with one passage over its whole text; returns the ids of the texts."""
    ids = []
    with store.atomic():
        for entry in articles:
            text_id = store.texts.with_checksum(entry.sha256)
            if text_id is None:
                whole = Span(0, len(entry.text))
                first = store.texts.next_passage_id()
                text_id = store.texts.put(entry, first, [Chunk(whole.start, whole.end, (whole,))])
            store.articles.put(entry, text_id)
            ids.append(text_id)
    return ids


class TestArticles:
    def test_every_field_comes_back(self, store: Store) -> None:
        full = article(
            "a",
            "Grüße 👩‍👩‍👧 aus\r\nKöln\u2028e\u0301",
            title='„Titel“ "x"',
            authors=("Ä. B.", "C"),
            publisher="Ort & Zeit",
            published=date(2024, 2, 29),
        )
        bare = article("b")
        put(store, full, bare)
        for entry in (full, bare):
            stored = store.articles.get(entry.id)
            assert stored is not None
            assert stored.article == entry

    def test_absent(self, store: Store) -> None:
        assert store.articles.get("0" * 12) is None
        assert store.texts.with_checksum("0" * 64) is None

    def test_a_text_is_stored_once(self, store: Store) -> None:
        first, second = put(store, article("a"), article("b"))
        assert first == second
        assert store.articles.count_of(first) == 2
        assert [summary.copy for summary in store.articles.summaries(Filters())] == [False, True]
        counts = store.counts()
        assert (counts.articles, counts.texts, counts.passages) == (2, 1, 1)

    def test_unused_texts_go_with_their_passages(self, store: Store) -> None:
        one, other = article("a"), article("b", "Anderer Text.")
        put(store, one, other)
        with store.atomic():
            store.texts.delete_unused(store.articles.delete(one.id))
        assert store.segments.removed() == [1]
        assert store.texts.with_checksum(one.sha256) is None
        assert store.texts.passage_ids() == [2]

    def test_passage_ids_are_never_used_twice(self, store: Store) -> None:
        put(store, article("a"))
        with store.atomic():
            store.texts.delete_unused(store.articles.delete(article("a").id))
        assert store.texts.next_passage_id() == 2

    def test_length_counts_code_points(self, store: Store) -> None:
        put(store, article("a", "ä👩\0b"))
        assert store.articles.summaries(Filters())[0].characters == 4

    def test_languages_by_frequency(self, store: Store) -> None:
        english = make_article("Text.", source="c", language="en")
        put(store, english, article("a"), article("b", "Zwei."))
        assert list(store.articles.languages().items()) == [("de", 2), ("en", 1)]

    def test_find_by_beginning_and_by_source(self, store: Store) -> None:
        put(store, article("a"), article("b"))
        wanted = article("a").id
        assert store.articles.find(wanted[:6].upper()) == [wanted]
        assert store.articles.find("https://a") == [wanted]
        assert store.articles.find("%") == []
        assert store.articles.find("_" * 12) == []
        assert len(store.articles.find("")) == 2


class TestFilters:
    @pytest.fixture(autouse=True)
    def _articles(self, store: Store) -> None:
        put(
            store,
            article("zeitung.de/1", "Eins.", published=date(2024, 5, 1), publisher="Die Straße"),
            article("zeitung.de/2", "Zwei.", published=date(2025, 5, 1)),
            article("blatt.at/3", "Drei."),
            make_article("Four.", source="https://PAPER.com/4", language="en"),
        )

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            (Filters(), "1234"),
            (Filters(since=date(2024, 5, 1)), "12"),
            (Filters(since=date(2024, 5, 2)), "2"),
            (Filters(until=date(2024, 5, 1)), "1"),
            (Filters(since=date(2024, 5, 2), until=date(2025, 4, 30)), ""),
            (Filters(languages=("en",)), "4"),
            (Filters(languages=("en", "de")), "1234"),
            (Filters(languages=("fr",)), ""),
            (Filters(sources=("zeitung.de",)), "12"),
            (Filters(sources=("paper.COM",)), "4"),
            (Filters(sources=("DIE STRASSE",)), "1"),
            (Filters(sources=("Straße",)), ""),
            (Filters(sources=("blatt", "paper")), "34"),
            (Filters(sources=("%",)), ""),
            (Filters(sources=("' OR 1=1 --",)), ""),
            (Filters(article_ids=(article("blatt.at/3").id,)), "3"),
            (Filters(languages=("de",), sources=("zeitung",), since=date(2025, 1, 1)), "2"),
        ],
    )
    def test_what_passes(self, store: Store, filters: Filters, expected: str) -> None:
        assert "".join(s.source[-1] for s in store.articles.summaries(filters)) == expected
        assert store.texts.passage_ranges(filters) == [
            (int(digit), int(digit)) for digit in expected
        ]

    def test_of_several_owners_only_those_that_pass(self, store: Store) -> None:
        text_id, *_ = put(store, article("kopie.de/9", "Eins.", published=date(2023, 1, 1)))
        everyone = store.articles.of_texts([text_id], Filters())[text_id]
        assert [entry.source[-1] for entry in everyone] == ["9", "1"]
        some = store.articles.of_texts([text_id], Filters(since=date(2024, 1, 1)))[text_id]
        assert [entry.source[-1] for entry in some] == ["1"]


class TestTransactions:
    def test_an_error_undoes_all_of_it(self, store: Store) -> None:
        def write() -> None:
            with store.atomic():
                store.put_settings({"a": "b"})
                store.failures.put([Failure("x", "y")])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            write()
        assert store.settings() == {}
        assert store.failures.all() == ()
        put(store, article("a"))

    def test_a_commit_that_fails_is_undone(self, store: Store) -> None:
        """A full disk, for example; here a reference that is only checked at the end."""

        def write() -> None:
            with store.atomic():
                store._connection.execute("PRAGMA defer_foreign_keys = ON")
                store.articles.put(article("a"), 999)

        with pytest.raises(sqlite3.IntegrityError):
            write()
        assert store.counts().articles == 0
        put(store, article("a"))
        assert store.counts().articles == 1

    def test_a_snapshot_does_not_see_later_commits(self, store: Store) -> None:
        with closing(Store(store.path, read_only=True)) as reader:
            with reader.snapshot():
                assert reader.counts().articles == 0
                put(store, article("a"))
                assert reader.counts().articles == 0
            assert reader.counts().articles == 1

    def test_data_version_changes_with_every_commit(self, store: Store) -> None:
        """Its own as well as another connection's: what was read before is old in both cases."""
        with closing(Store(store.path, read_only=True)) as reader:
            before = store.data_version(), reader.data_version()
            put(store, article("a"))
            after = store.data_version(), reader.data_version()
        assert before[0] != after[0]
        assert before[1] != after[1]
        assert store.data_version() == after[0]


class TestFailures:
    def test_the_last_reason_counts_until_it_succeeds(self, store: Store) -> None:
        odd = "datei-\udcff.txt"
        with store.atomic():
            store.failures.put([Failure("a", "first"), Failure(odd, "why")])
            store.failures.put([Failure("a", "second")])
        assert [(f.source, f.reason) for f in store.failures.all()] == [
            ("a", "second"),
            ("datei-\\udcff.txt", "why"),
        ]
        with store.atomic():
            store.failures.forget(["a", odd])
        assert store.failures.all() == ()


class TestSegments:
    def test_records_come_back(self, store: Store) -> None:
        records = [
            SegmentRecord(f"{n:010d}-ab", n, {"ids.npy": FileRecord(n, "0" * 64)}) for n in (2, 11)
        ]
        with store.atomic():
            for record in reversed(records):
                store.segments.put(record)
        assert store.segments.all() == records


class TestFormat:
    def test_newer_format_is_refused(self, store: Store, tmp_path: Path) -> None:
        store._connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
        for read_only in (True, False):
            with pytest.raises(IndexMismatchError, match="newer version") as error:
                Store(tmp_path / "articles.db", read_only=read_only)
            assert str(FORMAT + 1) in str(error.value)

    @pytest.mark.parametrize("read_only", [True, False])
    def test_another_file_is_refused_and_left_alone(self, tmp_path: Path, read_only: bool) -> None:
        path = tmp_path / "articles.db"
        path.write_bytes(b"Dear diary, " * 1000)
        with pytest.raises(IndexFolderError, match="not an index"):
            Store(path, read_only=read_only)
        assert path.read_bytes() == b"Dear diary, " * 1000

    def test_another_programs_database_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "articles.db"
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE articles (x)")
        before = path.read_bytes()
        with pytest.raises(IndexFolderError, match="not an index"):
            Store(path, read_only=False)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("read_only", [True, False])
    def test_missing_folder(self, tmp_path: Path, read_only: bool) -> None:
        with pytest.raises(IndexFolderError, match="Check that the folder exists"):
            Store(tmp_path / "absent" / "articles.db", read_only=read_only)

    def test_empty_file_is_no_index_to_read(self, tmp_path: Path) -> None:
        (tmp_path / "articles.db").touch()
        with pytest.raises(IndexFolderError, match="Add articles first"):
            Store(tmp_path / "articles.db", read_only=True)

    def test_odd_characters_in_the_path(self, tmp_path: Path) -> None:
        folder = tmp_path / "a?mode=memory#ü %41"
        folder.mkdir()
        with closing(Store(folder / "articles.db", read_only=False)) as store:
            put(store, article("a"))
        assert (folder / "articles.db").stat().st_size > 0

    def test_two_that_make_it_at_once(self, tmp_path: Path) -> None:
        """The second waits for the first one's lock and must then find the tables made."""
        path = tmp_path / "articles.db"
        errors: list[BaseException] = []

        def open_second() -> None:
            try:
                Store(path, read_only=False).close()
            except BaseException as error:
                errors.append(error)

        with closing(sqlite3.connect(path, isolation_level=None)) as first:
            first.execute("PRAGMA journal_mode = WAL")
            first.execute("BEGIN IMMEDIATE")
            second = threading.Thread(target=open_second)
            second.start()
            second.join(0.3)
            for migration in MIGRATIONS:
                migration(first)
            first.execute(f"PRAGMA user_version = {FORMAT}")
            first.execute("COMMIT")
            second.join(20)
        assert errors == []

    def test_closed_after_an_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An open connection would keep the file busy, and warn when it is collected."""
        opened: list[sqlite3.Connection] = []
        connect: Callable[..., sqlite3.Connection] = sqlite3.connect

        def recorded(*args: object, **kwargs: object) -> sqlite3.Connection:
            opened.append(connect(*args, **kwargs))
            return opened[-1]

        monkeypatch.setattr("index.storage.connection.sqlite3.connect", recorded)
        (tmp_path / "articles.db").write_bytes(b"no database " * 100)
        with pytest.raises(IndexFolderError):
            Store(tmp_path / "articles.db", read_only=True)
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            opened[0].execute("SELECT 1")


class TestLog:
    """What a process before could not force to the disk is written again."""

    def test_its_bytes_stay_and_are_forced_once(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(store, article("a"))
        log = store.path.with_name("articles.db-wal")
        before, synced = log.read_bytes(), list[int]()
        assert len(before) > 4096
        monkeypatch.setattr(os, "fsync", synced.append)
        store.force_log()
        store.force_log()
        assert log.read_bytes() == before
        assert len(synced) == 1

    def test_there_is_none(self, store: Store) -> None:
        store.checkpoint()
        store.force_log()
        put(store, article("a"))
        assert store.counts().articles == 1

    def test_no_room(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        put(store, article("a"))

        def refuse(*arguments: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "pwrite", refuse)
        with pytest.raises(
            IndexFolderError, match=r"articles\.db-wal cannot be written.*Make room"
        ):
            store.force_log()
