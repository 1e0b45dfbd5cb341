"""docs/page/*.png, each view of the page in light, in dark and on a phone: python -m tests.pictures

What they show is what the page says of the example articles; nothing is made up for them.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from index import Index
from tests.browser.visit import Visit
from tests.page_server import ROOT, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TARGET = ROOT / "docs/page"
LARGEST = 200_000
"""Bytes of a picture; the repository keeps every one that ever was."""

COLOURS = 128
"""More are seen in no picture of these: a page is paper, ink and two accents."""

ANSWERED = "Wie hoch wurde Scale AI bewertet?"
REFUSED = "Wie hoch wurde OpenAI bewertet?"
DEVICES: Mapping[str, Mapping[str, Any]] = {
    "": {"viewport": {"width": 1200, "height": 860}},
    "-dark": {"viewport": {"width": 1200, "height": 860}, "color_scheme": "dark"},
    "-phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("chromium is not installed. Debian has it: apt-get install chromium")
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "index"
        with Index.open(folder) as index:
            index.add([ROOT / "examples/articles"])
        _evaluate(folder)
        with serving(folder) as address, sync_playwright() as running:
            expect.set_options(timeout=120_000)
            browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for suffix, device in DEVICES.items():
                _take_all(browser, address, suffix, device)
            browser.close()


def _evaluate(folder: Path) -> None:
    """Ask the questions that come with the examples, as whoever tries settings would."""
    command = [sys.executable, "-m", "qa", "--index", str(folder), "eval"]
    for options in (["--no-reader"], ["-k", "3"], []):
        questions = [str(ROOT / "examples/questions.jsonl"), *options]
        subprocess.run([*command, *questions], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _take_all(browser: Browser, address: str, suffix: str, device: Mapping[str, Any]) -> None:
    for name, go in VIEWS.items():
        desk = Visit(browser.new_context(locale="de-DE", **device), address, "de")
        go(desk)
        desk.page.wait_for_timeout(400)  # what slides in has come to rest
        _keep(TARGET / f"{name}{suffix}.png", desk.page.screenshot())
        desk.close()


def _start(desk: Visit) -> None:
    desk.open()
    expect(desk.page.locator(".example").first).to_be_visible()


def _answer(desk: Visit) -> None:
    desk.open().ask(ANSWERED)


def _refusal(desk: Visit) -> None:
    desk.open().ask(REFUSED)


def _article(desk: Visit) -> None:
    desk.open().ask(ANSWERED)
    desk.answer.get_by_role("link", name=desk.say("answer.citation", n=1), exact=True).click()
    expect(desk.marks(1)).to_be_visible()


def _articles(desk: Visit) -> None:
    desk.open("?view=articles")
    expect(desk.rows.first).to_be_visible()


def _insight(desk: Visit) -> None:
    desk.open("?view=insight")
    expect(desk.page.locator(".curve").first).to_be_visible()


def _evaluations(desk: Visit) -> None:
    _insight(desk)
    desk.page.get_by_role("heading", name=desk.say("insight.evaluations")).evaluate(
        "one => one.scrollIntoView()"
    )


VIEWS: Mapping[str, Callable[[Visit], None]] = {
    "start": _start,
    "answer": _answer,
    "refusal": _refusal,
    "article": _article,
    "articles": _articles,
    "insight": _insight,
    "evaluations": _evaluations,
}


def _keep(target: Path, screenshot: bytes) -> None:
    with Image.open(io.BytesIO(screenshot)) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(target, optimize=True)
    if (size := target.stat().st_size) > LARGEST:
        sys.exit(f"{target.name} has {size:,} bytes; {LARGEST:,} are the most")


if __name__ == "__main__":
    main()
