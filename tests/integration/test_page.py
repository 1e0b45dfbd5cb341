"""The page as a browser or a script meets it: a running server on this machine, over HTTP."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio_client
import httpx
import pytest

import app
from index import Index, UsageError, make_article
from qa import ask
from qa.web.door import SAFE_HEADERS
from qa.web.running import listen
from tests.page_server import serving

HOSTILE_TEXT = (
    "Der Quappenteich\n\nDer Quappenteich ist 12 Meter tief <script>alert(1)</script> "
    "${alert(2)} {{value}} \u202esagt man.\n"
)
HOSTILE_SOURCE = 'javascript:alert("3")'
PASSWORD = "geheim: ü"


@pytest.fixture(scope="module")
def index(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("page") / "index"
    shutil.copytree(sample_folder, folder)
    with Index.open(folder) as opened:
        opened.add_articles(
            [
                make_article(
                    HOSTILE_TEXT,
                    source=HOSTILE_SOURCE,
                    language="de",
                    title='<img src=x onerror="alert(4)">',
                )
            ]
        )
        yield opened


@pytest.fixture(scope="module")
def address(index: Index) -> Iterator[str]:
    with serving(index.path) as url:
        yield url


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[httpx.Client]:
    """Asks the server; the first question waits for the model."""
    with httpx.Client(base_url=address, timeout=120) as client:
        yield client


def test_asking_is_told_stage_by_stage(browser: httpx.Client, index: Index) -> None:
    *stages, done = _ask(browser, question="Wie hoch wurde Scale AI bewertet?")
    assert [told["stage"] for told in stages] == ["understand", "search", "read"]
    assert done["stage"] == "done"
    assert "29 Milliarden" in done["answer"]["answer"]
    cited = {citation["article_id"] for citation in done["answer"]["citations"]}
    assert cited <= done["shown"]["sources"].keys()
    for citation in done["answer"]["citations"]:
        text = index.article(citation["article_id"]).text
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_question_the_articles_do_not_answer(browser: httpx.Client) -> None:
    *_, done = _ask(browser, question="Wie heißt die Hauptstadt von Australien?")
    assert not done["answer"]["found"]
    assert "Die Artikel beantworten das nicht." in done["answer"]["answer"]


def test_filters_bound_what_is_found(browser: httpx.Client) -> None:
    question = "Wie hoch wurde Scale AI bewertet?"
    *_, every = _ask(browser, question=question)
    publishers = {each["publisher"] for each in every["shown"]["sources"].values()}
    assert len(publishers) > 1
    [first, *_] = sorted(filter(None, publishers))
    *_, some = _ask(browser, question=question, publishers=[first])
    assert {each["publisher"] for each in some["shown"]["sources"].values()} == {first}
    *_, none = _ask(browser, question=question, until="1900-01-01")
    assert not none["answer"]["found"]


@pytest.mark.parametrize("question", ["", "a" * 2_001])
def test_a_question_that_cannot_be_asked_is_told(browser: httpx.Client, question: str) -> None:
    [told] = _ask(browser, question=question)
    assert told["stage"] == "problem"
    assert "frage" in told["problem"].lower()
    [(event, data)] = _events(browser, "ask", question)
    assert event == "error"
    assert "frage" in data["error"].lower()


@pytest.mark.parametrize(
    "question",
    ["Wie hoch wurde Scale AI bewertet?", "Wie heißt die Hauptstadt von Australien?"],
)
def test_a_script_gets_the_answers_object(
    browser: httpx.Client, index: Index, question: str
) -> None:
    [(event, [told])] = _events(browser, "ask", question)
    assert event == "complete"
    expected = ask(question, index).to_json()
    for answer in (told, expected):
        del answer["timings_ms"]
    assert told == expected


def test_gradios_own_client_is_answered(address: str) -> None:
    client = gradio_client.Client(address, verbose=False)
    question = "Wie hoch wurde Scale AI bewertet?"
    assert "29 Milliarden" in client.predict(question, api_name="/ask")["answer"]
    steps = list(client.submit({"question": question}, api_name="/answer"))
    assert [step["stage"] for step in steps[:4]] == ["understand", "search", "read", "done"]


def test_three_functions_are_offered(browser: httpx.Client) -> None:
    named = browser.get("/gradio_api/info").json()["named_endpoints"]
    assert list(named) == ["/ask", "/answer", "/add"]
    assert _texts(browser)["functions"] == {"ask": 0, "answer": 1, "add": 2}


@pytest.mark.parametrize(
    ("accepted", "spoken"), [("de-AT,en;q=0.5", "de"), ("en", "en"), ("fr", "en")]
)
def test_the_page_speaks_the_browser_s_language(
    browser: httpx.Client, accepted: str, spoken: str
) -> None:
    browser.headers["accept-language"] = accepted
    try:
        texts = _texts(browser)
        assert texts["language"] == spoken
        *_, done = _ask(browser, question="Wie hoch wurde Scale AI bewertet?")
        word = done["shown"]["sure"].partition(" ")[0]
        assert word in {"de": ("sicher", "wahrscheinlich", "unsicher")}.get(
            spoken, ("certain", "likely", "unsure")
        )
        assert f'lang="{spoken}"' in browser.get("/artikel/0000").text
    finally:
        del browser.headers["accept-language"]


def test_the_language_chosen_on_the_page_comes_first(browser: httpx.Client) -> None:
    browser.cookies.set("lang", "en")
    try:
        *_, done = _ask(browser, question="Wie hoch wurde Scale AI bewertet?")
        assert done["shown"]["sure"].partition(" ")[0] in ("certain", "likely", "unsure")
        assert _texts(browser)["language"] == "en"
        assert "There is no such address" in browser.get("/api/nowhere").json()["problem"]
    finally:
        browser.cookies.clear()
    assert _texts(browser, "?lang=en")["language"] == "en"


def test_the_first_view_is_small(browser: httpx.Client) -> None:
    document = browser.get("/").text
    named = set(re.findall(r'(?:src|href)="(static[^"]+)"', document))
    files = [browser.get(f"/{name}", headers={"Accept-Encoding": "gzip"}) for name in named]
    assert all(file.status_code == 200 for file in files)
    assert len(files) < 24
    assert sum(int(file.headers["content-length"]) for file in files) < 200_000


def test_hostile_texts_come_as_they_are_and_run_nowhere(browser: httpx.Client) -> None:
    *_, done = _ask(browser, question="Wie tief ist der Quappenteich?")
    assert "12 Meter" in done["answer"]["answer"]
    [source] = [each for each in done["shown"]["sources"].values() if "onerror" in each["headline"]]
    assert source["link"] is None
    [row] = browser.get("/api/articles?query=onerror").json()["articles"]
    assert row["link"] is None


def test_the_whole_article_is_shown_with_the_place_marked(
    browser: httpx.Client, index: Index
) -> None:
    record = index.article(HOSTILE_SOURCE)
    start = record.text.index("12 Meter")
    response = browser.get(f"/artikel/{record.id}?von={start}&bis={start + 8}")
    assert response.status_code == 200
    assert ">12 Meter</mark>" in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "script-src" not in response.headers["content-security-policy"]
    _assert_harmless(response.text)


@pytest.mark.parametrize("place", ["?von=5&bis=99999999", "?von=9&bis=3", "?von=-5&bis=3", ""])
def test_a_place_outside_the_article_is_not_marked(
    browser: httpx.Client, index: Index, place: str
) -> None:
    record = index.article(HOSTILE_SOURCE)
    response = browser.get(f"/artikel/{record.id}{place}")
    assert response.status_code == 200
    assert "<mark" not in response.text


@pytest.mark.parametrize("name", ["zzzz", "<script>alert(1)</script>", "%1b[2J"])
def test_an_article_that_is_not_there(browser: httpx.Client, name: str) -> None:
    response = browser.get(f"/artikel/{name.replace('/', '%2f')}")
    assert response.status_code == 404
    _assert_harmless(response.text)


PATHS = (
    *("/", "/config", "/artikel/zzzz", "/gradio_api/info", "/nowhere", "/api/holdings"),
    *("/api/nowhere", "/static/page/app.css", "/static/page/index.html"),
)


@pytest.mark.parametrize("path", PATHS)
def test_every_response_carries_the_headers(browser: httpx.Client, path: str) -> None:
    headers = browser.get(path).headers
    for name, value in SAFE_HEADERS.items():
        assert headers[name] == value
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.7", ""])
def test_another_host_name_is_refused(browser: httpx.Client, host: str) -> None:
    for path in ("/", "/artikel/zzzz", "/gradio_api/info"):
        assert browser.get(path, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "://["])
def test_requests_of_other_sites_are_refused(browser: httpx.Client, origin: str) -> None:
    request = {"data": ["Was?"], "fn_index": 0, "session_hash": "x"}
    for path in (
        *("/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/call/add"),
        *("/api/remove", "/api/feedback"),
    ):
        response = browser.post(path, json=request, headers={"Origin": origin})
        assert response.status_code == 403


def test_a_form_of_another_site_can_order_nothing(browser: httpx.Client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", None):
        headers = {"Content-Type": kind} if kind else {}
        response = browser.post("/api/remove", content=b'{"ids": ["a"]}', headers=headers)
        assert response.status_code == 415
        assert response.json()["problem"]


def test_the_files_of_the_index_are_not_served(browser: httpx.Client, index: Index) -> None:
    database = index.path.resolve() / "articles.db"
    for path in (database, Path("/etc/hostname")):
        assert browser.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_without_the_password_nothing_is_shown(index: Index) -> None:
    with serving(index.path, PASSWORD) as url:
        for path in ("/", "/config", "/artikel/zzzz", "/gradio_api/info", "/api/holdings"):
            assert httpx.get(url + path).status_code == 401
        for wrong in (b"x:falsch", b"x:", b"geheim", "x:geheim: ü ".encode()):
            assert httpx.get(url, headers=_basic(wrong)).status_code == 401
        assert httpx.get(url, headers={"Authorization": "Basic %%%"}).status_code == 401
        assert (
            httpx.get(url, headers={"Authorization": "Bearer " + PASSWORD[:6]}).status_code == 401
        )
        assert httpx.get(url, headers=_basic(f"x:{PASSWORD}".encode())).status_code == 200


def test_a_service_managers_end_leaves_nothing_behind(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving(index.path) as url:
        assert httpx.get(url).status_code == 200
        [uploads] = tmp_path.glob("fundstelle-*")
        assert uploads.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("fundstelle-*")) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org"])
def test_other_addresses_need_a_password(host: str) -> None:
    with pytest.raises(UsageError, match="password"):
        app.serve(host, 0)


def test_a_port_that_is_taken_is_a_clear_error() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(UsageError, match="--port"):
        app.serve("127.0.0.1", taken.getsockname()[1])


def test_files_are_added_under_their_names(browser: httpx.Client, index: Index) -> None:
    reports = []
    for count in (3, 4):
        sent = [("mühle.txt", f"Die Mühle hat {count} Räder."), ("leer.txt", "")]
        files = [("files", (name, text.encode(), "text/plain")) for name, text in sent]
        paths = browser.post("/gradio_api/upload", files=files).json()
        *_, done = _told(browser, "add", {"files": paths})
        reports.append(done["report"])
        assert not any(Path(path).exists() for path in paths), "the uploads are deleted"
    assert [(report["added"], report["updated"]) for report in reports] == [(1, 0), (0, 1)]
    assert [failure["name"] for failure in reports[1]["failed"]] == ["leer.txt"]
    record = index.article("upload:mühle.txt")
    assert record.text == "Die Mühle hat 4 Räder."


def _ask(browser: httpx.Client, **request: Any) -> list[dict[str, Any]]:
    """What the page is told when it asks."""
    return _told(browser, "answer", request)


def _told(browser: httpx.Client, name: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    """What a function's stream tells; its end repeats the last."""
    *told, (last, [repeated]) = _events(browser, name, request)
    assert [event for event, _ in told] == ["generating"] * len(told)
    values = [value for _, [value] in told]
    assert (last, repeated) == ("complete", values[-1])
    return values


def _events(browser: httpx.Client, name: str, given: object) -> list[tuple[str, Any]]:
    """The events and their data that come by the two requests of Gradio's API."""
    called = browser.post(f"/gradio_api/call/{name}", json={"data": [given]}).json()
    events = browser.get(f"/gradio_api/call/{name}/{called['event_id']}").text
    found = re.findall(r"event: (\w+)\ndata: (.*)\n\n", events)
    return [(event, json.loads(data)) for event, data in found if event != "heartbeat"]


def _texts(browser: httpx.Client, query: str = "") -> dict[str, Any]:
    document = browser.get(f"/{query}").text
    [data] = re.findall(r'id="texts">(.*?)</script>', document, re.S)
    found: dict[str, Any] = json.loads(data)
    return found


def _basic(credentials: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(credentials).decode()}


def _assert_harmless(markup: str) -> None:
    lowered = markup.lower()
    for danger in ("<script", "<img", 'href="javascript:', "${", "{{", "\u202e", "\x1b"):
        assert danger not in lowered
