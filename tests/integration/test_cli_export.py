"""``qa query --export``, and the figures that ``qa eval`` keeps."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from index import beside
from qa.cli.main import main

QUESTION = "Wie hoch wurde Scale AI bewertet?"


def test_a_file_is_printed_as_it_is(
    sample_folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    arguments = ["--index", str(sample_folder), "query", QUESTION]
    assert main([*arguments, "--export", "csv"]) == 0
    printed = capsysbinary.readouterr().out
    assert printed.count(b"\r\n") == len(printed.split(b"\n")) - 1
    head, *rows = csv.reader(io.StringIO(printed.decode("utf-8"), ""))
    assert rows
    assert {len(row) for row in rows} == {len(head)}
    assert main([*arguments, "--export", "markdown"]) == 0
    content = capsysbinary.readouterr().out.decode("utf-8")
    assert content.startswith(f"# {QUESTION}\n"), "nothing else is printed"
    assert "## Belege" in content, "in the language of the question"
    assert str(sample_folder) not in content


def test_a_refusal_is_exported_and_told(
    sample_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = "Wie heißt die Hauptstadt von Australien?"
    assert main(["--index", str(sample_folder), "query", question, "--export", "csl"]) == 1
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--export", "docx"], "'docx' is no format of a file"),
        (["--export", "csv", "--json"], "leave out --json and --explain"),
        (["--export", "csv", "--explain"], "leave out --json and --explain"),
    ],
)
def test_what_cannot_be_exported_is_told_before_the_work(
    options: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--index", str(tmp_path / "none"), "query", QUESTION, *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert reason in captured.err


def test_eval_keeps_its_figures_beside_the_index(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "meine.jsonl"
    file.write_text('{"question": "Wer gründete Scale AI?", "wrong": ["Meta"]}\n', "utf-8")
    arguments = ["eval", str(file), "--index", str(copied)]
    assert main([*arguments, "--no-record"]) == 0
    assert beside.rows(copied / beside.EVALUATIONS) == []
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    [run] = beside.rows(copied / beside.EVALUATIONS)
    assert run["name"] == "meine.jsonl"
    assert run["questions"] == {"asked": 1, "answerable": 0, "unanswerable": 0}
    assert run["figures"] == json.loads(captured.out)["figures"]
    assert run["figures"]["wrong_again"] == 0.0


def test_figures_that_cannot_be_kept_are_shown_all_the_same(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / beside.EVALUATIONS).mkdir()
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "Wer gründete Scale AI?"}\n', "utf-8")
    assert main(["eval", str(file), "--index", str(copied)]) == 0
    captured = capsys.readouterr()
    assert "evaluations.jsonl is no file" in captured.err
    assert "R@1" in captured.out
