"""An index that is made equal to a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Index, SourceError, SyncReport, UsageError, make_article
from tests.fakes import WordEmbedder

SEA = "Das Meer ist tief. Im Meer leben Wale und Delfine."
ALPS = "Die Alpen sind hoch. Auf den Gipfeln liegt Schnee."
RAIL = "Die Bahn kommt spät. Am Gleis warten viele Reisende."


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        yield index


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "articles"
    made.mkdir()
    for name, text in (("sea.txt", SEA), ("alps.txt", ALPS)):
        (made / name).write_text(text, "utf-8")
    return made


def held(opened: Index) -> set[str]:
    return {Path(entry.source).name for entry in opened.articles()}


def counts(report: SyncReport) -> tuple[int, int, int, int, int]:
    return (
        *(len(report.added), len(report.updated), len(report.removed)),
        *(len(report.unchanged), len(report.failed)),
    )


def lines(*rows: tuple[str, str]) -> str:
    return "".join(f'{{"url": "https://x/{name}", "text": "{text}"}}\n' for name, text in rows)


def test_adds_updates_and_removes(opened: Index, folder: Path) -> None:
    assert counts(opened.sync(folder)) == (2, 0, 0, 0, 0)
    assert counts(opened.sync(folder)) == (0, 0, 0, 2, 0)
    (folder / "sea.txt").write_text(RAIL, "utf-8")
    (folder / "alps.txt").unlink()
    (folder / "new.txt").write_text("Neu ist dieser Text.", "utf-8")
    report = opened.sync(folder)
    assert counts(report) == (1, 1, 1, 0, 0)
    assert {Path(source).name for source in report.sources.values()} == {
        *("sea.txt", "alps.txt", "new.txt")
    }
    assert held(opened) == {"sea.txt", "new.txt"}
    assert not opened.verify().damage


def test_articles_from_elsewhere_stay(opened: Index, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "articles-too"  # a name that the folder's begins
    other.mkdir()
    (other / "rail.txt").write_text(RAIL, "utf-8")
    opened.add([other])
    opened.add_articles([make_article("Ein Text.", source="https://x", language="de")])
    opened.sync(folder)
    (folder / "sea.txt").unlink()
    opened.sync(folder)
    assert held(opened) == {"alps.txt", "rail.txt", "x"}


def test_what_was_added_before_is_known(opened: Index, folder: Path) -> None:
    opened.add([folder])
    (folder / "sea.txt").unlink()
    assert counts(opened.sync(folder)) == (0, 0, 1, 1, 0)


@pytest.mark.parametrize("present", [True, False])
def test_an_empty_folder_is_refused_unless_it_is_meant(
    opened: Index, folder: Path, present: bool
) -> None:
    opened.sync(folder)
    for path in folder.iterdir():
        path.unlink()
    if not present:
        folder.rmdir()
    with pytest.raises(SourceError, match="--allow-empty"):
        opened.sync(folder)
    assert len(held(opened)) == 2
    assert counts(opened.sync(folder, allow_empty=True)) == (0, 0, 2, 0, 0)
    assert not held(opened)


def test_a_file_is_no_folder(opened: Index, folder: Path) -> None:
    with pytest.raises(UsageError, match="qa add"):
        opened.sync(folder / "sea.txt")


def test_what_cannot_be_read_stays_and_is_tried_again(opened: Index, folder: Path) -> None:
    opened.sync(folder)
    (folder / "sea.txt").write_bytes(b"")
    report = opened.sync(folder)
    assert counts(report) == (0, 0, 0, 1, 1)
    assert held(opened) == {"sea.txt", "alps.txt"}
    assert len(opened.status().failures) == 1
    assert len(opened.sync(folder).failed) == 1, "the same bytes are tried again"
    (folder / "sea.txt").write_text(RAIL, "utf-8")
    assert counts(opened.sync(folder)) == (0, 1, 0, 1, 0)
    assert not opened.status().failures
    (folder / "bad.txt").write_bytes(b"")
    opened.sync(folder)
    (folder / "bad.txt").unlink()
    opened.sync(folder)
    assert not opened.status().failures, "a file that is gone has not failed any more"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_read_keeps_its_articles(opened: Index, folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "rail.txt").write_text(RAIL, "utf-8")
    opened.sync(folder)
    inner.chmod(0)
    report = opened.sync(folder)
    inner.chmod(0o700)
    assert counts(report) == (0, 0, 0, 2, 1)


def test_size_and_time_alone_say_nothing(opened: Index, folder: Path) -> None:
    opened.sync(folder)
    path = folder / "sea.txt"
    before = path.stat()
    path.write_text(SEA.replace("Wale", "Aale"), "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert counts(opened.sync(folder)) == (0, 1, 0, 1, 0)


def test_files_as_they_were_are_not_extracted_again(
    opened: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.sync(folder)

    def fails(*_: object) -> object:
        raise AssertionError("a file was extracted")

    monkeypatch.setattr("index.ingest.SourceFile.items", fails)
    assert counts(opened.sync(folder)) == (0, 0, 0, 2, 0)


def test_an_article_removed_by_hand_comes_back(opened: Index, folder: Path) -> None:
    opened.sync(folder)
    opened.remove([next(e.source for e in opened.articles() if "sea" in e.source)])
    assert counts(opened.sync(folder)) == (1, 0, 0, 1, 0)


def test_a_line_of_a_file_goes_and_comes(opened: Index, folder: Path) -> None:
    file = folder / "dump.jsonl"
    file.write_text(lines(("a", SEA + " A."), ("b", ALPS + " B.")), "utf-8")
    opened.sync(folder)
    file.write_text(lines(("b", ALPS + " B."), ("c", RAIL)), "utf-8")
    assert counts(opened.sync(folder)) == (1, 0, 1, 3, 0)
    assert held(opened) == {"sea.txt", "alps.txt", "b", "c"}


def test_a_bad_line_removes_nothing(opened: Index, folder: Path) -> None:
    file = folder / "dump.jsonl"
    file.write_text(lines(("a", SEA + " A."), ("b", ALPS + " B.")), "utf-8")
    opened.sync(folder)
    file.write_text(lines(("a", SEA + " A.")) + '{"url": "https://x/b", "te\n', "utf-8")
    report = opened.sync(folder)
    assert (len(report.removed), len(report.failed)) == (0, 1)
    assert {"a", "b"} <= held(opened)


def test_the_later_of_two_files_counts_whichever_changed(opened: Index, folder: Path) -> None:
    one, two = folder / "1.jsonl", folder / "2.jsonl"
    one.write_text(lines(("same", "Der erste Text.")), "utf-8")
    two.write_text(lines(("same", "Der zweite Text.")), "utf-8")
    opened.sync(folder)
    for _ in range(2):
        opened.sync(folder)
        assert opened.article("https://x/same").text == "Der zweite Text."
    one.write_text(lines(("same", "Der erste Text, anders.")), "utf-8")
    opened.sync(folder)
    assert opened.article("https://x/same").text == "Der zweite Text."
    two.unlink()
    report = opened.sync(folder)
    assert not report.removed
    assert opened.article("https://x/same").text == "Der erste Text, anders."


def test_a_moved_file_is_a_new_article_and_nothing_is_embedded(opened: Index, folder: Path) -> None:
    opened.sync(folder)
    (folder / "sea.txt").rename(folder / "ocean.txt")
    report = opened.sync(folder)
    assert (len(report.copies), len(report.removed), report.passages) == (1, 1, 0)
    assert held(opened) == {"ocean.txt", "alps.txt"}


def test_a_dry_run_says_the_same_and_does_nothing(opened: Index, folder: Path) -> None:
    opened.sync(folder)
    (folder / "sea.txt").write_text(RAIL, "utf-8")
    (folder / "alps.txt").unlink()
    (folder / "new.txt").write_text("Neu ist das.", "utf-8")
    with Index.open(opened.path, read_only=True, embedder=WordEmbedder()) as reader:
        said = reader.sync(folder, dry_run=True)
    assert held(opened) == {"sea.txt", "alps.txt"}
    assert said.dry_run
    done = opened.sync(folder)
    assert counts(said) == counts(done) == (1, 1, 1, 0, 0)
    assert said.sources == done.sources


def test_an_interruption_removes_nothing_and_the_rest_follows(
    opened: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.sync(folder)
    (folder / "alps.txt").unlink()
    (folder / "new.txt").write_text(RAIL, "utf-8")
    with monkeypatch.context() as patch:

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr("index.storage.segment.write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            opened.sync(folder)
    assert held(opened) == {"sea.txt", "alps.txt"}
    opened.sync(folder)
    assert held(opened) == {"sea.txt", "new.txt"}
