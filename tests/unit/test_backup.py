"""A whole index in one file."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import threading
from pathlib import Path

import pytest

from index import Index, IndexDamagedError, IndexFolderError, make_article
from index.maintenance.backup import backup, restore
from index.maintenance.check import verify
from tests.fakes import WordEmbedder


def make(folder: Path, articles: int = 5) -> Path:
    with Index.open(folder, embedder=WordEmbedder()) as opened:
        opened.add_articles(
            make_article(f"Das ist Text {n}. Er hat zwei Sätze.", source=f"x{n}", language="de")
            for n in range(articles)
        )
        opened.remove("x1")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "index")


def test_there_and_back(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, read_only=True, embedder=WordEmbedder()) as opened:
        report = opened.backup(tmp_path / "b.tar")
        articles, hits = opened.articles(), opened.search("Text 3")
    assert report.articles == 4
    assert report.bytes == (tmp_path / "b.tar").stat().st_size
    assert restore(tmp_path / "b.tar", tmp_path / "new").articles == 4
    with Index.open(tmp_path / "new", embedder=WordEmbedder()) as opened:
        assert opened.articles() == articles
        assert opened.search("Text 3") == hits
        opened.add_articles([make_article("Neu.", source="new", language="de")])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar", "index", "new"]


def test_a_backup_is_replaced_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "b.tar")
    backup(folder, tmp_path / "b.tar")
    (tmp_path / "letter.txt").write_text("Liebe Oma", "utf-8")
    with pytest.raises(IndexFolderError, match="is no backup"):
        backup(folder, tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text("utf-8") == "Liebe Oma"


def test_a_failed_backup_leaves_the_last_one(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "b.tar")
    before = (tmp_path / "b.tar").read_bytes()
    path = next(folder.glob("segments/*/vectors.npy"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexDamagedError, match="checksum"):
        backup(folder, tmp_path / "b.tar")
    path.unlink()
    with pytest.raises(IndexDamagedError, match="missing"):
        backup(folder, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar", "index"]


def test_a_folder_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="folder is there"):
        backup(folder, tmp_path / "none" / "b.tar")
    with pytest.raises(IndexFolderError, match="no index"):
        backup(tmp_path / "none", tmp_path / "b.tar")


def test_while_another_writes(folder: Path, tmp_path: Path) -> None:
    ended = threading.Event()

    def write() -> None:
        with Index.open(folder, embedder=WordEmbedder()) as opened:
            for n in range(100, 130):
                opened.add_articles([make_article(f"Text {n}.", source=f"x{n}", language="de")])
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    copies = 0
    while not ended.is_set() or not copies:
        backup(folder, tmp_path / "b.tar")
        restore(tmp_path / "b.tar", tmp_path / f"new{copies}")
        with Index.open(tmp_path / f"new{copies}", read_only=True, embedder=WordEmbedder()) as new:
            sources = [entry.source for entry in new.articles()]
        # Whole commits, in their order.
        expected = ["x0", "x2", "x3", "x4", *(f"x{n}" for n in range(100, 130))]
        assert sources == expected[: len(sources)]
        copies += 1
    writer.join()


class TestRestore:
    def test_refuses_to_overwrite(self, folder: Path, tmp_path: Path) -> None:
        backup(folder, tmp_path / "b.tar")
        with pytest.raises(IndexFolderError, match="not empty"):
            restore(tmp_path / "b.tar", folder)
        (tmp_path / "empty").mkdir()
        restore(tmp_path / "b.tar", tmp_path / "empty")
        assert not verify(tmp_path / "empty").damage

    def test_every_kind_of_damage_is_found(self, folder: Path, tmp_path: Path) -> None:
        file = tmp_path / "b.tar"
        backup(folder, file)
        data = file.read_bytes()
        members = {}
        with tarfile.open(file) as archive:
            for member in archive:
                members[member.name] = member.offset_data, member.size
        places = [start + size // 2 for start, size in members.values() if size]
        for position in (3, *places):
            changed = bytearray(data)
            changed[position] ^= 4
            file.write_bytes(changed)
            with pytest.raises(IndexFolderError):
                restore(file, tmp_path / "new")
        for size in (0, 100, 700, len(data) // 2, len(data) - 40_000):
            file.write_bytes(data[:size])
            with pytest.raises(IndexFolderError):
                restore(file, tmp_path / "new")
        assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar", "index"]

    @pytest.mark.parametrize(
        "name",
        ["../evil", "/tmp/evil", "segments/../../evil.npy", "segments/a/../b.npy", "evil", "x.db"],
    )
    def test_no_name_leads_elsewhere(self, tmp_path: Path, name: str) -> None:
        for listed in (True, False):
            file = self._archive(tmp_path, name, tarfile.REGTYPE, listed)
            with pytest.raises(IndexDamagedError):
                restore(file, tmp_path / "a" / "new")
            assert not list(tmp_path.rglob("*evil*"))

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
    def test_no_links_or_pipes(self, tmp_path: Path, kind: bytes) -> None:
        file = self._archive(tmp_path, "articles.db", kind, True)
        with pytest.raises(IndexDamagedError):
            restore(file, tmp_path / "new")

    @pytest.mark.parametrize(
        "manifest",
        [b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"kind": "fundstelle-backup"}', b"null"],
    )
    def test_strange_lists(self, tmp_path: Path, manifest: bytes) -> None:
        file = tmp_path / "b.tar"
        with tarfile.open(file, "w") as archive:
            info = tarfile.TarInfo("manifest.json")
            info.size = len(manifest)
            archive.addfile(info, io.BytesIO(manifest))
        with pytest.raises(IndexFolderError):
            restore(file, tmp_path / "new")

    def test_no_backup(self, tmp_path: Path) -> None:
        (tmp_path / "x.tar").write_text("no archive " * 200, "utf-8")
        for name in ("x.tar", "absent.tar"):
            with pytest.raises(IndexFolderError):
                restore(tmp_path / name, tmp_path / "new")

    def test_a_newer_one_says_so(self, folder: Path, tmp_path: Path) -> None:
        file = self._archive(tmp_path, "articles.db", tarfile.REGTYPE, True, version=3)
        with pytest.raises(IndexFolderError, match="newer version"):
            restore(file, tmp_path / "new")

    def _archive(
        self, tmp_path: Path, name: str, kind: bytes, listed: bool, version: int = 1
    ) -> Path:
        file = tmp_path / "b.tar"
        entry = {"bytes": 3, "sha256": "0" * 64}
        manifest = json.dumps(
            {
                "kind": "fundstelle-backup",
                "version": version,
                "format": 1,
                "files": {name: entry} if listed else {},
            }
        ).encode()
        with tarfile.open(file, "w") as archive:
            info = tarfile.TarInfo("manifest.json")
            info.size = len(manifest)
            archive.addfile(info, io.BytesIO(manifest))
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "../index/articles.db"
            member.size = 3 if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(b"abc"))
        return file


def test_a_copied_folder_is_an_index(folder: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(folder, tmp_path / "elsewhere" / "copy"))
    assert not verify(copied).damage
    with Index.open(copied, embedder=WordEmbedder()) as opened:
        assert opened.search("Text 3")
