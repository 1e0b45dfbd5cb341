"""What somebody at the page in Chromium waits for, what is loaded, and how it does while articles
are added. Times are taken by the page itself, when what is waited for stands in the document.
"""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page, Response

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120_000.0
LATER = 20
"""Answers after the first, each to another question."""

ADDED = 160
MEANWHILE = 8
"""Questions that are asked while so many articles are added."""

_WATCH = """
addEventListener("submit", () => { window.asked = performance.now(); window.seen = 0; }, true);
new MutationObserver(() => {
  if (!window.usable && document.querySelector("#question")) window.usable = performance.now();
  const done = document.querySelector(".result .actions");
  const heading = document.querySelector(".result .asked")?.textContent;
  const asked = document.querySelector("#question")?.value;
  if (window.asked && !window.seen && done && heading === asked) window.seen = performance.now();
  const line = document.querySelector(".progressline");
  if (line?.offsetParent && line.textContent) (window.told ??= []).push(performance.now());
}).observe(document, {subtree: true, childList: true});
"""


def visits(
    folder: Path, rounds: int, started: Callable[[Path], AbstractContextManager[str]]
) -> Mapping[str, list[float]]:
    """Figures by their names, one of each round; nothing without Chromium.

    Each round is a new server, asked for as soon as it listens, and a browser that knows nothing.
    The last one adds articles too, to a copy of the index.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return {}
    found = defaultdict[str, list[float]](list)
    questions = _questions()
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(rounds):
            with started(folder) as address:
                _visit(browser, address, questions, found)
        own = shutil.copytree(folder, folder.with_name("added"))
        with started(own) as address:
            _add(browser, address, questions, found)
        browser.close()
    return found


def _questions() -> list[str]:
    rows = (ROOT / "examples/questions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(row)["question"] for row in rows]


def _visit(
    browser: Browser, address: str, questions: list[str], found: dict[str, list[float]]
) -> None:
    _wait_for(address)
    page, loaded = _page(browser)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    host = urlsplit(address).netloc
    sizes = [response.request.sizes() for response in loaded]
    found["usable, seconds"].append(page.evaluate("window.usable") / 1000)
    found["requests"].append(len(loaded))
    bodies = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    found["kB"].append(bodies / 1000)
    found["first answer, seconds"].append(_ask(page, questions[0]))
    later = [_ask(page, question) for question in questions[1 : 1 + LATER]]
    found["later answers, p50, seconds"].append(statistics.median(later))
    found["requests to other hosts"].append(
        sum(urlsplit(response.url).netloc != host for response in loaded)
    )
    page.context.close()


def _add(
    browser: Browser, address: str, questions: list[str], found: dict[str, list[float]]
) -> None:
    adding, _ = _page(browser)
    asking, _ = _page(browser)
    asking.goto(address)
    asking.locator("#question").wait_for()
    for question in questions[:3]:
        _ask(asking, question)
    usual = [_ask(asking, question) for question in questions[3 : 3 + MEANWHILE]]
    adding.goto(f"{address.rstrip('/')}/?view=articles")
    adding.locator("#files").wait_for(state="attached")
    adding.locator("#files").set_input_files(list(_files()))
    adding.locator(".adding").wait_for()
    begun = time.perf_counter()
    meanwhile = list[float]()
    for question in questions[3 + MEANWHILE : 3 + 2 * MEANWHILE]:
        meanwhile.append(_ask(asking, question))
        if not adding.locator(".adding").is_visible():
            raise SystemExit("the addition ended before the questions were asked")
    adding.locator(".report").wait_for()
    told: list[float] = adding.evaluate("window.told")
    gaps = [after - before for before, after in pairwise(told)]
    found[f"{ADDED} articles added, seconds"].append(time.perf_counter() - begun)
    found["longest without progress, seconds"].append(max(gaps) / 1000)
    found["answers before, p50, seconds"].append(statistics.median(usual))
    found["answers meanwhile, p50, seconds"].append(statistics.median(meanwhile))
    adding.context.close()
    asking.context.close()


def _wait_for(address: str) -> None:
    """Until the page is served; that wait is ``bench.page``'s."""
    httpx.get(address, timeout=PATIENCE / 1000).raise_for_status()


def _page(browser: Browser) -> tuple[Page, list[Response]]:
    """A page in a browser without a memory, and what it will have loaded."""
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(_WATCH)
    loaded: list[Response] = []
    page = context.new_page()
    page.on("response", lambda response: loaded.append(response))
    return page, loaded


def _ask(page: Page, question: str) -> float:
    """Seconds from the question to its answer."""
    follow = page.locator(".follow input")
    if follow.is_visible():
        follow.uncheck()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    page.locator(".result .actions").wait_for()
    while not (seen := page.evaluate("window.seen")):
        page.wait_for_timeout(20)
    return float(seen - page.evaluate("window.asked")) / 1000


def _files() -> Iterator[FilePayload]:
    """Articles as long as those of the examples, no two alike."""
    texts = [
        file.read_text("utf-8")
        for file in sorted((ROOT / "examples/articles").iterdir())
        if file.suffix in (".md", ".txt")
    ]
    for number in range(ADDED):
        paragraphs = texts[number % len(texts)].split("\n\n")
        first = number % 3
        turned = [f"Archiv, Blatt {number}.", *paragraphs[first:], *paragraphs[:first]]
        text = "\n\n".join(f"{one} ({number})" for one in turned)
        yield cast(
            "FilePayload",
            {"name": f"blatt-{number}.txt", "mimeType": "text/plain", "buffer": text.encode()},
        )
