"""The page's own routes: what they take, what they answer, and how they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from index import Index, IndexBusyError, IndexDamagedError, make_article
from qa import ask
from qa.web.answers import Answers
from qa.web.library import Library
from qa.web.routes import PageRoutes
from qa.web.stops import Stops
from qa.web.wanted import Form, wanted
from tests.fakes import WordEmbedder

TEXTS = {
    "https://a.example/turm": "# Der Turm\n\nDer *Turm* von Hohenfels ist 77 Meter hoch.",
    "upload:bruecke.txt": "Die Brücke von Hohenfels ist 31 Meter lang.",
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        opened.add_articles(
            make_article(text, source=source, language="de", published=date(2025, 6, 14))
            for source, text in TEXTS.items()
        )
        yield opened


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def client(index: Index, answers: Answers) -> TestClient:
    return TestClient(Starlette(routes=PageRoutes(index, answers, Stops()).routes()))


@pytest.fixture
def answer_id(index: Index, answers: Answers) -> str:
    return answers.remember(ask("Wie hoch ist der Turm von Hohenfels?", index))


def told(client: TestClient, path: str) -> Any:
    response = client.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()


def problem(client: TestClient, path: str, body: object, status: int) -> str:
    response = client.post(path, json=body)
    assert response.status_code == status, response.text
    [(name, told)] = response.json().items()
    assert name == "problem"
    return str(told)


def test_the_collection_is_told(client: TestClient) -> None:
    held = told(client, "/api/holdings")
    assert (held["articles"], held["since"], held["until"]) == (2, "2025-06-14", "2025-06-14")
    assert told(client, "/api/articles?sort=title&size=1&page=2")["total"] == 2
    assert told(client, "/api/failures") == []
    assert problem(client, "/api/stop", {"addition": "vorbei"}, 404)
    assert told(client, "/api/insight")["months"] == [{"month": "2025-06", "articles": 2}]


def test_all_articles_of_a_listing_are_named(client: TestClient, index: Index) -> None:
    tower, bridge = (index.article(source).id for source in TEXTS)
    assert told(client, "/api/ids")["ids"] == [tower, bridge]
    assert told(client, "/api/ids?descending=1&size=1&page=2")["ids"] == [bridge, tower]
    assert told(client, "/api/ids?query=bruecke")["ids"] == [bridge]
    assert told(client, "/api/ids?language=en")["ids"] == []
    assert client.get("/api/ids?sort=size").status_code == 400


def test_an_article_is_told_in_blocks(client: TestClient, index: Index) -> None:
    article = index.article("https://a.example/turm")
    shown = told(client, f"/api/articles/{article.id}")
    assert shown["article_id"] == article.id
    assert (shown["link"], shown["name"]) == ("https://a.example/turm", "a.example")
    assert shown["published"] == "2025-06-14"
    assert (shown["authors"], shown["also_in"]) == ([], [])
    runs = [run for block in shown["blocks"] for run in block["runs"]]
    assert [run["style"] for run in runs if run["text"] == "Turm"] == ["emphasis"]
    for run in runs:
        start = run["start"]
        assert article.text[start : start + len(run["text"])] == run["text"]


def test_an_article_is_edited_removed_and_restored(client: TestClient, index: Index) -> None:
    name = index.article("upload:bruecke.txt").id
    row = client.post(f"/api/articles/{name}", json={"title": "Die Brücke"}).json()
    assert (row["headline"], row["has_title"]) == ("Die Brücke", True)
    assert index.article(name).published == date(2025, 6, 14), "what is not named stays"
    client.post(f"/api/articles/{name}", json={"published": None})
    assert index.article(name).published is None
    removed = client.post("/api/remove", json={"ids": [name]}).json()
    assert removed["removed"] == 1
    assert client.get(f"/api/articles/{name}").status_code == 404
    assert client.post("/api/restore", json={"undo": removed["undo"]}).json() == {"restored": 1}
    assert index.article(name).title == "Die Brücke"
    assert problem(client, "/api/restore", {"undo": "unbekannt"}, 404)


@pytest.mark.parametrize("kind", ["markdown", "csv", "json", "bibtex", "csl"])
def test_an_answer_is_exported(client: TestClient, answer_id: str, kind: str) -> None:
    file = client.post("/api/export", json={"answer_id": answer_id, "format": kind}).json()
    assert file.keys() == {"name", "type", "content"}
    assert file["content"]


def test_an_answer_is_judged(client: TestClient, index: Index, answer_id: str) -> None:
    article = index.article("https://a.example/turm")
    place = {"article_id": article.id, "start": 14, "end": len(article.text)}
    body: dict[str, object] = {"answer_id": answer_id, "verdict": "better", "place": place}
    assert client.post("/api/feedback", json=body).json() == {"stored": True}
    body = {**body, "verdict": "right", "place": None}
    assert client.post("/api/feedback", json=body).json() == {"stored": True}


def test_an_answer_that_went_is_told(client: TestClient) -> None:
    wish = {"answer_id": "fort", "format": "csv"}
    assert "no longer kept" in problem(client, "/api/export", wish, 404)
    assert problem(client, "/api/feedback", {"answer_id": "fort", "verdict": "right"}, 404)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/remove", {}),
        ("/api/remove", {"ids": []}),
        ("/api/remove", {"ids": [7]}),
        ("/api/remove", {"ids": ["a"], "index": "/etc"}),
        ("/api/restore", {"undo": None}),
        ("/api/stop", {}),
        ("/api/stop", {"addition": ["a"]}),
        ("/api/forget", {"sources": "alle"}),
        ("/api/export", {"answer_id": ["a"], "format": "csv"}),
        ("/api/export", {"answer_id": "a"}),
        ("/api/feedback", {"answer_id": "a", "verdict": "better", "place": {"start": 0}}),
    ],
)
def test_a_wrong_order_is_refused(client: TestClient, path: str, body: object) -> None:
    assert problem(client, path, body, 400)


BUSY = "The collection is being written to just now. Please try again in a moment."


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (IndexBusyError("Another process is writing to /home/mia/index."), 409, BUSY),
        (IndexDamagedError("Kaputt."), 503, "Kaputt."),
    ],
)
def test_what_the_index_cannot_do_is_told(
    client: TestClient,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    told: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(index, "article", fail)
    response = client.get("/api/articles/a")
    assert (response.status_code, response.json()) == (status, {"problem": told})
    assert ("retry-after" in response.headers) == (status == 503)


def test_half_a_surrogate_pair_is_written_as_json_has_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [{"source": "a\udc80ü"}]
    monkeypatch.setattr(Library, "failures", lambda self: failures)
    response = client.get("/api/failures")
    assert b"\\udc80\xc3\xbc" in response.content
    assert json.loads(response.content) == failures


def test_the_field_that_is_wrong_is_named() -> None:
    class Order(Form):
        ids: list[int]

    assert wanted(Order, {"ids": [1]}).ids == [1]
    for given, told in (({}, "ids"), ({"ids": ["a"]}, "ids.0"), ({"ids": [], "x": 1}, "x")):
        with pytest.raises(Exception, match=f'"{told}"'):
            wanted(Order, given)


def test_a_format_and_a_verdict_that_are_none_are_refused(
    client: TestClient, answer_id: str
) -> None:
    named = {"answer_id": answer_id}
    assert "csv" in problem(client, "/api/export", {**named, "format": "exe"}, 400)
    assert "right" in problem(client, "/api/feedback", {**named, "verdict": "maybe"}, 400)
    place = {"article_id": "a", "start": -1, "end": 2}
    for wrong in (None, place):
        assert client.post(
            "/api/feedback", json={**named, "verdict": "better", "place": wrong}
        ).status_code in (400, 404)
