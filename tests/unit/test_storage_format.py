"""docs/storage-format.md names what is stored: all of it, and as it is."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import Index, make_article
from index.legs.dense import CODED, codes_arrays, in_blocks
from index.storage import segment
from index.storage.schema import FORMAT, MIGRATIONS, TABLES
from index.storage.store import Store
from tests.fakes import WordEmbedder

DOCUMENT = Path(__file__).parents[2] / "docs/storage-format.md"
FIRST_SCHEMA = "bafab4c394f9973ac99227f605a6a3fc1b56d84f2cff5fb96fc4d20e1aad9d15"
"""Of all that the first migration makes: it may never change."""

LETTERS = {"2": 2, "d": WordEmbedder().dimension}


def section(title: str) -> list[list[str]]:
    """The cells of the rows of the table below a heading."""
    _, _, after = DOCUMENT.read_text("utf-8").partition(f"\n## {title}\n")
    body = after.partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in body.splitlines() if line.startswith("| `")]
    assert rows, title
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("format") / "index"
    with Index.open(made, embedder=WordEmbedder()) as opened:
        opened.add_articles(
            make_article(text, source=text, language=language)
            for text, language in (
                ("Ein Satz. Noch ein anderer.", "de"),
                ("A sentence.", "en"),
                ("Une phrase. Et encore une. Et une autre.", "fr"),
            )
        )
    return made


def arrays_of_large_ones() -> dict[str, NDArray[np.generic]]:
    """What a segment has besides when it is large."""
    vectors = np.eye(CODED, LETTERS["d"], dtype=np.float16)
    parts: dict[str, list[NDArray[np.generic]]] = {}
    for name, part in codes_arrays(lambda: in_blocks(vectors), CODED):
        parts.setdefault(name, []).append(part)
    return {name: np.concatenate(some) for name, some in parts.items()}


def test_every_array_stands_there_as_it_is(folder: Path) -> None:
    with closing(Store(folder / "articles.db", read_only=True)) as store:
        [record] = store.segments.all()
    arrays = {**segment.open_arrays(folder / "segments", record), **arrays_of_large_ones()}
    documented = {row[0].strip("`"): row for row in section("Arrays")}
    missing = arrays.keys() - documented.keys()
    assert not missing, f"add to the table of arrays in docs/storage-format.md: {sorted(missing)}"
    gone = documented.keys() - arrays.keys()
    assert not gone, f"take out of the table of arrays in docs/storage-format.md: {sorted(gone)}"
    sizes: dict[str, int] = dict(LETTERS)
    for name, array in arrays.items():
        _, dtype, shape, *_ = documented[name]
        is_text = array.dtype.kind == "S"
        real = f"S{array.dtype.itemsize}" if is_text else array.dtype.name
        assert dtype == real, f"{name} is {real}; say so in docs/storage-format.md"
        letters = [letter for letter in re.findall(r"\w+", shape) if letter]
        assert len(letters) == array.ndim, f"{name} has the shape {array.shape}, not {shape}"
        for letter, size in zip(letters, array.shape, strict=True):
            assert sizes.setdefault(letter, size) == size, f"{name}: {letter} is not {size}"
        assert not np.array(array).dtype.hasobject
    assert (sizes["n"], sizes["m"], sizes["L"]) == (3, 6, 3)


def test_every_table_and_column_stands_there(folder: Path) -> None:
    documented = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in section("Tables")}
    with closing(Store(folder / "articles.db", read_only=True)) as store:
        names = [
            row[0]
            for row in store.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'sqlite_sequence'"
            )
        ]
        assert sorted(documented) == sorted(names), "the tables in docs/storage-format.md"
        for name in names:
            columns = [
                row[1] for row in store.rows(f"PRAGMA table_xinfo({name})") if row[1] != "check"
            ]
            assert documented[name] == columns, f"{name} in docs/storage-format.md"


def test_every_setting_stands_there(folder: Path) -> None:
    [row] = [row for row in section("Tables") if row[0] == "`settings`"]
    with closing(Store(folder / "articles.db", read_only=True)) as store:
        assert set(store.settings()) <= set(re.findall(r"`(\w+)`", row[2]))


def test_every_row_is_covered_by_its_check(folder: Path) -> None:
    """A column that is added to a table has to be added to what its check is of."""
    with closing(Store(folder / "articles.db", read_only=True)) as store:
        for table, covered in TABLES.items():
            columns = [row[1] for row in store.rows(f"PRAGMA table_xinfo({table})")]
            assert set(columns) == {*covered, "check", *(["text"] if table == "texts" else [])}


def test_every_file_stands_there(folder: Path) -> None:
    text = DOCUMENT.read_text("utf-8")
    for path in folder.iterdir():
        assert f"`{path.name}" in text, path.name
    assert f"Format {FORMAT}," in text


def test_what_the_first_migration_makes_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever tables and columns a later format has: an index of the first is made as before."""
    monkeypatch.setitem(TABLES, "later", ("id",))
    monkeypatch.setitem(TABLES, "texts", (*TABLES["texts"], "later"))
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        MIGRATIONS[0](connection)
        made = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"
        ).fetchall()
        sums = connection.execute("SELECT name FROM checks").fetchall()
    assert hashlib.sha256(json.dumps(made).encode()).hexdigest() == FIRST_SCHEMA
    assert "later" not in {name for (name,) in sums}
