"""What holds behind the gate, and what the page says where the index or a function fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import app
from index import Index, IndexDamagedError, UsageError
from qa.web import answers
from qa.web.adding import adding
from qa.web.uploads import Uploads, private_uploads
from tests.fakes import WordEmbedder

ASK, ADD = 0, 2
REASON = "segments/7: the file is damaged. Run qa repair"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        yield opened


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Uploads]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    with private_uploads() as opened:
        yield opened


@pytest.fixture
def application(index: Index, uploads: Uploads) -> FastAPI:
    async def made() -> FastAPI:  # without a running loop Gradio makes some and closes none
        return app.create_app(index, uploads)

    return asyncio.run(made())


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "geheim.txt"
    path.write_text("Das Geheimnis ist 77 Meter tief.", "utf-8")
    return path


def test_behind_the_gate_gradio_compares_paths_too(
    application: FastAPI, index: Index, secret: Path
) -> None:
    """Mounted, it does not unless it is told that it was launched."""
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    with TestClient(application, base_url="http://localhost"):  # for Gradio's queue
        inner = TestClient(application.routes[-1].app, base_url="http://localhost")  # type: ignore[attr-defined]
        message = _outcome(inner, ADD, [{"files": [file]}])
    assert not message["success"]
    assert "Das hat nicht geklappt" in message["output"]["error"]
    assert index.articles() == []


def test_behind_both_an_addition_compares_paths_itself(
    index: Index, uploads: Uploads, secret: Path
) -> None:
    with pytest.raises(UsageError):
        list(adding(index, uploads, {"files": [str(secret)]}))
    assert secret.exists()
    assert index.articles() == []


def test_a_damaged_index_is_told_on_the_page_and_at_an_article(
    application: FastAPI, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object, **__: object) -> None:
        raise IndexDamagedError(REASON)

    monkeypatch.setattr(index, "article", damaged)
    monkeypatch.setattr(answers, "ask", damaged)
    with TestClient(application, base_url="http://localhost") as client:
        told = client.get("/api/articles/a")
        article = client.get("/artikel/a")
        message = _outcome(client, ASK, ["Was?"])
    assert (told.status_code, told.json()) == (503, {"problem": REASON})
    assert article.status_code == 503
    assert REASON in article.text
    for response in (told, article):
        assert response.headers["retry-after"]
    assert not message["success"]
    assert message["output"]["error"] == REASON


def test_a_bug_is_told_in_words_and_its_reason_in_the_log(
    application: FastAPI, index: Index, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(REASON)

    monkeypatch.setattr(index, "article", broken)
    monkeypatch.setattr(answers, "ask", broken)
    with TestClient(application, base_url="http://localhost") as client:
        told = client.get("/api/articles/a")
        message = _outcome(client, ASK, ["Was?"])
    assert told.status_code == 500
    for words in (told.json()["problem"], message["output"]["error"]):
        assert "Das hat nicht geklappt" in words
        assert REASON not in words
    assert "ZeroDivisionError" in caplog.text


def _outcome(client: TestClient, number: int, data: list[Any]) -> dict[str, Any]:
    body = {"data": data, "fn_index": number, "session_hash": "a"}
    assert client.post("/gradio_api/queue/join", json=body).status_code == 200
    events = client.get("/gradio_api/queue/data?session_hash=a").text
    messages = [json.loads(line[6:]) for line in events.splitlines() if line.startswith("data: ")]
    [message] = [m for m in messages if m["msg"] == "process_completed"]
    return dict(message)
