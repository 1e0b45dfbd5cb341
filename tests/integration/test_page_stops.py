"""A server whose questions and additions are left: it stops them, and goes on."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

import app
from index import Index
from qa.records import Answer
from qa.web import answers
from qa.web.running import listen
from qa.web.uploads import Uploads, private_uploads
from tests.fakes import WordEmbedder

SECONDS = 5.0
"""Within which what is left must have ended; it takes a fraction of one."""

ANSWER = Answer("Was?", "de", "other", False, "Nichts.", 0.0)


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    with (
        Index.open(tmp_path / "index", embedder=WordEmbedder()) as index,
        private_uploads() as uploads,
        listen("127.0.0.1", 0) as listener,
    ):
        application = asyncio.run(_made(index, uploads))
        config = uvicorn.Config(
            application, log_level="warning", ws="none", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx.Client(base_url=url, timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(20)


async def _made(index: Index, uploads: Uploads) -> FastAPI:
    """Without a running loop Gradio makes some and closes none."""
    return app.create_app(index, uploads)


class Addition:
    """An addition that goes on for long, and knows when it was ended."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = threading.Event()

    def __call__(self, *_: object, stop: threading.Event) -> Generator[dict[str, Any], None, None]:
        self.begun += 1
        try:
            number = 0
            while not stop.wait(0.02):
                yield {"stage": "adding", "done": number}
                number += 1
            yield {"stage": "done", "cancelled": True}
        finally:
            self.ended.set()


class Questions:
    """Questions whose stages end when they are let on, one after another."""

    def __init__(self) -> None:
        self.reached: list[tuple[str, str]] = []
        self.ended: list[str] = []
        self._go_on = threading.Semaphore(0)

    def go_on(self, stages: int = 1_000) -> None:
        self._go_on.release(stages)

    def __call__(
        self, question: str, index: Index, *, stage: Callable[[str], None], **_: Any
    ) -> Answer:
        try:
            for name in ("understand", "search", "read"):
                stage(name)
                self.reached.append((question, name))
                assert self._go_on.acquire(timeout=SECONDS)
        finally:
            self.ended.append(question)
        return ANSWER


@pytest.fixture
def addition(monkeypatch: pytest.MonkeyPatch) -> Addition:
    made = Addition()
    monkeypatch.setattr(app, "adding", made)
    return made


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Questions]:
    made = Questions()
    monkeypatch.setattr(answers, "ask", made)
    yield made
    made.go_on()


@contextmanager
def _stream(
    browser: httpx.Client, name: str, request: object
) -> Iterator[tuple[str, Iterator[Any]]]:
    """The event's name, and the values as they come; the stream is left at the end."""
    called = browser.post(f"/gradio_api/call/{name}", json={"data": [request]})
    event = called.json()["event_id"]
    with browser.stream("GET", f"/gradio_api/call/{name}/{event}") as response:
        lines = (line for line in response.iter_lines() if line.startswith("data: "))
        yield event, (json.loads(line[6:]) for line in lines)


def _done(value: Any) -> int:
    [told] = value
    assert told["stage"] == "adding"
    return int(told["done"])


def _comes(happens: Callable[[], object]) -> bool:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if happens():
            return True
        time.sleep(0.02)
    return False


def test_an_addition_that_is_left_ends(browser: httpx.Client, addition: Addition) -> None:
    with _stream(browser, "add", {"files": []}) as (_, values):
        assert _done(next(values)) == 0
    assert addition.ended.wait(SECONDS)
    with _stream(browser, "add", {"files": []}) as (_, values):
        assert _done(next(values)) == 0, "the next one begins"
    assert _comes(lambda: addition.begun == 2)


def test_an_addition_that_is_cancelled_ends(browser: httpx.Client, addition: Addition) -> None:
    with _stream(browser, "add", {"files": []}) as (event, values):
        next(values)
        order = {"session_hash": event, "fn_index": 2, "event_id": event}
        assert browser.post("/gradio_api/cancel", json=order).status_code == 200
        assert addition.ended.wait(SECONDS)
        *_, last = values
        assert last is None
    assert addition.begun == 1


def test_an_addition_that_is_told_to_end_reports(browser: httpx.Client, addition: Addition) -> None:
    with _stream(browser, "add", {"files": []}) as (_, values):
        [first] = next(values)
        assert browser.post("/api/stop", json={"addition": "another"}).status_code == 404
        order = {"addition": first["addition"]}
        assert browser.post("/api/stop", json=order).json() == {"stopped": True}
        *_, last = values
    assert last == [{"stage": "done", "cancelled": True, **order}]
    assert addition.ended.is_set()
    assert browser.post("/api/stop", json=order).status_code == 404, "it is over"


def test_a_question_that_is_cancelled_ends_at_its_next_stage(
    browser: httpx.Client, questions: Questions
) -> None:
    with _stream(browser, "answer", {"question": "Wer?"}) as (event, values):
        assert next(values) == [{"stage": "understand"}]
        order = {"session_hash": event, "fn_index": 1, "event_id": event}
        assert browser.post("/gradio_api/cancel", json=order).status_code == 200
        questions.go_on()
        *_, last = values
    assert last is None
    assert _comes(lambda: questions.ended)
    assert questions.reached == [("Wer?", "understand")]


def test_a_question_that_is_left_ends_too(browser: httpx.Client, questions: Questions) -> None:
    """That its reader has gone shows when the next stage is to be told, so it ends after that."""
    with _stream(browser, "answer", {"question": "Wer?"}) as (_, values):
        assert next(values) == [{"stage": "understand"}]
    time.sleep(0.5)  # the server hears of it
    questions.go_on(1)
    assert _comes(lambda: len(questions.reached) == 2)
    time.sleep(0.5)
    questions.go_on()
    assert _comes(lambda: questions.ended)
    assert questions.reached == [("Wer?", "understand"), ("Wer?", "search")]
    with _stream(browser, "answer", {"question": "Was?"}) as (_, values):
        *_, [last] = values
    assert last["stage"] == "done"


def test_a_question_that_is_left_before_its_turn_never_begins(
    browser: httpx.Client, questions: Questions
) -> None:
    with (
        _stream(browser, "answer", {"question": "1"}) as (_, first),
        _stream(browser, "answer", {"question": "2"}) as (_, second),
    ):
        next(first), next(second)
        with _stream(browser, "answer", {"question": "3"}):
            pass
        time.sleep(0.5)  # the server hears of it
        questions.go_on()
        for values in (first, second):
            *_, [last] = values
            assert last["stage"] == "done"
    assert "3" not in {question for question, _ in questions.reached}


def test_questions_are_answered_while_something_is_added(
    browser: httpx.Client, addition: Addition, questions: Questions
) -> None:
    questions.go_on()
    with _stream(browser, "add", {"files": []}) as (_, values):
        next(values)
        with _stream(browser, "answer", {"question": "Was?"}) as (_, told):
            *_, [last] = told
        assert last["stage"] == "done"
        assert not addition.ended.is_set()
