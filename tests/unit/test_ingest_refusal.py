"""Whatever a reader or a row raises is the refusal of that source, and the rest goes on."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

import index.ingest
from index.ingest import read_sources, table
from index.ingest.refusal import admitted, refusal
from index.records import Article, Failure
from tests.errors import ERRORS

GOOD = '{"text": "Der gute Satz."}'


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_a_reader(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.md", "c.txt"):
        (tmp_path / name).write_text("Ein Titel\n\nEin Text.", "utf-8")

    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setitem(index.ingest._READERS, "markdown", fail)
    first, failed, last = read_sources([tmp_path])
    assert isinstance(first, Article)
    assert isinstance(last, Article)
    assert isinstance(failed, Failure)
    assert failed.source == (tmp_path / "b.md").as_uri()
    assert len(failed.reason) >= 8
    assert len(failed.reason) < 400
    failed.reason.encode()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_error_of_a_row(
    error: Exception, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{kind}"
    lines = ["text", "eins eins", "zwei", "drei"] if kind == "csv" else ["", GOOD, GOOD, GOOD]
    path.write_text("\n".join(lines), "utf-8")
    to_article = table._to_article

    def fail(row: Any, number: int, *rest: Any) -> Article:
        if number == 3:
            raise error
        return to_article(row, number, *rest)

    monkeypatch.setattr(table, "_to_article", fail)
    items = list(read_sources([path]))
    assert [isinstance(item, Article) for item in items] == [True, False, True]
    assert isinstance(items[1], Failure)
    assert items[1].source == f"{path.as_uri()}:3"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_what_is_the_process_s_own_passes(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ein Text.", "utf-8")

    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setitem(index.ingest._READERS, "text", fail)
    with pytest.raises(type(error)):
        list(read_sources([path]))


@pytest.mark.parametrize("field", ["title", "authors", "publisher", "source"])
def test_front_matter_with_half_a_surrogate_pair(field: str, tmp_path: Path) -> None:
    value = '"https://example.org/\\uD800"' if field == "source" else '"a\\uD800"'
    (tmp_path / "a.md").write_text(f"---\n{field}: {value}\n---\nEin Text.", "utf-8")
    (tmp_path / "b.md").write_text('---\ntitle: "a\\0b"\nauthors: ["\\0"]\n---\nEin Text.', "utf-8")
    failed, article = read_sources([tmp_path])
    assert isinstance(failed, Failure)
    assert f"the {field} holds half of a surrogate pair" in failed.reason
    assert isinstance(article, Article)
    assert (article.title, article.authors) == ("ab", ())


def test_words_that_cannot_be_stored_are_escaped() -> None:
    odd = Failure("file:///\udcff", "not\0found \ud800")
    assert admitted(odd) == Failure("file:///\\udcff", "not\\0found \\ud800")


def test_a_long_message_is_cut_and_on_one_line() -> None:
    reason = refusal(ValueError("a\n" * 10_000), "x").reason
    assert len(reason) < 300
    assert "\n" not in reason


class Silent(io.BytesIO):
    """As /proc/kmsg is where it may be read, and has nothing to say."""

    def read(self, size: int | None = -1, /) -> Any:
        return None


def test_a_file_of_the_system_without_anything_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ein Text.", "utf-8")

    def fdopen(descriptor: int, *_: Any) -> Silent:
        monkeypatch.undo()
        monkeypatch.setattr(os, "fstat", lambda _: os.stat(path))
        os.close(descriptor)
        return Silent()

    monkeypatch.setattr(os, "fdopen", fdopen)
    (failed,) = read_sources([path])
    assert isinstance(failed, Failure)
    assert "nothing to read just now" in failed.reason
