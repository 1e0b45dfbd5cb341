"""Checking hand-written reading data: quotes become places, and each kind of fault is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.check_data import DataError, check, convert, main, place

CONTEXT = "Die Brücke kostet zwei Millionen Euro. Die Brücke wird 2031 fertig."


def _write(path: Path, *entries: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(e) + "\n" for e in entries), encoding="utf-8")
    return path


def _entry(questions: list[Any], unanswerable: list[Any], group: str = "bruecke") -> dict[str, Any]:
    return {
        "lang": "de",
        "group": group,
        "title": "Neue Brücke",
        "context": CONTEXT,
        "questions": questions,
        "unanswerable": unanswerable,
    }


def test_a_source_becomes_a_file_with_places(tmp_path: Path) -> None:
    source = _write(
        tmp_path / "source",
        _entry(
            [{"question": "Was wird 2031 fertig?", "answer": "Die Brücke", "occurrence": 1}],
            [{"question": "Wann war Baubeginn?", "tempting": "2031"}],
        ),
    )
    target = tmp_path / "made.jsonl"
    convert(source, target)
    made = json.loads(target.read_text(encoding="utf-8"))
    assert made["questions"] == [{"question": "Was wird 2031 fertig?", "start": 39, "end": 49}]
    assert made["unanswerable"] == [{"question": "Wann war Baubeginn?", "tempting": [55, 59]}]
    figures = check([target])
    assert (figures.paragraphs, figures.answer_words, figures.unanswerable) == (1, (2,), 1)
    assert "50% unanswerable" in str(figures)


@pytest.mark.parametrize(
    ("quote", "occurrence", "message"),
    [
        ("drei Millionen", None, "does not stand"),
        ("", None, "does not stand"),
        ("Die Brücke", None, "stands 2 times"),
        ("Die Brücke", 2, "no occurrence 2"),
        ("Die Brücke", -1, "no occurrence -1"),
    ],
)
def test_a_quote_that_has_no_place(quote: str, occurrence: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        place(CONTEXT, quote, occurrence)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (5, 5, "empty or outside"),
        (60, 200, "empty or outside"),
        (3, 10, "begins or ends with a blank"),
        (5, 10, "begins within a word"),
    ],
)
def test_a_wrong_span_is_named(tmp_path: Path, start: int, end: int, message: str) -> None:
    path = _write(
        tmp_path / "x", _entry([{"question": "Was denn?", "start": start, "end": end}], [])
    )
    with pytest.raises(DataError, match=message):
        check([path])


def test_what_stands_twice_is_named(tmp_path: Path) -> None:
    question = {"question": "Was denn?", "start": 0, "end": 10}
    path = _write(tmp_path / "x", _entry([question, question], []), _entry([], []))
    with pytest.raises(DataError) as caught:
        check([path])
    assert "asked 2 times" in str(caught.value)
    assert "is there already" in str(caught.value)


def test_the_command_says_what_is_wrong_and_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    path.write_text("\n{}\n", encoding="utf-8")
    assert main([str(path)]) == 1
    assert f"{path}:2: without context" in capsys.readouterr().err


def test_the_data_written_for_the_project_are_sound() -> None:
    files = sorted((Path(__file__).parents[2] / "training" / "data").glob("*.jsonl"))
    assert check(files).paragraphs >= len(files)
