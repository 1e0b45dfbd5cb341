"""What the page is made of, as it is served: its document, its files, its language, its headers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from index.translation import language, speaking
from qa.web.assets import FOLDER, PLACE, TYPES, assets
from qa.web.door import PAGE_POLICY, SafeHeaders
from qa.web.labels import labels
from qa.web.spoken import Spoken
from qa.web.start_page import as_data, start_page

FUNCTIONS = {"ask": 0, "answer": 1, "add": 2}


async def _page(request: Request) -> Response:
    return await start_page(request, FUNCTIONS)


async def _language(request: Request) -> Response:
    return PlainTextResponse(language())


@pytest.fixture
def client() -> TestClient:
    application = Starlette(
        routes=[Route("/", _page), Route("/language", _language), assets()],
        middleware=[Middleware(SafeHeaders), Middleware(Spoken)],
    )
    return TestClient(application, base_url="http://localhost")


def _data(document: str) -> dict[str, object]:
    [data] = re.findall(
        r'<script type="application/json" id="texts">(.*?)</script>', document, re.S
    )
    found: dict[str, object] = json.loads(data)
    return found


class TestStartPage:
    @pytest.mark.parametrize("code", ["de", "en"])
    def test_it_has_its_texts_in_the_language_spoken(self, client: TestClient, code: str) -> None:
        document = client.get(f"/?lang={code}").text
        data = _data(document)
        with speaking(code):
            assert data["texts"] == labels()
        assert data["language"] == code
        assert data["languages"] == ["de", "en"]
        assert data["functions"] == FUNCTIONS
        assert f'<html lang="{code}"' in document
        assert "$" not in document.partition('id="texts"')[0]

    def test_no_script_or_style_stands_in_it(self, client: TestClient) -> None:
        document = client.get("/").text
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", document, re.S)
        assert all("src=" in told or 'type="application/json"' in told for told, _ in scripts)
        assert "<style" not in document
        assert not re.search(r"\s(?:style|on[a-z]+)=", document.partition('id="texts"')[0])

    def test_all_files_that_it_names_are_there(self, client: TestClient) -> None:
        named = re.findall(r'(?:src|href)="([^"]+)"', client.get("/").text)
        assert len(named) > 2
        for address in named:
            assert client.get(address).status_code == 200, address

    def test_a_browser_that_has_it_is_told_so(self, client: TestClient) -> None:
        first = client.get("/", headers={"Accept-Language": "de"})
        again = {"If-None-Match": f'"x", W/{first.headers["etag"]}', "Accept-Language": "de"}
        known = client.get("/", headers=again)
        assert (known.status_code, known.content) == (304, b"")
        assert client.get("/", headers={**again, "Accept-Language": "en"}).status_code == 200
        assert "Accept-Language" in first.headers["vary"]

    @given(
        st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
    )
    def test_no_text_ends_its_element(self, value: object) -> None:
        written = as_data(value)
        assert "<" not in written
        assert json.loads(written) == value

    @pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--<script>", "$x"])
    def test_hostile_texts_stay_texts(self, text: str) -> None:
        assert "<" not in as_data({text: text})


class TestAssets:
    @pytest.fixture
    def client(self, tmp_path: Path) -> TestClient:
        (tmp_path / "parts").mkdir()
        for name in ("a.js", "a.css", "parts/a.svg", "index.html", "a.py", ".a.js"):
            (tmp_path / name).write_text("Ü" * 1_000, "utf-8")
        return TestClient(Starlette(routes=[assets(tmp_path)]))

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("parts/a.svg", "image/svg+xml"),
        ],
    )
    def test_a_file_has_its_type(self, client: TestClient, name: str, kind: str) -> None:
        response = client.get(f"{PLACE}/{name}")
        assert response.headers["content-type"] == kind
        assert response.headers["content-encoding"] == "gzip"
        assert response.text == "Ü" * 1_000
        assert client.head(f"{PLACE}/{name}").status_code == 200

    @pytest.mark.parametrize(
        "name", ["index.html", "a.py", "b.js", "parts", "", "../assets.py", "%2e%2e/assets.py"]
    )
    def test_others_are_not_served(self, client: TestClient, name: str) -> None:
        assert client.get(f"{PLACE}/{name}").status_code == 404

    def test_a_browser_that_has_it_is_told_so(self, client: TestClient) -> None:
        first = client.get(f"{PLACE}/a.js")
        assert first.headers["cache-control"] == "no-cache"
        known = client.get(f"{PLACE}/a.js", headers={"If-None-Match": first.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["cache-control"] == "no-cache"

    def test_every_file_of_the_page_can_be_served(self) -> None:
        files = {path for path in FOLDER.rglob("*") if path.is_file()} - {FOLDER / "index.html"}
        assert files
        assert {path.suffix for path in files} <= TYPES.keys()


class TestSpoken:
    @pytest.mark.parametrize(
        ("query", "cookie", "accepted", "told"),
        [
            ("", "", "de-AT,en;q=0.5", "de"),
            ("", "", "fr", "en"),
            ("", "", "", "de"),
            ("", "", "*", "de"),
            ("", "lang=en", "de", "en"),
            ("", "a=1; lang=de; b=2", "en", "de"),
            ("", "lang=xx", "en", "en"),
            ("?lang=de", "lang=en", "en", "de"),
            ("?q=a&lang=en", "lang=de", "de", "en"),
            ("?lang=xx", "lang=en", "de", "en"),
            ("?lang=%ff", "", "en", "en"),
        ],
    )
    def test_the_address_then_the_cookie_then_the_browser(
        self, client: TestClient, query: str, cookie: str, accepted: str, told: str
    ) -> None:
        headers = {"Accept-Language": accepted, "Cookie": cookie}
        response = client.get(
            f"/language{query}", headers={name: value for name, value in headers.items() if value}
        )
        assert response.text == told


def test_the_policy_lets_no_text_run(client: TestClient) -> None:
    assert client.get("/").headers["content-security-policy"] == PAGE_POLICY
    for danger in ("unsafe", "http", "*", "blob:", "nonce"):
        assert danger not in PAGE_POLICY
    for rule in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in PAGE_POLICY
