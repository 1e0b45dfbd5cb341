"""Errors of sixty kinds in every reader: each is the refusal of its source, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import index.ingest
from index.ingest import ReadOptions, table, worker
from index.ingest.document import Document
from index.ingest.messages import Incoming, decoded
from index.records import Article, Failure
from tests.errors import ERRORS
from tests.hostile.case import Case
from tests.hostile.reading import check, read, some

FILES = {
    "a.txt": "Text eins.",
    "b.md": "# Text\n\nzwei.",
    "c.jsonl": '{"text": "Zeile eins."}\n{"text": "Zeile zwei."}\n{"text": "Zeile drei."}\n',
    "d.csv": "text\nReihe eins.\nReihe zwei.\nReihe drei.\n",
    "e.txt": "Text zum Schluss.",
}


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """One folder with a file of each kind, read again and again with another error in a reader."""
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    for number, error in enumerate(some(ERRORS, quick, every=4)):
        name = f"{number} {type(error).__name__}"
        for kind in ("text", "markdown", "jsonl", "csv"):
            yield Case(f"{name} from {kind}", partial(_in_a_reader, folder, kind, error))
        for line, kind in ((2, "jsonl"), (3, "csv")):
            yield Case(f"{name} in a row of {kind}", partial(_in_a_row, folder, line, kind, error))
        yield Case(f"{name} in the reading process", partial(_in_the_process, error))


def _raising(error: Exception) -> Any:
    def fail(*_: Any) -> Any:
        raise error

    return fail


def _in_a_reader(folder: Path, kind: str, error: Exception) -> None:
    with patch.dict(index.ingest._READERS, {kind: _raising(error)}):
        articles, failures = read(folder)
    endings = {"text": (".txt",), "markdown": (".md",)}.get(kind, (f".{kind}",))
    bad = [name for name in FILES if name.endswith(endings)]
    assert [Path(failure.source).name for failure in failures] == bad
    rows = {name: 3 if name[0] in "cd" else 1 for name in FILES if name not in bad}
    assert len(articles) == sum(rows.values())


def _in_a_row(folder: Path, line: int, kind: str, error: Exception) -> None:
    to_article = table._to_article

    def fail(row: Any, number: int, document: Document, options: ReadOptions) -> Article:
        if number == line and document.uri.endswith(kind):
            raise error
        return to_article(row, number, document, options)

    with patch.object(table, "_to_article", fail):
        articles, failures = read(folder)
    assert len(articles) == 8
    (failure,) = failures
    assert failure.source.endswith(f".{kind}:{line}")


def _in_the_process(error: Exception) -> None:
    with patch.dict(worker._READERS, {"html": _raising(error)}):
        answer = worker._answer("html", Document("file:///a.html", b""), ReadOptions())
    whole = Incoming().add(answer)
    assert whole is not None
    (failure,) = decoded(whole[1])
    assert isinstance(failure, Failure)
    assert failure.source == "file:///a.html"
    check(Failure(failure.source, failure.reason.encode("utf-8", "replace").decode()))
