"""What the system does not let a process do ends in an error that says so, and stores nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index import Index, make_article
from tests.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]

ADD = """
import os, resource, sys
from index import FundstelleError, Index, make_article
from index.text.analysis import terms
from tests.fakes import WordEmbedder
terms("Das Meer ist tief", "de")  # other people's modules are there before the limit is
folder, kind, value = sys.argv[1], sys.argv[2], int(sys.argv[3])
if kind == "user":
    os.setgid(value)
    os.setuid(value)
else:
    limit = getattr(resource, kind)
    resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))
text = " ".join(f"Das Meer ist {n} Meter tief." for n in range(2000))
try:
    with Index.open(folder, embedder=WordEmbedder()) as index:
        print(index.add_articles([make_article(text, source="mem:new", language="de")]).added)
        index.search("Meer")
except FundstelleError as error:
    print("refused:", error)
"""


def add(folder: Path, kind: str, value: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", ADD, str(folder), kind, str(value)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        index.add_articles([make_article("Das Meer ist tief.", source="mem:sea", language="de")])
    return tmp_path / "index"


@pytest.mark.parametrize("size", [0, 1_000, 40_000, 120_000])
def test_files_must_not_grow_as_large(folder: Path, size: int) -> None:
    told = add(folder, "RLIMIT_FSIZE", size)
    assert told.startswith("refused:")
    assert str(folder) in told
    assert "untouched" in told or "may be written" in told
    with Index.open(folder, embedder=WordEmbedder()) as index:
        assert [summary.source for summary in index.articles()] == ["mem:sea"]
        assert not index.verify().damage
        index.add_articles([make_article("Die Alpen.", source="mem:alps", language="de")])


@pytest.mark.parametrize("files", [8, 12, 20])
def test_too_many_files_are_open(folder: Path, files: int) -> None:
    told = add(folder, "RLIMIT_NOFILE", files)
    assert "refused:" in told or "mem" not in told
    assert "qa repair" not in told
    with Index.open(folder, embedder=WordEmbedder()) as index:
        assert not index.verify().damage


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be another user")
def test_a_folder_that_may_not_be_written() -> None:
    """Of root nothing is refused, so another user tries."""
    folder = Path("/tmp") / f"fundstelle-test-{os.getpid()}"
    try:
        with Index.open(folder, embedder=WordEmbedder()) as index:
            index.add_articles([make_article("Das Meer.", source="mem:sea", language="de")])
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        told = add(folder, "user", 65534)
        assert told.startswith("refused:")
        assert "may" in told
    finally:
        shutil.rmtree(folder)
