"""The page in a real browser, at the width of a desk and of a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.page_server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, Response

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
HOSTILE = (
    "Der Turm von Hohenfels\n\nDer Turm von Hohenfels ist 77 Meter hoch, "
    "<script>document.title='1'</script> <img src=x onerror=\"document.title='2'\"> "
    "${document.title='3'} {{value}} `x` und steht \u202eseit 1890.\n"
)


@pytest.fixture(scope="module")
def address(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = shutil.copytree(sample_folder, tmp_path_factory.mktemp("browser") / "index")
    with serving(folder) as url:
        yield url + "/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_ask_read_and_add(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, locale="de-DE")
    page, watch = context.new_page(), _Watch()
    watch.over(page)
    page.goto(address)

    page.get_by_label("Frage").fill("Wie hoch wurde Scale AI bewertet?")
    page.keyboard.press("Enter")
    page.locator(".ansichten").wait_for(timeout=60_000)
    assert "29 Milliarden" in page.locator(".ergebnis").inner_text()
    page.locator(".ansichten a.nummer").first.click()
    assert page.url.endswith("#beleg-1")
    playwright.expect(page.locator("#beleg-1")).to_be_in_viewport()

    with context.expect_page() as opened:
        page.locator("#beleg-1 a.nummer").click()
    article = opened.value
    watch.over(article)
    playwright.expect(article.locator("#stelle")).to_be_in_viewport()
    quote = page.locator("#beleg-1").inner_text().removeprefix("[1] ")
    assert article.locator("#stelle").inner_text() == quote
    assert _overflow(article) == 0
    article.close()

    page.get_by_role("tab", name="Artikel").click()
    files = [_file("turm.txt", HOSTILE), _file("leer.txt", " ")]
    page.locator("input[type=file]").set_input_files(files)
    # Gradio shortens long names; the invitation to drop a file goes when the upload is there.
    playwright.expect(page.get_by_text("Datei hier ablegen")).to_have_count(0)
    page.get_by_role("button", name="Artikel hinzufügen").click()
    failed = page.locator(".fehler")
    failed.wait_for(timeout=60_000)
    assert "leer.txt: " in failed.inner_text()
    playwright.expect(page.locator(".artikelliste")).to_contain_text("Der Turm von Hohenfels")

    page.get_by_role("tab", name="Fragen").click()
    page.get_by_label("Frage").fill("Wie hoch ist der Turm von Hohenfels?")
    page.get_by_role("button", name="Fragen").click()
    playwright.expect(page.locator(".ergebnis")).to_contain_text("Hohenfels", timeout=30_000)
    shown = page.locator(".ergebnis").text_content() or ""
    assert "<script>document.title='1'</script>" in shown
    assert "${document.title='3'} {{value}} `x`" in shown
    assert r"\u202eseit 1890" in shown
    assert page.title() == "Fundstelle", "no text of an article has run as a script"

    assert _overflow(page) == 0
    assert watch.errors == []
    assert watch.hosts == {urlsplit(address).netloc}
    context.close()


def test_opening_the_page_waits_in_no_queue(browser: Browser, address: str) -> None:
    """Gradio ends a stream of results when what it waits for is done. A question that is asked in
    that very moment would never be answered."""
    page, asked = browser.new_page(locale="de-DE"), list[str]()
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto(address)
    page.get_by_role("tab", name="Artikel").click()
    playwright.expect(page.locator(".artikelliste")).to_contain_text("Scale AI")
    assert any(path.startswith("/gradio_api/run/") for path in asked)
    assert not any("/queue/" in path for path in asked)
    page.close()


class _Watch:
    """What the browser complains about, and whom it asks."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.hosts: set[str] = set()

    def over(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("response", self._response)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _response(self, response: Response) -> None:
        if not response.ok:
            self.errors.append(f"{response.status} {response.url}")

    def _request(self, url: str) -> None:
        if not url.startswith(("data:", "blob:")):
            self.hosts.add(urlsplit(url).netloc)


def _overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(script))


def _file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
