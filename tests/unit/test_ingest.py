"""Sources to files: folders, links, pipes, names; and the dispatcher over all kinds."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from index.ingest import ReadOptions, SourceFile, files, read_sources
from index.ingest.document import Document
from index.records import Article, Failure

SHARED = Path(__file__).parents[3] / "shared" / "data"


def read(
    *sources: str | Path, options: ReadOptions | None = None
) -> tuple[list[Article], list[Failure]]:
    items = list(read_sources(sources, options or ReadOptions()))
    return (
        [item for item in items if isinstance(item, Article)],
        [item for item in items if isinstance(item, Failure)],
    )


def write(path: Path, text: str = "Ein Titel\n\nEin Text.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_is_walked_in_sorted_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/y.TXT", "c", ".hidden.txt", ".git/x.txt", "a/.b/c.txt"):
        write(tmp_path / name)
    articles, failures = read(tmp_path)
    names = [article.source.removeprefix(tmp_path.as_uri() + "/") for article in articles]
    assert names == ["a/y.TXT", "a/z.md", "b.txt", "c"]
    assert not failures


def test_what_is_clearly_no_article_is_skipped_in_a_folder_and_refused_by_name(
    tmp_path: Path,
) -> None:
    write(tmp_path / "a.txt")
    pictures = [write(tmp_path / name) for name in ("b.JPG", "c.mp3", "d.css", "e.zip", "f.tar.gz")]
    report = write(tmp_path / "g.pdf")
    articles, failures = read(tmp_path)
    assert len(articles) == 1
    assert [failure.source for failure in failures] == [report.as_uri()]
    assert "'.pdf'" in failures[0].reason
    _, named = read(*pictures)
    assert [failure.source for failure in named] == [picture.as_uri() for picture in pictures]


def test_every_kind_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "Erste Zeile\nText.")
    write(tmp_path / "b.md", "# Überschrift\n\nText.")
    write(tmp_path / "c.html", "<html><body><article><p>Ein Absatz.</p></article></body></html>")
    write(tmp_path / "d.jsonl", '{"text": "Eine Zeile."}\nkaputt\n{"text": "Noch eine."}')
    write(tmp_path / "e.csv", "id;text\n1;Eine Zelle.\n")
    write(tmp_path / "f.tsv", "id\ttext\n1\tEine Zelle, getrennt.\n")
    articles, failures = read(tmp_path)
    assert [article.text for article in articles] == [
        "Erste Zeile\nText.",
        "# Überschrift\n\nText.",
        "Ein Absatz.",
        "Eine Zeile.",
        "Noch eine.",
        "Eine Zelle.",
        "Eine Zelle, getrennt.",
    ]
    assert [failure.source for failure in failures] == [(tmp_path / "d.jsonl").as_uri() + ":2"]


def test_links_that_loop_or_leave_are_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "secret.txt")
    root = tmp_path / "root"
    write(root / "a.txt")
    write(root / "sub" / "b.txt")
    (root / "sub" / "up").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    (root / "leaves.txt").symlink_to(outside)
    (root / "leaves").symlink_to(outside.parent)
    (root / "dangling.txt").symlink_to(root / "nowhere.txt")
    articles, failures = read(root)
    assert [Path(article.source).name for article in articles] == ["a.txt", "b.txt"]
    reasons = {Path(failure.source).name: failure.reason for failure in failures}
    assert sorted(reasons) == ["dangling.txt", "leaves", "leaves.txt", "self", "up"]
    assert "leaves the folder" in reasons["leaves"]
    assert "leaves the folder" in reasons["leaves.txt"]
    assert "loop" in reasons["up"]
    assert "loop" in reasons["self"]
    assert reasons["dangling.txt"] == "not found"


def test_a_file_reached_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    write(tmp_path / "sub" / "b.txt")
    (tmp_path / "z.txt").symlink_to(path)
    (tmp_path / "zsub").symlink_to(tmp_path / "sub")
    articles, failures = read(tmp_path, path, str(path), tmp_path / "z.txt")
    assert [Path(article.source).name for article in articles] == ["a.txt", "b.txt"]
    assert not failures


def test_a_link_named_directly_is_followed(tmp_path: Path) -> None:
    path = write(tmp_path / "there" / "a.txt")
    link = tmp_path / "link.txt"
    link.symlink_to(path)
    articles, _ = read(link)
    assert articles[0].source == path.as_uri()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    for source in (pipe, tmp_path):
        articles, failures = read(source)
        assert not articles
        assert [(f.source, f.reason) for f in failures] == [(pipe.as_uri(), "a pipe, not a file")]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_devices_are_refused(device: str) -> None:
    assert read(device) == ([], [Failure(f"file://{device}", "a device, not a file")])


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file"
)
def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    path.chmod(0)
    _, failures = read(tmp_path)
    assert "permissions" in failures[0].reason


def test_a_permission_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.txt")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    _, failures = read(path)
    assert failures == [Failure(path.as_uri(), "not readable; check its permissions")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"M\xfcller \xff#%.txt")
    write(tmp_path / name)
    for source in (tmp_path, tmp_path / name):
        articles, failures = read(source)
        assert not failures
        assert articles[0].source == f"{tmp_path.as_uri()}/M%FCller%20%FF%23%25.txt"


def test_addresses_that_are_printed_can_be_typed_back(tmp_path: Path) -> None:
    table = write(tmp_path / "Müller #1%.csv", "id,text\n7,Ein Text.\n8,\n")
    articles, failures = read(table)
    assert articles[0].source.endswith("/M%C3%BCller%20%231%25.csv#7")
    assert failures[0].source.endswith(".csv:3")
    for address in (articles[0].source, failures[0].source, table.as_uri()):
        for form in (address, "FILE://localhost" + address.removeprefix("file://")):
            again, failed = read(form)
            assert [(a.source, a.text) for a in again] == [(a.source, a.text) for a in articles]
            assert failed == failures


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("no-such-file.txt", "not found"),
        ("file:///no-such-file.txt", "not found"),
        ("file:///no-such-file.csv:7", "not found"),
        ("file:///a%00b.txt", "not a file name"),
        ("file://", "of this computer"),
        ("file:a.txt", "of this computer"),
        ("file://elsewhere/a.txt", "of this computer"),
        ("file://[/a.txt", "of this computer"),
        ("\ud800.txt", "not a file name"),
        ("HTTPS://example.org/a.html", "web addresses"),
        ("a\0b.txt", "not a file name"),
        ("", "not a file name"),
        ("https://example.org/a.html", "web addresses"),
        ("x" * 5000, "cannot be read"),
    ],
)
def test_names_that_lead_nowhere(source: str, reason: str) -> None:
    articles, (failure,) = read(source)
    assert not articles
    assert reason in failure.reason


def test_a_folder_without_articles_says_so(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    _, failures = read(tmp_path)
    assert failures == [
        Failure(tmp_path.as_uri(), "the folder holds no file of a kind that can be read")
    ]


def test_the_size_has_a_limit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "x" * 101)
    _, failures = read(path, options=ReadOptions(max_bytes=100))
    assert "larger than 100 bytes" in failures[0].reason
    assert read(path, options=ReadOptions(max_bytes=101))[0]


@pytest.mark.parametrize(("changes", "fine"), [(1, True), (2, False)])
def test_a_file_that_changes_is_read_again_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: int, fine: bool
) -> None:
    path = write(tmp_path / "a.txt", "Fassung 0")
    real_fstat, done = os.fstat, 0

    def fstat_and_write(descriptor: int) -> os.stat_result:
        """Another program writes right after the file's state has been taken."""
        nonlocal done
        status = real_fstat(descriptor)
        if done < changes:
            done += 1
            path.write_text(f"Fassung {done} ist länger" + "!" * done, encoding="utf-8")
        return status

    monkeypatch.setattr(os, "fstat", fstat_and_write)
    articles, failures = read(path)
    if fine:
        assert articles[0].text == "Fassung 1 ist länger!"
        assert not failures
    else:
        assert not articles
        assert "changes while it is read" in failures[0].reason


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    give("Titel\r\n\r\nGrüße".encode("cp1252"))
    (first,), _ = read("-")
    assert (first.text, first.title) == ("Titel\r\n\r\nGrüße", "Titel")
    give("Titel\r\n\r\nGrüße".encode("cp1252"))
    (again,), _ = read("-", "-")
    assert again.id == first.id
    give(b'{"text": "Ein Text."}\n{"text": ""}\n')
    (row,), (failure,) = read("-", options=ReadOptions(stdin_format="jsonl"))
    assert row.text == "Ein Text."
    assert failure.source.startswith("stdin:")
    assert failure.source.endswith(":2")
    give(b"x" * 11)
    _, (failure,) = read("-", options=ReadOptions(max_bytes=10))
    assert "larger than 10 bytes" in failure.reason


