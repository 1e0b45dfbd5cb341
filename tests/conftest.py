"""What many tests share: the model, indexes of the example articles, the development data."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from corpora.folder import DATA
from index import Index
from index.encoder.embedder import Embedder, open_embedder
from index.translation import speaking

ROOT = Path(__file__).parents[1]
ARTICLES = ROOT / "examples/articles"
# The same examples in every run of one version: a search for new ones is asked for, and must not
# make a change fail that has nothing to do with it.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("search", max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

SAMPLE = ("scale-ai-*", "windpark-*", "insulin.md", "kurz-gemeldet.jsonl", "aral-sea.html")


def pytest_configure() -> None:
    """Let Ctrl-C reach the commands that tests start.

    A shell starts what it runs in the background with the interrupt ignored, and children inherit
    that: a test that interrupts one would wait for nothing.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of a few example articles; to be read only."""
    folder = tmp_path_factory.mktemp("sample") / "index"
    with Index.open(folder) as index:
        report = index.add([path for name in SAMPLE for path in sorted(ARTICLES.glob(name))])
    assert not report.failed
    return folder


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The default model, loaded once."""
    return open_embedder()


@pytest.fixture(scope="session")
def sample_index(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index of all example articles; to be read only."""
    folder = tmp_path_factory.mktemp("examples") / "index"
    with Index.open(folder, embedder=embedder) as index:
        assert not index.add([ARTICLES]).failed
        yield index


@pytest.fixture(scope="session")
def data() -> Path:
    """The development data, which lies beside the project and does not come with it."""
    if not DATA.is_dir():
        pytest.skip(f"no development data in {DATA}; FUNDSTELLE_DATA names another folder")
    return DATA


@pytest.fixture
def german() -> Iterator[None]:
    """What people read comes in German."""
    with speaking("de"):
        yield


@pytest.fixture(autouse=True, scope="session")
def english() -> None:
    """Commands that tests start speak English, whatever the machine does."""
    for name in ("QA_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        os.environ.pop(name, None)
    os.environ["LC_CTYPE"] = "C.UTF-8"
