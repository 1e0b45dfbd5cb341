"""docs/page.png, the page with its first answer: python -m tests.picture"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from index import Index
from tests.page_server import ROOT, serving

QUESTION = "Wie hoch wurde Scale AI bewertet?"
TARGET = ROOT / "docs/page.png"


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("chromium is not installed. Debian has it: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        with Index.open(Path(folder) / "index") as index:
            index.add([ROOT / "examples/articles"])
        with serving(Path(folder) / "index") as address, sync_playwright() as running:
            browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            size = {"width": 1000, "height": 1150}
            page = browser.new_page(viewport=size, locale="de-DE")  # type: ignore[arg-type]
            page.goto(address)
            page.get_by_label("Frage").fill(QUESTION)
            page.keyboard.press("Enter")
            page.locator(".ansichten").wait_for(timeout=120_000)
            page.wait_for_timeout(500)
            page.screenshot(path=TARGET)
            browser.close()


if __name__ == "__main__":
    main()
