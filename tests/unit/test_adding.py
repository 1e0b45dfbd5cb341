"""Additions through the page: what is told meanwhile, how they stop, what they may read."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index import Article, Failure, Index, UsageError, make_article
from index.storage.lock import writer_lock
from index.translation import speaking
from qa.web import adding as adding_module
from qa.web import additions
from qa.web.adding import adding
from qa.web.additions import ARTICLES_AT_HAND
from qa.web.library import Library
from qa.web.pace import WINDOW, Pace
from qa.web.uploads import Uploads
from tests.fakes import WordEmbedder


@dataclass(frozen=True, slots=True)
class SlowEmbedder(WordEmbedder):
    """Passages wait until they are let through; questions do not."""

    waits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    begun: threading.Event = field(default_factory=threading.Event)

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        if progress is not None:  # passages, not their sentences
            self.begun.set()
            assert self.waits.acquire(timeout=20)
        return WordEmbedder.embed_passages(self, texts, progress)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding_module, "TOLD_EVERY", 0.02)
    monkeypatch.setattr(additions, "TRIED_EVERY", 0.02)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        yield index


@pytest.fixture
def slow() -> SlowEmbedder:
    return SlowEmbedder()


@pytest.fixture
def slow_index(tmp_path: Path, slow: SlowEmbedder) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=slow) as index:
        yield index


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return Uploads(folder)


def upload(uploads: Uploads, name: str, text: str) -> str:
    folder = uploads.folder / f"{abs(hash((name, text))):064x}"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


def many(uploads: Uploads, count: int) -> list[str]:
    return [upload(uploads, f"a{n:03}.txt", f"Das ist Artikel Nummer {n}.") for n in range(count)]


def finished(steps: Iterator[dict[str, Any]]) -> dict[str, Any]:
    [*before, last] = steps
    assert all(step["stage"] == "adding" for step in before)
    assert last["stage"] == "done"
    return last


def wait_for_the_work() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("adding"):
            thread.join(20)
            assert not thread.is_alive()


class TestUploads:
    def test_are_added_under_their_names_and_deleted(self, opened: Index, uploads: Uploads) -> None:
        files = [upload(uploads, "mühle.txt", "Die Mühle hat 3 Räder."), *many(uploads, 20)]
        last = finished(adding(opened, uploads, {"files": files}))
        assert last["cancelled"] is False
        assert last["report"]["added"] == 21
        assert last["report"]["words"] == "21 added."
        assert opened.article("upload:mühle.txt").text == "Die Mühle hat 3 Räder."
        assert list(uploads.folder.rglob("*")) == []
        assert opened.verify().damage == ()

    def test_the_same_again_is_an_update(self, opened: Index, uploads: Uploads) -> None:
        for text, kind in (("Drei Räder.", "added"), ("Vier.", "updated"), ("Vier.", "unchanged")):
            file = upload(uploads, "a.txt", text)
            report = finished(adding(opened, uploads, {"files": [file, file]}))["report"]
            assert report[kind] == 1
            assert report["added"] + report["updated"] + report["unchanged"] == 1

    def test_what_cannot_be_read_is_told_without_a_path(
        self, opened: Index, uploads: Uploads
    ) -> None:
        files = [upload(uploads, "leer.txt", ""), upload(uploads, "t.jsonl", 'x\n{"text":"Gut."}')]
        with speaking("de"):
            told = finished(adding(opened, uploads, {"files": files}))
        failed = told["report"]["failed"]
        assert [entry["source"] for entry in failed] == ["upload:leer.txt", "upload:t.jsonl:1"]
        assert [entry["again"] for entry in failed] == [False, False]
        assert "leer.txt" in failed[0]["name"]
        assert "leer" in failed[0]["reason"], "in the language of the request"
        assert str(uploads.folder) not in json.dumps(told)
        assert told["report"]["added"] == 1

    def test_what_could_not_be_read_before_is_forgotten(
        self, opened: Index, uploads: Uploads
    ) -> None:
        page = (
            """<html lang="de"><head><title>Das Meer</title>
            <link rel="canonical" href="https://zeitung.example/meer"></head><body><article>
            <h1>Das Meer</h1>"""
            + "<p>Das Meer ist tief. Im Meer leben Wale.</p>" * 9
        )
        broken = ("a.html", ""), ("t.jsonl", 'kaputt\n{"text": "Gut."}\nkaputt'), ("b.txt", "")
        mended = ("a.html", page), ("t.jsonl", '{"text": "Ja."}\n{"text": "Gut."}\nkaputt')
        for files in (broken, mended):
            paths = [upload(uploads, name, text) for name, text in files]
            finished(adding(opened, uploads, {"files": paths}))
        assert {failure.source for failure in opened.failures()} == {
            *("upload:t.jsonl:3", "upload:b.txt")
        }

    @pytest.mark.parametrize(
        "request_",
        [
            *({}, {"files": []}, {"files": "a"}, {"files": [1]}, {"files": None}, {"other": ["a"]}),
            *({"sources": []}, {"files": ["/etc/passwd"], "sources": []}),
        ],
    )
    def test_what_is_no_addition(
        self, opened: Index, uploads: Uploads, request_: dict[str, Any]
    ) -> None:
        with pytest.raises(UsageError):
            next(adding(opened, uploads, request_))

    def test_what_is_no_upload_is_not_read(
        self, opened: Index, uploads: Uploads, tmp_path: Path
    ) -> None:
        secret = tmp_path / "geheim.txt"
        secret.write_text("Das Geheimnis ist 77 Meter tief.", "utf-8")
        with pytest.raises(UsageError, match="not an uploaded file"):
            next(adding(opened, uploads, {"files": [*many(uploads, 1), str(secret)]}))
        assert secret.exists()
        assert opened.articles() == []

    def test_wait_for_hours_without_being_swept_away(
        self, opened: Index, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(additions, "SWEEP_EVERY", -1.0)
        read = additions._under_its_name

        def slowly(file: Path) -> Iterator[Article | Failure]:
            for path in files:  # as if hours had gone by
                os.utime(path, (0, 0))
            yield from read(file)
            uploads.sweep()

        monkeypatch.setattr(additions, "_under_its_name", slowly)
        files = many(uploads, 3)
        assert finished(adding(opened, uploads, {"files": files}))["report"]["added"] == 3


class TestProgress:
    def test_is_told_while_it_works(
        self, slow_index: Index, slow: SlowEmbedder, uploads: Uploads
    ) -> None:
        steps = adding(slow_index, uploads, {"files": many(uploads, 3 * ARTICLES_AT_HAND)})
        first = next(steps)
        assert first == {
            "stage": "adding",
            "done": 0,
            "total": 24,
            "passages": 0,
            "name": first["name"],
            "rate": None,
            "left": None,
            "waiting": None,
        }
        assert slow.begun.wait(10)
        assert next(steps)["name"] == "Das ist Artikel Nummer 7."
        slow.waits.release()
        while (step := next(steps))["done"] < ARTICLES_AT_HAND:
            assert step["passages"] in (0, ARTICLES_AT_HAND)
        assert step["passages"] == ARTICLES_AT_HAND
        assert slow_index.holdings().articles == ARTICLES_AT_HAND, "what is told is stored"
        slow.waits.release(2)
        assert finished(steps)["report"]["added"] == 24

    def test_of_a_table_says_how_many_there_will_be(
        self, slow_index: Index, slow: SlowEmbedder, uploads: Uploads
    ) -> None:
        rows = [{"text": f"Der Satz Nummer {n} hat eine gewisse Länge."} for n in range(80)]
        table = upload(uploads, "t.jsonl", "\n".join(map(json.dumps, rows)))
        steps = adding(slow_index, uploads, {"files": [table]})
        slow.waits.release()
        while (step := next(steps))["done"] < ARTICLES_AT_HAND:
            pass
        assert 80 <= step["total"] <= 160, "of the table's bytes not all are text"
        slow.waits.release(9)
        assert finished(steps)["report"]["added"] == 80

    def test_questions_are_answered_meanwhile(
        self, slow_index: Index, slow: SlowEmbedder, uploads: Uploads
    ) -> None:
        slow.waits.release()
        slow_index.add_articles([make_article("Das Meer ist tief.", source="x", language="de")])
        slow.begun.clear()
        steps = adding(slow_index, uploads, {"files": many(uploads, 1)})
        next(steps)
        assert slow.begun.wait(10)
        assert slow_index.search("Meer")[0].passage.text == "Das Meer ist tief."
        assert slow_index.holdings().articles == 1
        assert slow_index.article("x").text == "Das Meer ist tief."
        slow.waits.release()
        finished(steps)

    def test_others_change_articles_in_between(
        self, slow_index: Index, slow: SlowEmbedder, uploads: Uploads
    ) -> None:
        slow.waits.release()
        before = make_article("Das Meer ist tief.", source="x", language="de")
        slow_index.add_articles([before])
        slow.begun.clear()
        shelf = Library(slow_index)
        steps = adding(slow_index, uploads, {"files": many(uploads, 3 * ARTICLES_AT_HAND)})
        next(steps)
        assert slow.begun.wait(10)
        change = threading.Thread(target=shelf.edit, args=(before.id, {"publisher": "Bote"}))
        change.start()
        slow.waits.release()
        change.join(10)
        assert slow_index.article("x").publisher == "Bote"
        assert slow_index.holdings().articles < 1 + 3 * ARTICLES_AT_HAND, "it goes on still"
        slow.waits.release(2)
        finished(steps)

    def test_another_process_is_waited_for(self, opened: Index, uploads: Uploads) -> None:
        steps = adding(opened, uploads, {"files": many(uploads, 1)})
        with writer_lock(opened.path):
            next(steps)
            while not (step := next(steps))["waiting"]:
                pass
            assert "Another program" in step["waiting"]
        assert finished(steps)["report"]["added"] == 1


class TestStopping:
    def test_closed_it_stores_what_is_at_hand(
        self, slow_index: Index, slow: SlowEmbedder, uploads: Uploads
    ) -> None:
        steps = adding(slow_index, uploads, {"files": many(uploads, 5 * ARTICLES_AT_HAND)})
        slow.waits.release()
        while next(steps)["done"] < ARTICLES_AT_HAND:
            pass
        slow.begun.wait(10)
        begun = time.monotonic()
        steps.close()
        assert time.monotonic() - begun < 1, "whoever stops it waits for nothing"
        slow.waits.release(4)
        wait_for_the_work()
        assert slow_index.holdings().articles in (ARTICLES_AT_HAND, 2 * ARTICLES_AT_HAND)
        assert slow_index.verify().damage == ()
        assert list(uploads.folder.rglob("*")) == []
        again = many(uploads, 5 * ARTICLES_AT_HAND)
        slow.waits.release(9)
        report = finished(adding(slow_index, uploads, {"files": again}))["report"]
        assert report["added"] + report["unchanged"] == 5 * ARTICLES_AT_HAND

    def test_stopped_from_elsewhere_it_reports(
        self, slow_index: Index, slow: SlowEmbedder, uploads: Uploads
    ) -> None:
        stop = threading.Event()
        files = many(uploads, 5 * ARTICLES_AT_HAND)
        steps = adding(slow_index, uploads, {"files": files}, stop=stop)
        next(steps)
        assert slow.begun.wait(10)
        stop.set()
        slow.waits.release()
        last = finished(steps)
        assert last["cancelled"] is True
        assert last["report"]["added"] == ARTICLES_AT_HAND == slow_index.holdings().articles
        assert last["report"]["words"] == f"{ARTICLES_AT_HAND} added."
        assert list(uploads.folder.rglob("*")) == []

    def test_while_it_waits_for_another_process(self, opened: Index, uploads: Uploads) -> None:
        with writer_lock(opened.path):
            steps = adding(opened, uploads, {"files": many(uploads, 1)})
            while not next(steps)["waiting"]:
                pass
            steps.close()
            wait_for_the_work()
        assert opened.articles() == []

    def test_an_error_is_raised_and_the_uploads_are_deleted(
        self, opened: Index, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(opened, "add_articles", full)
        with pytest.raises(OSError, match="No space"):
            list(adding(opened, uploads, {"files": many(uploads, 1)}))
        assert list(uploads.folder.rglob("*")) == []

    def test_an_error_that_nobody_is_told_is_logged(
        self,
        slow_index: Index,
        slow: SlowEmbedder,
        uploads: Uploads,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            slow.begun.set()
            assert slow.waits.acquire(timeout=10)
            raise OSError(5, "a broken disk")

        monkeypatch.setattr(slow_index, "add_articles", broken)
        steps = adding(slow_index, uploads, {"files": many(uploads, 1)})
        next(steps)
        assert slow.begun.wait(10)
        with caplog.at_level(logging.ERROR, "uvicorn.error"):
            steps.close()
            slow.waits.release()
            wait_for_the_work()
        assert "a broken disk" in caplog.text


class TestTryingAgain:
    def test_files_of_this_machine(self, opened: Index, uploads: Uploads, tmp_path: Path) -> None:
        table, empty = tmp_path / "t.jsonl", tmp_path / "leer.txt"
        table.write_text('kaputt\n{"text": "Das ist gut."}\nkaputt\n', "utf-8")
        empty.write_text("", "utf-8")
        opened.add([table, empty])
        sources = [entry["source"] for entry in Library(opened).failures() if entry["again"]]
        assert len(sources) == 3
        table.write_text('{"text": "Neu."}\n{"text": "Das ist gut."}\nkaputt\n', "utf-8")
        empty.write_text("Nicht mehr leer.", "utf-8")
        last = finished(adding(opened, uploads, {"sources": sources}))
        assert (last["report"]["added"], last["report"]["unchanged"]) == (2, 1)
        assert [(f["name"], f["again"]) for f in last["report"]["failed"]] == [
            (last["report"]["failed"][0]["name"], True)
        ]
        assert [failure.source for failure in opened.failures()] == [f"{table.as_uri()}:3"]
        assert opened.article(empty.as_uri()).text == "Nicht mehr leer."

    def test_what_a_document_claims_opens_no_file(
        self, opened: Index, uploads: Uploads, tmp_path: Path
    ) -> None:
        secret = tmp_path / "geheim.txt"
        secret.write_text("Das Geheimnis ist 77 Meter tief.", "utf-8")
        claim = json.dumps({"text": "x", "title": "\ud800", "source": secret.as_uri()})
        finished(adding(opened, uploads, {"files": [upload(uploads, "t.jsonl", claim)]}))
        opened.add_articles([Failure(secret.as_uri(), "claimed")])
        for source in {secret.as_uri(), str(secret), *(f.source for f in opened.failures())}:
            with pytest.raises(UsageError, match="add the file anew"):
                next(adding(opened, uploads, {"sources": [source]}))
        assert opened.articles() == []

    def test_stops_between_articles(self, opened: Index, uploads: Uploads, tmp_path: Path) -> None:
        table = tmp_path / "t.jsonl"
        table.write_text("kaputt\n", "utf-8")
        opened.add([table])
        table.write_text("\n".join(f'{{"text": "Satz {n}."}}' for n in range(9)), "utf-8")
        stop = threading.Event()
        stop.set()
        request = {"sources": [f"{table.as_uri()}:1"]}
        last = finished(adding(opened, uploads, request, stop=stop))
        assert last["cancelled"] is True
        assert (last["report"]["added"], len(opened.failures())) == (0, 1)


def told(pace: Pace) -> tuple[float | None, float | None]:
    return pace.rate, pace.left


class TestPace:
    def test_rate_and_time_left(self) -> None:
        now = 0.0
        pace = Pace(1_000, lambda: now)
        assert told(pace) == (None, None)
        now = 100.0  # the model was loaded
        pace.embedded(2)
        assert told(pace) == (None, None)
        now = 102.0
        pace.embedded(20)
        assert told(pace) == (10.0, None)
        pace.stored(100, 20)
        assert pace.share == 0.1
        # 200 passages are expected, of which 180 are to come.
        assert pace.left == pytest.approx(18.0)

    def test_the_rate_is_that_of_late(self) -> None:
        now = 0.0
        pace = Pace(1_000, lambda: now)
        for now in range(1, 11):
            pace.embedded(100 * now)
        for now in range(11, 11 + 2 * int(WINDOW)):
            pace.embedded(1_000 + (now - 10))
        assert pace.rate == pytest.approx(1.0, rel=0.1)

    def test_a_standstill_slows_it(self) -> None:
        now = 0.0
        pace = Pace(1_000, lambda: now)
        pace.embedded(1)
        now = 1.0
        pace.embedded(100)
        before = pace.rate
        now = 5.0
        pace.embedded(100)
        assert before is not None
        assert pace.rate is not None
        assert pace.rate < before

    def test_what_was_there_already_tells_nothing(self) -> None:
        now = 0.0
        pace = Pace(1_000, lambda: now)
        now = 5.0
        pace.stored(500, 0)
        assert told(pace) == (None, None)
