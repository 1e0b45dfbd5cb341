"""One schema: what every command prints with ``--json`` is described in docs/schema."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index import AddReport, Article, Failure, Hit, Passage, make_article, to_json
from index.json_form import DIGITS
from qa.cli.main import main
from qa.records import Normalized
from tests import schema_files

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

Printed = Callable[..., Any]


@pytest.fixture
def printed(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Printed:
    """What a command prints with ``--json`` on an index of its own, held to the schema ``name``."""

    def run(name: str, *arguments: object) -> Any:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Ein Satz aus dem Rohr.")))
        capsys.readouterr()
        assert main([*map(str, arguments), "--index", str(copied), "--json"]) in (0, 1, 3)
        value = json.loads(capsys.readouterr().out)
        valid(name, value)
        return value

    return run


def valid(name: str, value: object) -> None:
    schema = json.loads(schema_files.path_of(name).read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    validator.check_schema(schema)
    validator.validate(value)


class TestFiles:
    def test_are_what_the_records_are(self) -> None:
        assert not schema_files.differing(), "python -m tests.schema_files --write"

    def test_a_file_that_differs_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(schema_files, "FOLDER", tmp_path)
        (tmp_path / "old.schema.json").write_text("{}")
        (tmp_path / "add.schema.json").write_text("{}")
        names = {path.name for path in schema_files.differing()}
        assert {"old.schema.json", "add.schema.json", "answer.schema.json"} <= names

    @pytest.mark.parametrize("name", sorted(schema_files.RECORDS))
    def test_refuse_another_object(self, name: str) -> None:
        with pytest.raises(jsonschema.ValidationError):
            valid(name, {"id": "x"})


class TestCommands:
    def test_answers(self, printed: Printed) -> None:
        found = printed("answer", "query", "Wie hoch wurde Scale AI bewertet?")
        assert found["views"]
        assert not printed("answer", "query", "Wie heißt die Hauptstadt von Australien?")["found"]
        limited = printed("answer", "query", "Was wurde seit 2023 über Scale AI berichtet?")
        assert limited["time_limit"]

    def test_articles(self, printed: Printed) -> None:
        first = printed("list", "list")["articles"][0]
        shown = printed("article", "show", first["article_id"])
        assert shown["marked"] is None
        assert {name: shown[name] for name in ("article_id", "title", "published")} == {
            name: first[name] for name in ("article_id", "title", "published")
        }
        marked = printed("article", "show", first["article_id"], "--start", 2, "--end", 9)["marked"]
        assert marked == {"start": 2, "end": 9, "quote": shown["text"][2:9]}
        assert printed("remove", "remove", first["article_id"])["removed"] == [first["article_id"]]

    def test_keeping_an_index(self, printed: Printed, tmp_path: Path, copied: Path) -> None:
        folder = tmp_path / "artikel"
        folder.mkdir()
        (folder / "mühle.txt").write_text("Die Mühle hat drei Räder.", "utf-8")
        (folder / "leer.txt").write_text("", "utf-8")
        assert printed("add", "add", "-", tmp_path / "fehlt.txt")["failed"][0]["reason"]
        assert printed("sync", "sync", folder, "--dry-run")["dry_run"]
        assert printed("sync", "sync", folder)["added"]
        assert printed("status", "status")["failures"]
        assert printed("forget", "forget", "--all")["forgotten"]
        assert printed("verify", "verify")["sound"]
        packed = tmp_path / "packed"
        assert printed("backup", "backup", packed)["articles"]
        segment = next(path for path in (copied / "segments").rglob("*.npy"))
        segment.write_bytes(segment.read_bytes()[:-1])
        broken = printed("verify", "verify")
        assert broken["damage"]
        assert not broken["sound"]
        assert printed("repair", "repair")["damage"]

    def test_restoring(
        self, printed: Printed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        packed = tmp_path / "packed"
        printed("backup", "backup", packed)
        assert main(["restore", str(packed), "--index", str(tmp_path / "new"), "--json"]) == 0
        valid("backup", json.loads(capsys.readouterr().out))

    def test_evaluating(self, printed: Printed, tmp_path: Path) -> None:
        questions = tmp_path / "questions.jsonl"
        asked = {"question": "Wie hoch wurde Scale AI bewertet?", "answers": ["29 Milliarden"]}
        questions.write_text(json.dumps(asked) + "\n{", "utf-8")
        told = printed("evaluation", "eval", questions)
        assert told["results"][0]["rank"] >= 1
        assert told["failed"][0]["source"] == f"{questions}:2"


class TestRecords:
    ARTICLE = make_article("Ein Satz.", source="s", language="de", published=date(2025, 6, 14))

    def test_an_article_is_named_by_article_id_everywhere(self) -> None:
        hit = Hit(1, 1 / 3, Passage(7, self.ARTICLE, 0, 9, ()), also_in=(self.ARTICLE,))
        told = to_json(hit)
        assert told["article_id"] == told["also_in"][0]["article_id"] == self.ARTICLE.id
        assert told["also_in"][0]["published"] == "2025-06-14"
        assert told["score"] == round(1 / 3, DIGITS)
        assert told["text"] == "Ein Satz."

    def test_tuples_and_records_inside(self) -> None:
        told = to_json(AddReport(added=("a",), failed=(Failure("x", "leer"),)))
        assert told["added"] == ["a"]
        assert told["failed"] == [{"source": "x", "reason": "leer"}]

    @pytest.mark.parametrize(
        ("amount", "told"), [(14e9, "14000000000"), (1.5, "1.5"), (1e-9, "1e-09")]
    )
    def test_whole_numbers_have_no_point(self, amount: float, told: str) -> None:
        assert json.dumps(to_json(Normalized(amount, None))["amount"]) == told

    @pytest.mark.parametrize("value", [None, 3, "x", Article])
    def test_what_is_no_record_is_refused(self, value: object) -> None:
        with pytest.raises(TypeError):
            to_json(value)


def test_the_script_says_whether_the_files_are_right() -> None:
    command = [sys.executable, "-m", "tests.schema_files"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