def test_a_file_is_known_by_its_bytes_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.txt", "Das Meer ist tief.")
    file, read = SourceFile(path), list[Path]()
    original = files.read_file

    def counted(path: Path, max_bytes: int) -> Document:
        read.append(path)
        return original(path, max_bytes)

    monkeypatch.setattr("index.ingest.read_file", counted)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    (article,) = file.items({})
    assert isinstance(article, Article)
    assert read == [path]


def test_a_file_that_is_not_there_has_no_bytes_and_a_reason(tmp_path: Path) -> None:
    file = SourceFile(tmp_path / "missing.txt")
    assert file.sha256 == ""
    (failure,) = file.items({})
    assert isinstance(failure, Failure)


def test_two_texts_of_one_source_are_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "a.csv", "id,text\n1,Eins.\n1,Zwei.\n")
    with caplog.at_level(logging.WARNING):
        articles, _ = read(tmp_path)
    assert articles[0].id == articles[1].id
    assert "another text of the source" in caplog.text


def test_nothing_slow_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, index.ingest\n"
        "slow = {'trafilatura', 'dateparser', 'charset_normalizer', 'lxml', 'yaml', 'torch'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert result.stdout.strip() == "[]"


def test_the_seed_pages_have_their_titles() -> None:
    if not (SHARED / "seeds").is_dir():
        pytest.skip("the seed pages are not part of the repository")
    articles, failures = read(SHARED / "seeds")
    assert not failures
    assert [article.title for article in articles] == [
        "Meta: 10 Mrd. Dollar für KI-Start-up, das KI-Trainingsdaten liefert",
        "Meta investiert Milliarden in KI-Startup Scale AI",
    ]
    assert articles[1].publisher == "Deutsche Tageszeitung"
    assert {article.language for article in articles} == {"de"}


def test_the_newspaper_articles_are_all_read() -> None:
    if not (SHARED / "gnad").is_dir():
        pytest.skip("the newspaper articles are not part of the repository")
    articles, failures = read(SHARED / "gnad")
    assert (len(articles), len(failures)) == (514, 0)
    assert len({article.id for article in articles}) == 514


def test_folders_nested_deeper_than_python_s_stack(tmp_path: Path) -> None:
    depth = 1100
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    file = os.open("a.txt", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(file, b"Ganz unten.")
    os.close(file)
    os.close(here)
    try:
        articles, failures = read(tmp_path)
    finally:  # pytest's own clearing of old folders is recursive
        (tmp_path / ("d/" * depth) / "a.txt").unlink()
        for level in range(depth, 0, -1):
            os.rmdir(tmp_path / ("d/" * level))
    assert [article.text for article in articles] == ["Ganz unten."]
    assert not failures
