"""Every message is in every language, and nothing is translated that nobody says."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import typer.core
import typer.rich_utils

from index import translation
from index.translation import plural, speaking, text
from tests import catalogues

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def unchosen() -> Iterator[None]:
    yield
    translation.choose(None)


@pytest.mark.parametrize("language", [code for code in translation.languages() if code != "en"])
def test_a_catalogue_is_that_of_the_code(language: str) -> None:
    assert list(catalogues.problems(language)) == []


def test_the_check_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = catalogues.catalogue("de")
    gone = "The articles do not answer this."
    del catalog[gone]
    catalog.add("Nobody says this.", "Das sagt niemand.")
    entry = catalog["No article was added."]
    assert entry is not None
    entry.string = ""
    entry = catalog["lost: {name}"]
    assert entry is not None
    entry.string = "verloren: {wer}"
    monkeypatch.setattr(catalogues, "catalogue", lambda language: catalog)
    found = "\n".join(catalogues.problems("de"))
    assert f"not in the catalogue: {gone!r}" in found
    assert "not in the code: 'Nobody says this.'" in found
    assert "not translated: 'No article was added.'" in found
    assert "other places than in 'lost: {name}'" in found
    assert "is not made of" in found


def test_the_messages_of_typer_are_still_typer_s() -> None:
    source = inspect.getsource(typer.rich_utils) + inspect.getsource(typer.core)
    assert [message for message in catalogues.FOREIGN if f'_("{message}")' not in source] == []


def test_speaking() -> None:
    assert text("Overview") == "Overview"
    with speaking("de"):
        assert text("Overview") == "Überblick"
        assert plural("{number} passage", "{number} passages", 1) == "1 Passage"
        assert plural("{number} passage", "{number} passages", 12_000) == "12.000 Passagen"
        assert translation.day(date(2025, 6, 14)) == "14.06.2025"
        assert translation.decimal(1234.56) == "1.234,6"
        with speaking("fr"):
            assert text("Overview") == "Overview"
    assert plural("{number} passage", "{number} passages", 12_000) == "12,000 passages"
    translation.choose("de")
    assert text("Overview") == "Überblick"


def test_a_value_is_never_read_as_a_message() -> None:
    assert text("lost: {name}", name="{0} {name!r}") == "lost: {0} {name!r}"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"LANG": "C"}, None),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANGUAGE": "fr:de", "LANG": "en_US.UTF-8"}, "de"),
        ({"QA_LANG": "en", "LANG": "de_AT"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, None),
    ],
)
def test_the_language_of_an_environment(environment: dict[str, str], expected: str | None) -> None:
    assert translation.of_environment(environment) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR, en;q=0.5, de;q=0.7", "de"),
        ("en", "en"),
        ("fr", None),
        ("de;q=0, en", "en"),
        ("de;q=quatsch", None),
        ("", None),
        (",;q=1;;" * 5_000, None),
    ],
)
def test_the_language_of_a_browser(header: str, expected: str | None) -> None:
    assert translation.of_header(header) == expected


def run(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "qa", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_command_speaks_the_language_of_the_system_or_the_option() -> None:
    german = "Eine Frage beantworten, mit nummerierten Belegen."
    english = "Answer a question, with numbered citations."
    assert english in run("--help")
    assert german in run("--help", LANG="de_DE.UTF-8")
    assert german in run("--lang", "de", "--help", LANG="en_US.UTF-8")
    assert english in run("--lang=en", "--help", LANG="de_DE.UTF-8")
    assert "There are no messages in 'xx'" in run("--lang", "xx", "status")
