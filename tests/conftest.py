"""An index of a few example articles, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from index import Index

ARTICLES = Path(__file__).parents[1] / "examples/articles"
SAMPLE = ("scale-ai-*", "windpark-*", "insulin.md", "kurz-gemeldet.jsonl", "aral-sea.html")


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the index; to be read only."""
    folder = tmp_path_factory.mktemp("sample") / "index"
    with Index.open(folder) as index:
        report = index.add([path for name in SAMPLE for path in sorted(ARTICLES.glob(name))])
    assert not report.failed
    return folder
