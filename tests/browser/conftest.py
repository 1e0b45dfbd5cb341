"""Chromium, two servers, and people who visit them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from index import Index, beside
from tests.browser.articles import chronicle, made_up, untitled
from tests.page_server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.visit import Visit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
MADE_UP = 230
WIDE = {"width": 1280, "height": 900}

pytest.register_assert_rewrite("tests.browser.visit")
if find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py"]


@dataclass(frozen=True, slots=True)
class Site:
    """A page and the folder of its index."""

    address: str
    folder: Path


class Visiting(Protocol):
    """Makes visits; what the browser is like may be said as Playwright's contexts want it."""

    def __call__(
        self, site: Site | None = None, *, language: str = "de", **options: Any
    ) -> Visit: ...


@pytest.fixture(scope="session")
def chromium() -> str:
    """The program; without it nothing here is set up."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Of a module and not of the session: Playwright keeps a loop running in this thread until it
    is ended, beside which no other test can run one."""
    from playwright.sync_api import expect, sync_playwright

    from tests.browser.visit import PATIENCE

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as running:
        started = running.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="session")
def reading(
    chromium: str, sample_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A page whose articles stay as they are: the examples, a long one, one without a title."""
    folder = shutil.copytree(sample_folder, tmp_path_factory.mktemp("reading") / "index")
    with Index.open(folder) as index:
        assert not index.add_articles([chronicle(), untitled()]).failed
    for day, share in enumerate((0.82, 0.86, 0.91), start=1):
        row = {
            "name": "fragen.jsonl",
            "when": datetime(2025, 5, day, 12, tzinfo=UTC).isoformat(),
            "questions": {"asked": 75, "answerable": 60, "unanswerable": 15},
            "figures": {"R@1": share, "MRR": share + 0.05},
        }
        beside.put(folder / beside.EVALUATIONS, row)
    with serving(folder) as address:
        yield Site(address, folder)


@pytest.fixture(scope="session")
def archive(
    chromium: str, sample_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A page whose articles are added, edited and removed: the examples and hundreds more."""
    folder = shutil.copytree(sample_folder, tmp_path_factory.mktemp("archive") / "index")
    with Index.open(folder) as index:
        assert not index.add_articles(made_up(MADE_UP)).failed
    with serving(folder) as address:
        yield Site(address, folder)


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visiting]:
    """Makes visits; without a site, to the page whose articles stay as they are."""
    from tests.browser.visit import Visit

    with ExitStack() as ends:

        def begin(site: Site | None = None, *, language: str = "de", **options: Any) -> Visit:
            site = site or request.getfixturevalue("reading")
            chosen = {"viewport": WIDE, "locale": language, "color_scheme": "light", **options}
            begun = Visit(browser.new_context(**chosen), site.address, language)
            ends.callback(begun.close)
            return begun

        yield begin
