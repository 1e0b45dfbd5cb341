"""The command as a user runs it: on a real index, with real files, pipes and signals."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index import Index
from qa.cli.main import main
from qa.cli.options import parse_day

ROOT = Path(__file__).parents[2]
COMMANDS = (
    *("add", "sync", "query", "show", "list", "remove", "status", "eval", "serve"),
    *("verify", "repair", "backup", "restore"),
)
HEAVY = (
    *("torch", "faiss", "gradio", "sentence_transformers", "transformers", "tokenizers"),
    *("langchain_text_splitters", "trafilatura", "dateparser", "fastapi", "scipy"),
)
QUESTION = "Wie hoch wurde Scale AI bewertet?"


def _json(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main([str(argument) for argument in arguments]) in (0, 1, 3)
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def _run(*arguments: object, env: dict[str, str]) -> str:
    """What the command prints, run as a process of its own."""
    command = [sys.executable, "-m", "qa", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, timeout=60
    ).stdout


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_help_and_is_in_the_usage_page(
        self, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([command, "--help"]) == 0
        assert f"Usage: qa {command}" in capsys.readouterr().out
        assert f"\n## qa {command}\n" in (ROOT / "docs/usage.md").read_text("utf-8")

    @pytest.mark.parametrize("arguments", [["--help"], ["list"], ["status"], ["show", "none"]])
    def test_light_commands_import_nothing_heavy(
        self, arguments: list[str], sample_folder: Path
    ) -> None:
        code = (
            f"import sys; from qa.cli.main import main; main({['--index', str(sample_folder), *arguments]});"
            f"print('HEAVY', [name for name in {HEAVY} if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert done.stdout.splitlines()[-1] == "HEAVY []", done.stderr

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--version"]) == 0
        assert capsys.readouterr().out.startswith("qa (fundstelle)")


class TestQuery:
    def test_answer_with_citations(
        self, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["query", QUESTION, "--index", str(sample_folder)]) == 0
        out = capsys.readouterr().out
        assert "29 Milliarden" in out
        assert "\nQuellen\n[1] " in out
        assert "\x1b" not in out

    def test_json_is_the_answer_object_and_its_quotes_are_in_the_articles(
        self, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer = _json(capsys, "--index", sample_folder, "query", QUESTION, "--json", "-k", 3)
        assert answer["found"] is True
        assert len(answer["passages"]) == 3
        assert answer["citations"]
        for citation in answer["citations"]:
            span = ("--start", citation["start"], "--end", citation["end"])
            place = ("show", citation["article_id"], *span)
            shown = _json(capsys, "--index", sample_folder, *place, "--json")
            assert shown["marked"]["quote"] == citation["quote"]

    def test_nothing_found_is_exit_code_1(
        self, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        question = "Wie heißt die Hauptstadt von Australien?"
        assert main(["--index", str(sample_folder), "query", question]) == 1
        out = capsys.readouterr().out
        assert out.startswith("Die Artikel beantworten das nicht.\n")
        assert "Am nächsten kommen:" in out

    def test_explain_shows_both_legs(
        self, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main(["--index", str(sample_folder), "query", QUESTION, "--explain"])
        out = capsys.readouterr().out
        assert "dense #1 " in out
        assert "lexical #1 " in out

    def test_filters(self, sample_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        index = ("--index", sample_folder, "--json")
        every = _json(capsys, "list", *index)["articles"]
        late = _json(capsys, "list", *index, "--since", "Juni 2025")["articles"]
        early = _json(capsys, "list", *index, "--until", "31.5.2025")["articles"]
        german = _json(capsys, "list", *index, "--language", "DE")["articles"]
        dated = [item for item in every if item["published"]]
        assert len(late) + len(early) == len(dated)
        assert all(item["published"] >= "2025-06-01" for item in late)
        assert {item["language"] for item in german} == {"de"}
        answer = _json(capsys, "query", QUESTION, *index, "--until", "2024")
        titles = {item["title"] for item in answer["passages"]}
        assert titles.isdisjoint(item["title"] for item in late)


class TestAdd:
    def test_what_fails_is_named_and_the_rest_is_added(
        self, copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        good, empty = tmp_path / "gut.txt", tmp_path / "leer.txt"
        good.write_text("Der Turm von Hohenfels\n\nDer Turm ist 77 Meter hoch.", "utf-8")
        empty.write_text(" \n", "utf-8")
        arguments = ["add", str(good), str(empty), str(tmp_path / "fehlt.txt")]
        assert main([*arguments, "--index", str(copied)]) == 3
        captured = capsys.readouterr()
        assert captured.out.startswith("1 added; 1 new passage")
        assert "leer.txt: empty" in captured.err
        assert "fehlt.txt: not found" in captured.err
        assert "qa: 2 sources could not be read" in captured.err
        report = _json(capsys, *arguments, "--index", copied, "--json")
        assert len(report["unchanged"]) == 1
        assert len(report["failed"]) == 2
        assert main(["status", "--index", str(copied)]) == 0
        assert "Could not be read: 2" in capsys.readouterr().out

    def test_standard_input_with_named_columns(
        self, copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        row = {"wortlaut": "Die Grundmühle brannte 1911 ab.", "kopf": "Feuer", "wo": "x:1"}
        data = io.BytesIO((json.dumps(row) + "\n").encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
        columns = ["--text-column", "wortlaut", "--title-column", "kopf", "--source-column", "wo"]
        arguments = ["add", "-", "--format", "jsonl", *columns, "--language", "de"]
        assert main([*arguments, "--index", str(copied)]) == 0
        capsys.readouterr()
        [item] = _json(capsys, "list", "--index", copied, "--source", "x:1", "--json")["articles"]
        assert (item["title"], item["source"], item["language"]) == ("Feuer", "x:1", "de")

    @pytest.mark.parametrize(
        "option", [["--format", "pdf"], ["--encoding", "klingon"], ["--language", "deutsch"]]
    )
    def test_options_that_cannot_be_are_wrong_usage(
        self, option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["add", str(tmp_path), *option, "--index", str(tmp_path / "i")]) == 2
        assert option[1] in capsys.readouterr().err
        assert not (tmp_path / "i").exists()

    @pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
    def test_an_interruption_is_told_without_a_traceback(self, copied: Path) -> None:
        (copied / "writer.lock").unlink(missing_ok=True)
        command = [sys.executable, "-m", "qa", "add", "-", "--index", str(copied)]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe
        ) as process:
            # The writer's lock stands once the command waits for its input.
            _wait_until(lambda: (copied / "writer.lock").exists(), process)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert err.startswith("qa: interrupted; no article is half stored")
        assert len(err.splitlines()) == 1


class TestArticles:
    def test_show_marks_the_place(
        self, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        article = _first(sample_folder, capsys)
        place = ["--start", "5", "--end", "25"]
        assert main(["show", article, *place, "--index", str(sample_folder)]) == 0
        out = capsys.readouterr().out
        marked = out.split(">>>")[1].split("<<<")[0]
        text = _json(capsys, "show", article, "--json", "--index", sample_folder)["text"]
        assert marked == text[5:25].replace("\r\n", "\n")

    def test_a_place_outside_the_article_is_wrong_usage(
        self, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        article = _first(sample_folder, capsys)
        for place in (["--end", "9999999"], ["--start", "9", "--end", "3"]):
            assert main(["show", article, *place, "--index", str(sample_folder)]) == 2
            assert "cannot be marked" in capsys.readouterr().err

    def test_remove(self, copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
        article = _first(copied, capsys)
        assert main(["remove", article[:8], "--index", str(copied)]) == 0
        assert capsys.readouterr().out == "1 article removed\n"
        assert main(["show", article, "--index", str(copied)]) == 1
        assert main(["remove", article, "--index", str(copied)]) == 1

    def test_list_is_tabs_when_piped_and_the_index_may_be_named_anywhere(
        self,
        sample_folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert main(["list", "--index", str(sample_folder)]) == 0
        after = capsys.readouterr().out
        assert main(["--index", str(sample_folder), "list"]) == 0
        assert capsys.readouterr().out == after
        monkeypatch.setenv("QA_INDEX", str(sample_folder))
        assert main(["list"]) == 0
        assert capsys.readouterr().out == after
        assert {line.count("\t") for line in after.splitlines()} == {5}
        monkeypatch.setenv("QA_INDEX", "/nowhere")
        assert main(["list", "--index", str(sample_folder)]) == 0, "the option comes first"

    def test_hostile_text_reaches_the_terminal_escaped(
        self, copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "hostile.txt"
        text = "Rot \x1b[31m und \x9b2J\n\nDer Quappenteich ist \u202e12 Meter tief, \x07 sagt man."
        file.write_text(text, "utf-8")
        assert main(["add", str(file), "--index", str(copied)]) == 0
        capsys.readouterr()
        article = _json(capsys, "list", "--json", "--index", copied)["articles"][-1]["article_id"]
        main(["show", article, "--index", str(copied)])
        main(["query", "Wie tief ist der Quappenteich?", "--index", str(copied)])
        main(["query", "Wie tief ist der Quappenteich?", "--index", str(copied), "--json"])
        main(["list", "--index", str(copied)])
        out = capsys.readouterr().out
        assert r"\u202e12 Meter tief" in out
        assert not set(out) & set("\x1b\x9b\x07\u202e")


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["query", "Was?", "--since", "vorgestern"], 2),
            (["query", "Was?", "--until", "2024-02-31"], 2),
            (["query", "Was?", "-k", "0"], 2),
            (["query", " "], 2),
            (["query", "a" * 2001], 2),
            (["frage"], 2),
            (["show", "zzzz"], 1),
        ],
    )
    def test_exit_codes(
        self,
        arguments: list[str],
        code: int,
        sample_folder: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert main(["--index", str(sample_folder), *arguments]) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err

    def test_a_missing_index_is_one_line_that_names_the_remedy(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["query", "Was?", "--index", str(tmp_path / "none")]) == 3
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("qa: There is no index in")
        assert "add PATH" in line
        assert not (tmp_path / "none").exists()

    def test_a_damaged_index_is_one_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "articles.db").write_bytes(b"this is no database" * 100)
        assert main(["status", "--index", str(tmp_path)]) == 3
        assert len(capsys.readouterr().err.splitlines()) == 1

    def test_a_reader_that_goes_away_is_no_error(self, sample_folder: Path) -> None:
        read, write = os.pipe()
        os.close(read)
        command = [sys.executable, "-m", "qa", "--index", str(sample_folder), "list"]
        with os.fdopen(write, "wb") as closed:
            done = subprocess.run(
                command, cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, text=True, timeout=60
            )
        assert done.stderr == ""

    def test_dates_that_no_article_can_have_are_wrong_usage(
        self, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for command in (["query", "Was?"], ["list"]):
            dates = ["--since", "2025-03-01", "--until", "März 2024"]
            assert main([*command, *dates, "--index", str(sample_folder)]) == 2
            assert "--since 2025-03-01 is after --until 2024-03-31" in capsys.readouterr().err


class TestForget:
    def test_a_mistyped_source_is_forgotten_by_its_name_or_its_path(
        self, copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        missing = [tmp_path / name for name in ("fehlt ü.txt", "auch.txt", "drittens.txt")]
        assert main(["add", *map(str, missing), "--index", str(copied)]) == 3
        assert main(["status", "--index", str(copied)]) == 0
        assert "qa forget SOURCE" in capsys.readouterr().out
        named = [str(missing[0]), missing[1].as_uri()]
        assert main(["forget", *named, "--index", str(copied)]) == 0
        with Index.open(copied, read_only=True) as index:
            assert [f.source for f in index.status().failures] == [missing[2].as_uri()]
        assert main(["forget", "--all", "--index", str(copied)]) == 0
        assert "1 source forgotten" in capsys.readouterr().out
        with Index.open(copied, read_only=True) as index:
            assert not index.status().failures

    def test_what_was_not_refused_cannot_be_forgotten(
        self, copied: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["forget", "nirgends.txt", "--index", str(copied)]) == 1
        assert "qa status lists them" in capsys.readouterr().err
        assert main(["forget", "--index", str(copied)]) == 2
        assert main(["forget", "x", "--all", "--index", str(copied)]) == 2


class TestColour:
    def test_a_terminal_gets_colour_and_no_color_is_respected(self, sample_folder: Path) -> None:
        arguments = ("--index", sample_folder, "status")
        environment = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
        assert "\x1b[" in _run(*arguments, env=environment)
        assert "\x1b[3" not in _run(*arguments, env=environment | {"NO_COLOR": "1"})


class TestParseDay:
    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("2025-06-14", date(2025, 6, 14), date(2025, 6, 14)),
            (" 14.6.2025 ", date(2025, 6, 14), date(2025, 6, 14)),
            ("14. März 2024", date(2024, 3, 14), date(2024, 3, 14)),
            ("March 14, 2024", date(2024, 3, 14), date(2024, 3, 14)),
            ("Februar 2024", date(2024, 2, 1), date(2024, 2, 29)),
            ("May 2024", date(2024, 5, 1), date(2024, 5, 31)),
            ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ],
    )
    def test_iso_german_and_english(self, text: str, first: date, last: date) -> None:
        assert parse_day(text, last=False) == first
        assert parse_day(text, last=True) == last

    @pytest.mark.parametrize("text", ["", "gestern", "vor 3 Tagen", "2024-02-31", "99.99.2024"])
    def test_what_is_no_date_is_none(self, text: str) -> None:
        assert parse_day(text, last=False) is None


def _first(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    articles = _json(capsys, "list", "--json", "--index", folder)["articles"]
    return str(articles[0]["article_id"])


def _wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
