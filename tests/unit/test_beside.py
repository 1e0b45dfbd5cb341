"""Files of JSON lines beside the record: whole at any time, whoever writes and whatever is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import filelock
import pytest

from index import Index, IndexBusyError, IndexFolderError, beside, make_article
from index.ingest.files import walk
from index.maintenance.backup import MANIFEST, backup, restore
from index.maintenance.check import verify
from tests.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / beside.FEEDBACK


def test_rows_come_in_their_order(file: Path) -> None:
    assert beside.rows(file) == []
    for n in range(3):
        beside.put(file, {"n": n, "text": "Größe\n\u2028\ud800"})
    assert [row["n"] for row in beside.rows(file)] == [0, 1, 2]
    assert beside.rows(file)[0]["text"] == "Größe\n\u2028\ud800"
    assert len(file.read_bytes().split(b"\n")) == 4
    assert "Größe" in file.read_text("utf-8")


def test_what_is_replaced_goes_and_the_new_one_is_last(file: Path) -> None:
    for n in range(3):
        beside.put(file, {"n": n})
    beside.put(file, {"n": 1, "new": True}, replaces=lambda row: row.get("n") == 1)
    assert [row["n"] for row in beside.rows(file)] == [0, 2, 1]


def test_lines_that_people_wrote_stay_as_they_are(file: Path) -> None:
    lines = [b'\xef\xbb\xbf{"n": 1}', b"// not JSON \xff", b'{"n":  2, "x": NaN}', b"[1]"]
    file.write_bytes(b"\r\n\n".join(lines))
    assert beside.rows(file) == [{"n": 1}]
    beside.put(file, {"n": 3}, replaces=lambda row: row == {})
    assert beside.rows(file) == [{"n": 1}, {"n": 3}]
    file.write_bytes(b"\n".join(lines))
    beside.put(file, {"n": 3})
    assert file.read_bytes() == b"\n".join([*lines, b'{"n": 3}\n'])


def test_a_nest_without_end_is_no_row(file: Path) -> None:
    file.write_text("[" * 100_000 + "\n" + '{"a":' * 100_000, "utf-8")
    assert beside.rows(file) == []


def test_processes_and_threads_wait_for_each_other(file: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from index import beside\n"
        "for n in range(25): beside.put(Path(sys.argv[1]), {'who': sys.argv[2], 'n': n})"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(file), who], cwd=ROOT) for who in "ab"
    ]

    def put() -> None:
        for n in range(25):
            beside.put(file, {"who": threading.current_thread().name, "n": n})

    threads = [threading.Thread(target=put, name=who) for who in "cd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    rows = beside.rows(file)
    assert len(rows) == 100
    for who in "abcd":
        assert [row["n"] for row in rows if row["who"] == who] == list(range(25))


def test_who_waits_too_long_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_LONGEST_WAIT", 0.05)
    with (
        filelock.FileLock(file.with_name("beside.lock")),
        pytest.raises(IndexBusyError, match="is being written by another process"),
    ):
        beside.put(file, {})
    assert not file.exists()


def test_a_write_that_fails_leaves_what_was_there(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside.put(file, {"n": 1})

    def fail(descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(IndexFolderError, match="Make room"):
            beside.put(file, {"n": 2})
    assert beside.rows(file) == [{"n": 1}]
    beside.put(file, {"n": 3})
    assert beside.rows(file) == [{"n": 1}, {"n": 3}]


def test_nothing_is_read_or_written_through_a_link_or_a_pipe(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text('{"key": 1}\n', "utf-8")
    file.symlink_to(secret)
    with pytest.raises(IndexFolderError, match="is a link"):
        beside.rows(file)
    with pytest.raises(IndexFolderError, match="is a link"):
        beside.put(file, {})
    assert secret.read_text("utf-8") == '{"key": 1}\n'
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(IndexFolderError, match="is no file"):
        beside.rows(file)


class TestInAnIndex:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "index"
        with Index.open(folder, embedder=WordEmbedder()) as opened:
            opened.add_articles([make_article("Das ist ein Text.", source="x", language="de")])
        return folder

    def test_an_index_is_sound_with_them(self, folder: Path) -> None:
        for name in beside.BESIDE:
            beside.put(folder / name, {"n": 1})
        assert not verify(folder).damage
        with Index.open(folder, embedder=WordEmbedder()) as opened:
            assert not opened.repair().damage
            opened.add_articles([make_article("Noch einer.", source="y", language="de")])
            assert opened.search("Text")

    def test_a_backup_has_them(self, folder: Path, tmp_path: Path) -> None:
        beside.put(folder / beside.FEEDBACK, {"question": "Größe?"})
        report = backup(folder, tmp_path / "b.tar")
        restore(tmp_path / "b.tar", tmp_path / "new")
        assert beside.rows(tmp_path / "new" / beside.FEEDBACK) == [{"question": "Größe?"}]
        assert not (tmp_path / "new" / beside.EVALUATIONS).exists()
        assert self._version(tmp_path / "b.tar") == 2
        (folder / beside.FEEDBACK).unlink()
        assert backup(folder, tmp_path / "b.tar").files == report.files - 1
        assert self._version(tmp_path / "b.tar") == 1, "earlier versions can read it"

    def test_a_backup_takes_no_other_file_for_one(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "secret.txt").write_text("geheim", "utf-8")
        (folder / beside.FEEDBACK).symlink_to(tmp_path / "secret.txt")
        with pytest.raises(IndexFolderError, match="is a link"):
            backup(folder, tmp_path / "b.tar")
        assert not (tmp_path / "b.tar").exists()

    def test_they_are_no_articles(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "note.txt").write_text("Ein Artikel.", "utf-8")
        beside.put(folder / beside.FEEDBACK, {"question": "Was?"})
        assert list(walk([tmp_path])) == [tmp_path.resolve() / "note.txt"]
        other = tmp_path / beside.FEEDBACK
        other.write_text('{"text": "Kein Index liegt daneben."}', "utf-8")
        assert other.resolve() in list(walk([tmp_path]))

    def _version(self, file: Path) -> int:
        with tarfile.open(file) as archive:
            manifest = archive.extractfile(MANIFEST)
            assert manifest
            return int(json.load(manifest)["version"])
