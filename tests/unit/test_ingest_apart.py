"""The process that reads pages: what it gives, and what becomes of it when one is too much."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from index.ingest import ReadOptions, apart, read_sources
from index.ingest.document import Document
from index.ingest.html import read_html
from index.ingest.messages import Incoming, decoded, encoded, message, options_of
from index.ingest.options import Columns
from index.records import Article, Failure, make_article

PAGE = (
    "<html><head><title>Brücke fertig</title><meta name=author content='Anna Maier'>"
    "<meta property='article:published_time' content='2025-06-12'></head><body><article>"
    + "<p>Die neue Brücke über den Fluß kostet 14 Millionen Euro.</p>" * 4
    + "</article></body></html>"
)
SLOW = f"<html><body><article>{'<p>Ein Satz steht hier.</p>' * 29_000}</article></body></html>"


@pytest.fixture
def no_process() -> Iterator[None]:
    apart._end_all()
    yield
    apart._end_all()


def write(folder: Path, **pages: str) -> Path:
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, "utf-8")
    return folder


def test_it_gives_what_the_reader_gives(tmp_path: Path) -> None:
    (article,) = read_sources([write(tmp_path, a=PAGE)])
    assert isinstance(article, Article)
    here = read_html(Document((tmp_path / "a.html").as_uri(), PAGE.encode()), ReadOptions())
    assert replace(article, fetched=here.fetched) == here
    assert (here.authors, here.published) == (("Anna Maier",), date(2025, 6, 12))


@pytest.mark.usefixtures("no_process")
def test_one_process_reads_many_pages(tmp_path: Path) -> None:
    folder = write(tmp_path, a=PAGE, b="<html></html>", c=PAGE)
    assert [type(item) for item in read_sources([folder])] == [Article, Failure, Article]
    (process,) = apart._idle
    assert list(read_sources([folder]))
    assert apart._idle == [process]


@pytest.mark.usefixtures("no_process")
def test_a_page_that_takes_too_long_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = write(tmp_path, a=PAGE, b=SLOW, c=PAGE)
    assert isinstance(next(read_sources([folder / "a.html"])), Article)
    process = apart._idle[-1]
    failed = next(read_sources([folder / "b.html"], ReadOptions(seconds=0.1)))
    assert isinstance(failed, Failure)
    assert "within 0.1 seconds" in failed.reason
    assert not process.is_alive()
    assert isinstance(next(read_sources([folder / "c.html"])), Article)


@pytest.mark.usefixtures("no_process")
def test_a_process_that_is_killed_is_replaced(tmp_path: Path) -> None:
    folder = write(tmp_path, a=PAGE)
    assert isinstance(next(read_sources([folder])), Article)
    process = apart._idle[0]
    os.kill(process._popen.pid, signal.SIGKILL)
    process._popen.wait()
    assert isinstance(next(read_sources([folder])), Article)


def test_a_page_that_ends_the_process_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, a=PAGE, b=PAGE)
    list(read_sources([folder]))
    taken: list[apart._Process] = []
    take = apart._take

    def take_one_that_dies() -> apart._Process:
        process = take()
        if not taken:
            os.kill(process._popen.pid, signal.SIGSTOP)  # it is alive when it is asked
            threading.Timer(0.1, process._popen.kill).start()
        taken.append(process)
        return process

    monkeypatch.setattr(apart, "_take", take_one_that_dies)
    failed, article = read_sources([folder])
    assert isinstance(failed, Failure)
    assert "signal 9" in failed.reason
    assert isinstance(article, Article)


@pytest.mark.usefixtures("no_process")
def test_a_process_that_cannot_start_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    (failed,) = read_sources([write(tmp_path, a=PAGE)])
    assert isinstance(failed, Failure)
    assert "does not start" in failed.reason


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path, **{f"p{n}": PAGE.replace("Brücke", f"Brücke {n}") for n in range(6)})
    titles: dict[int, str] = {}

    def read(number: int) -> None:
        item = next(read_sources([folder / f"p{number}.html"]))
        titles[number] = item.title if isinstance(item, Article) else item.reason

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert titles == {number: f"Brücke {number} fertig" for number in range(6)}
    assert len(apart._idle) <= 2


def test_what_is_logged_there_is_logged_here(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = PAGE.replace("Brücke", "BrÃ¼cke")
    with caplog.at_level(logging.WARNING):
        list(read_sources([write(tmp_path, a=page)]))
    assert "decoded twice" in caplog.text


def test_a_module_in_the_folder_one_stands_in_is_not_run(tmp_path: Path) -> None:
    write(tmp_path, a=PAGE)
    for name in ("json", "lxml", "index", "selectors", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("open('run', 'w'); raise SystemExit(9)", "utf-8")
    code = "from index.ingest import read_sources; print(next(read_sources(['a.html'])).title)"
    environment = os.environ | {"PYTHONPATH": str(Path(apart.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True, text=True, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert done.stdout.strip() == "Brücke fertig"
    assert not (tmp_path / "run").exists()


def test_an_interrupt_ends_the_reading_at_once(tmp_path: Path) -> None:
    write(tmp_path, slow=SLOW, a=PAGE)
    code = (
        "from index.ingest import read_sources, apart\n"
        "list(read_sources(['a.html'])); print(apart._idle[0]._popen.pid, flush=True)\n"
        "list(read_sources(['slow.html']))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(apart.__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(10)
        assert time.monotonic() - began < 5  # the limit of a page is 30
        assert process.stderr is not None
        assert b"KeyboardInterrupt" in process.stderr.read()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_message_comes_in_pieces_of_any_size() -> None:
    whole = message({"uri": "ü"}, b"a\nb" * 100)
    for size in (1, 7, 1000):
        incoming, found = Incoming(), None
        for start in range(0, len(whole), size):
            assert found is None
            found = incoming.add(whole[start : start + size])
        assert found is not None
        assert (found[0]["uri"], found[1]) == ("ü", b"a\nb" * 100)
    assert Incoming().add(message({}, b"")) == ({"bytes": 0}, b"")


def test_records_come_back_as_they_were() -> None:
    items: list[Article | Failure] = [
        make_article(
            "Ein Text 🌍\r\n\u2028", source="x", language="de", title="\ud800",
            authors=("a", "b"), publisher="p", published=date(2024, 2, 29),
        ),
        make_article("Ein Text", source="x", language="de"),
        Failure("file:///\udcff", "because"),
    ]  # fmt: skip
    assert list(decoded(encoded(items))) == items


def test_options_come_back_as_they_were() -> None:
    options = ReadOptions(Columns(text="x"), "cp1252", "de", "html", 5, 0.5)
    assert options_of(asdict(options)) == options
