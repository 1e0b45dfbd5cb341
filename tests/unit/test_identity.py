"""A record that is replaced while it is open, and what must not be taken for a new index."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from index import Article, Index, IndexDamagedError, IndexFolderError, make_article
from index.maintenance import backup as packing
from index.maintenance.repair import repair
from index.storage.descriptors import opened as opened_descriptor
from index.storage.identity import IDENTITY
from index.storage.store import Store
from tests.fakes import WordEmbedder

SEA = make_article("Das Meer ist tief.", source="mem:sea", language="de")
ALPS = make_article("Die Alpen sind hoch.", source="mem:alps", language="de")


def open_index(folder: Path, *, read_only: bool = False) -> Index:
    return Index.open(folder, embedder=WordEmbedder(), read_only=read_only)


def identity_of(folder: Path) -> str | None:
    with closing(Store(folder / "articles.db", read_only=True)) as store:
        return store.settings().get(IDENTITY)


def damage(folder: Path) -> None:
    """What only a new record mends."""
    with closing(Store(folder / "articles.db", read_only=False)) as store:
        store._connection.execute("UPDATE checks SET total = total + 1 WHERE name = 'failures'")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_index(tmp_path / "index") as index:
        index.add_articles([SEA])
    return tmp_path / "index"


def sources(folder: Path) -> list[str]:
    with open_index(folder, read_only=True) as index:
        return [summary.source for summary in index.articles()]


class TestReplaced:
    def test_a_repair_beside_an_open_index(self, folder: Path) -> None:
        with open_index(folder) as index:
            index.search("Meer")
            damage(folder)
            assert repair(folder, WordEmbedder()).kept
            assert index.add_articles([ALPS]).added == (ALPS.id,)
            assert len(index.search("Meer Alpen")) == 2
        assert sources(folder) == ["mem:sea", "mem:alps"]

    def test_a_repair_of_the_open_index_itself(self, folder: Path) -> None:
        with open_index(folder) as index:
            damage(folder)
            assert index.repair().kept
            index.add_articles([ALPS])
        assert sources(folder) == ["mem:sea", "mem:alps"]

    def test_a_folder_that_was_made_anew_is_another_index(self, folder: Path) -> None:
        with open_index(folder) as index:
            index.search("Meer")
            shutil.rmtree(folder)
            with open_index(folder) as other:
                other.add_articles([ALPS])
            before = sorted(path.name for path in (folder / "segments").iterdir())
            for use in (lambda: index.add_articles([SEA]), lambda: index.search("Meer")):
                with pytest.raises(IndexFolderError, match=r"another index.*Start the program"):
                    use()
            assert sorted(path.name for path in (folder / "segments").iterdir()) == before
        # Closing deletes no log that belongs to the other one.
        assert sources(folder) == ["mem:alps"]

    def test_closing_what_was_replaced_leaves_the_log_of_the_other(self, folder: Path) -> None:
        index = open_index(folder)
        index.articles()
        shutil.rmtree(folder)
        with open_index(folder) as other:
            other.add_articles([ALPS])
            index.close()
            assert (folder / "articles.db-wal").is_file()

    def test_a_folder_that_was_removed(self, folder: Path) -> None:
        with open_index(folder) as index:
            shutil.rmtree(folder)
            with pytest.raises(IndexFolderError):
                index.add_articles([ALPS])
            with pytest.raises(IndexFolderError, match="not there any more"):
                index.articles()
        assert not (folder / "articles.db").exists()

    def test_a_backup_that_was_restored_is_the_same_index(self, folder: Path) -> None:
        with open_index(folder) as index:
            index.backup(folder.parent / "backup.tar")
            index.add_articles([ALPS])
            shutil.rmtree(folder)
            packing.restore(folder.parent / "backup.tar", folder)
            assert [summary.source for summary in index.articles()] == ["mem:sea"]
            index.add_articles([ALPS])
        assert sources(folder) == ["mem:sea", "mem:alps"]

    def test_an_empty_index_takes_what_another_has_made_of_it(self, tmp_path: Path) -> None:
        with open_index(tmp_path / "index") as index:
            shutil.rmtree(tmp_path / "index")
            with open_index(tmp_path / "index") as other:
                other.add_articles([SEA])
            assert [summary.source for summary in index.articles()] == ["mem:sea"]

    def test_in_the_middle_of_adding(self, folder: Path) -> None:
        def slowly() -> Iterator[Article]:
            yield ALPS
            shutil.rmtree(folder)
            with open_index(folder) as other:
                other.add_articles([SEA])

        with (
            open_index(folder) as index,
            pytest.raises(IndexFolderError, match=r"replaced|removed"),
        ):
            index.add_articles(slowly())
        assert sources(folder) == ["mem:sea"]
        with open_index(folder, read_only=True) as index:
            assert not index.verify().damage

    def test_the_lock_was_removed(self, folder: Path) -> None:
        def slowly() -> Iterator[Article]:
            yield ALPS
            (folder / "writer.lock").unlink()

        with open_index(folder) as index, pytest.raises(IndexFolderError, match=r"writer\.lock"):
            index.add_articles(slowly())
        assert sources(folder) == ["mem:sea"]

    def test_readers_in_other_threads(self, folder: Path) -> None:
        errors: list[BaseException] = []
        stop = threading.Event()

        def read(index: Index) -> None:
            while not stop.is_set():
                try:
                    assert index.search("Meer")
                    assert index.articles()
                except BaseException as error:
                    errors.append(error)

        with open_index(folder) as index:
            threads = [threading.Thread(target=read, args=(index,)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for _ in range(3):
                damage(folder)
                repair(folder, WordEmbedder())
            stop.set()
            for thread in threads:
                thread.join()
            index.add_articles([ALPS])
        assert not errors
        assert sources(folder) == ["mem:sea", "mem:alps"]


class TestIdentity:
    def test_every_index_has_its_own_and_keeps_it(self, folder: Path, tmp_path: Path) -> None:
        known = identity_of(folder)
        assert known
        with open_index(folder) as index:
            index.add_articles([ALPS])
            index.backup(tmp_path / "backup.tar")
        damage(folder)
        repair(folder, WordEmbedder())
        packing.restore(tmp_path / "backup.tar", tmp_path / "restored")
        assert identity_of(folder) == identity_of(tmp_path / "restored") == known
        with open_index(tmp_path / "other") as other:
            other.add_articles([SEA])
        assert identity_of(tmp_path / "other") not in (None, known)

    def test_one_of_before_gets_it_with_the_next_writing(self, folder: Path) -> None:
        with closing(Store(folder / "articles.db", read_only=False)) as store:
            store._connection.execute("DELETE FROM settings WHERE name = 'identity'")
        with open_index(folder) as index:
            index.remove(SEA.id)
        assert identity_of(folder)


class TestBegunAnew:
    @pytest.mark.parametrize("content", [None, b"", bytes(8192)])
    def test_a_record_that_is_gone_or_empty_beside_segments(
        self, folder: Path, content: bytes | None
    ) -> None:
        (folder / "articles.db").unlink()
        if content is not None:
            (folder / "articles.db").write_bytes(content)
        before = sorted(folder.rglob("*.npy"))
        for read_only in (False, True):
            with pytest.raises(IndexDamagedError, match=r"qa restore|qa repair"):
                open_index(folder, read_only=read_only)
        with pytest.raises(IndexFolderError, match="qa restore"):
            repair(folder, WordEmbedder())
        assert sorted(folder.rglob("*.npy")) == before
        assert not list(folder.glob("articles.db.new*"))

    def test_links_lead_nowhere(self, folder: Path, tmp_path: Path) -> None:
        outside = tmp_path / "letters"
        (outside / "kept").mkdir(parents=True)
        shutil.rmtree(folder / "segments")
        (folder / "segments").symlink_to(outside)
        with pytest.raises(IndexFolderError, match="is a link"):
            open_index(folder)
        assert (outside / "kept").is_dir()


def test_reading_a_record_s_bytes_keeps_its_locks(folder: Path) -> None:
    """Closing any descriptor of a file frees the process's locks on it; none is closed."""
    with open_index(folder, read_only=True):
        with opened_descriptor(folder / "articles.db") as first:
            assert os.pread(first, 6, 0) == b"SQLite"
        with opened_descriptor(folder / "articles.db") as again:
            assert again == first
        os.fstat(first)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(first)
