"""The page as a browser or a script meets it: a running server on this machine, over HTTP."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import app
from index import Index, UsageError, make_article
from qa import ask
from qa.show.markup import article_address
from qa.web.door import SAFE_HEADERS
from qa.web.running import listen
from qa.web.uploads import Uploads
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


def test_asking_gives_an_answer_with_links_to_its_proof(browser: httpx.Client) -> None:
    markup = _ask(browser, "Wie hoch wurde Scale AI bewertet?")
    assert "29 Milliarden" in markup
    assert 'href="#beleg-1"' in markup
    assert 'id="beleg-1"' in markup


def test_a_question_the_articles_do_not_answer(browser: httpx.Client) -> None:
    markup = _ask(browser, "Wie heißt die Hauptstadt von Australien?")
    assert "Die Artikel beantworten das nicht." in markup
    assert "Am nächsten kommen" in markup


@pytest.mark.parametrize("question", ["", "a" * 2_001])
def test_a_question_that_cannot_be_asked_is_told(browser: httpx.Client, question: str) -> None:
    assert 'role="alert"' in _ask(browser, question)
    event, told = _call(browser, question)
    assert event == "error"
    assert "frage" in told["error"].lower()


@pytest.mark.parametrize(
    "question",
    ["Wie hoch wurde Scale AI bewertet?", "Wie heißt die Hauptstadt von Australien?"],
)
def test_a_script_gets_the_answers_object(
    browser: httpx.Client, index: Index, question: str
) -> None:
    event, [told] = _call(browser, question)
    assert event == "complete"
    expected = ask(question, index).to_json()
    for answer in (told, expected):
        del answer["timings_ms"]
    assert told == expected


def test_only_the_question_is_offered_to_scripts(browser: httpx.Client) -> None:
    assert list(browser.get("/gradio_api/info").json()["named_endpoints"]) == ["/ask"]


def test_the_page_has_switches_for_time(browser: httpx.Client) -> None:
    config = browser.get("/config").json()
    german, english = (config["i18n_translations"][code] for code in ("de", "en"))
    props = [component["props"] for component in config["components"]]
    told = {
        german[json.loads(label.removeprefix("__i18n__"))["key"]]: p.get("value")
        for p in props
        if isinstance(label := p.get("label"), str) and label.startswith("__i18n__")
    }
    assert told["Zeitangaben der Frage („letzte Woche“, „seit 2023“) begrenzen"] is True
    assert told["Neuere Artikel bevorzugen"] is False
    assert english.keys() == german.keys()
    assert english["recent"] == "Prefer newer articles"


@pytest.mark.parametrize(
    ("accepted", "told"), [("de-AT,en;q=0.5", "Am nächsten"), ("en", "Nearest"), ("fr", "Nearest")]
)
def test_the_page_speaks_the_browser_s_language(
    browser: httpx.Client, accepted: str, told: str
) -> None:
    browser.headers["accept-language"] = accepted
    try:
        assert told in _ask(browser, "Wie viele Monde hat der Saturn?")
        missing = browser.get("/artikel/0000").text
        assert ('lang="de"' in missing) == accepted.startswith("de")
    finally:
        del browser.headers["accept-language"]


def test_hostile_text_is_escaped_in_the_answer(browser: httpx.Client) -> None:
    markup = _ask(browser, "Wie tief ist der Quappenteich?")
    assert "12 Meter" in markup
    assert "&lt;script&gt;alert(1)" in markup
    _assert_harmless(markup)


def test_the_whole_article_is_shown_with_the_place_marked(
    browser: httpx.Client, index: Index
) -> None:
    record = index.article(HOSTILE_SOURCE)
    start = record.text.index("12 Meter")
    place = article_address(record.id, start, start + 8)
    response = browser.get(f"/{place}")
    assert response.status_code == 200
    assert '<mark id="stelle">12 Meter</mark>' in response.text
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


@pytest.mark.parametrize("path", ["/", "/config", "/artikel/zzzz", "/gradio_api/info", "/nowhere"])
def test_every_response_carries_the_headers(browser: httpx.Client, path: str) -> None:
    headers = browser.get(path).headers
    for name, value in SAFE_HEADERS.items():
        assert headers[name] == value
    policy = headers["content-security-policy"]
    assert "unsafe-inline" not in policy.partition("script-src")[2]
    assert "http" not in policy


def test_scripts_run_by_a_number_that_is_new_each_time(browser: httpx.Client) -> None:
    numbers = set()
    for _ in range(2):
        response = browser.get("/")
        number = (
            response.headers["content-security-policy"].partition("'nonce-")[2].partition("'")[0]
        )
        assert (
            response.text.count("<script") == response.text.count(f'<script nonce="{number}"') > 0
        )
        numbers.add(number)
    assert len(numbers) == 2


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.7", ""])
def test_another_host_name_is_refused(browser: httpx.Client, host: str) -> None:
    for path in ("/", "/artikel/zzzz", "/gradio_api/info"):
        assert browser.get(path, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "://["])
def test_requests_of_other_sites_are_refused(browser: httpx.Client, origin: str) -> None:
    request = {"data": ["Was?"], "fn_index": 0, "session_hash": "x"}
    for path in ("/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/call/ask"):
        response = browser.post(path, json=request, headers={"Origin": origin})
        assert response.status_code == 403


def test_the_files_of_the_index_are_not_served(browser: httpx.Client, index: Index) -> None:
    database = index.path.resolve() / "articles.db"
    for path in (database, Path("/etc/hostname")):
        assert browser.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_without_the_password_nothing_is_shown(index: Index) -> None:
    with serving(index.path, PASSWORD) as url:
        for path in ("/", "/config", "/artikel/zzzz", "/gradio_api/info", "/manifest.json"):
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


def test_an_upload_keeps_its_name_and_is_an_update_the_second_time(
    index: Index, tmp_path: Path
) -> None:
    reports = []
    uploads = Uploads(tmp_path)
    for count in (3, 4):
        folder = tmp_path / (str(count) * 64)
        folder.mkdir()
        good, empty = folder / "mühle.txt", folder / "leer.txt"
        good.write_text(f"Die Mühle hat {count} Räder.", "utf-8")
        empty.write_text("", "utf-8")
        reports.append(app.add_uploads(index, uploads, [str(good), str(empty)]))
        assert not good.exists(), "the upload is deleted"
    first, second = reports
    assert first.added == second.updated
    assert [failure.source for failure in second.failed] == ["upload:leer.txt"]
    record = index.article(first.added[0])
    assert (record.source, record.text) == ("upload:mühle.txt", "Die Mühle hat 4 Räder.")


def _ask(browser: httpx.Client, question: str) -> str:
    """The answer's markup, as the page gets it when the button is pressed."""
    session = secrets.token_hex(8)
    body = {"data": [question, True, False], "fn_index": 0, "session_hash": session}
    assert browser.post("/gradio_api/queue/join", json=body).status_code == 200
    events = browser.get(f"/gradio_api/queue/data?session_hash={session}").text
    messages = [json.loads(line[6:]) for line in events.splitlines() if line.startswith("data: ")]
    [done] = [message for message in messages if message["msg"] == "process_completed"]
    return str(done["output"]["data"][0])


def _call(browser: httpx.Client, question: str) -> tuple[str, Any]:
    """The event and its data that a script gets by the two requests of Gradio's API."""
    event = browser.post("/gradio_api/call/ask", json={"data": [question]}).json()["event_id"]
    events = browser.get(f"/gradio_api/call/ask/{event}").text.strip()
    *_, name, data = events.splitlines()  # heartbeats may come before
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def _basic(credentials: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(credentials).decode()}


def _assert_harmless(markup: str) -> None:
    lowered = markup.lower()
    for danger in ("<script", "<img", 'href="javascript:', "${", "{{", "\u202e", "\x1b"):
        assert danger not in lowered
