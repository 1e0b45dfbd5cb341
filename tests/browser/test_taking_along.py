"""Taking along: a quote, the answer with footnotes, files in five formats."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visiting
    from tests.browser.visit import Visit

VALUED = "Wie hoch wurde Scale AI bewertet?"
QUOTE = "Das Geschäft bewertet das Unternehmen aus San Francisco mit 29 Milliarden Dollar."
LINK = "https://example.org/bwt/2025/06/meta-scale-ai"
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def test_the_answer_is_copied_with_footnotes(visit: Visiting) -> None:
    desk = visit(permissions=CLIPBOARD).open().ask(VALUED)
    desk.press("keep.copy")
    expect(desk.page.locator(".notices")).to_contain_text(desk.say("keep.copied"))
    copied = _clipboard(desk)
    assert copied.startswith(VALUED)
    for number in (1, 2, 3):
        assert len(re.findall(rf"\[{number}\]", copied)) == 2, "in the text and before the note"
    assert QUOTE in copied
    assert "Blatt für Wirtschaft und Technik, 14.06.2025" in copied
    assert LINK in copied


def test_a_quote_is_copied_with_its_source(visit: Visiting) -> None:
    desk = visit(permissions=CLIPBOARD).open().ask(VALUED)
    desk.answer.locator(".citation").filter(has_text="Das Geschäft bewertet").get_by_role(
        "button"
    ).click()
    expect(desk.page.locator(".notices")).to_contain_text(desk.say("keep.copied"))
    copied = _clipboard(desk)
    assert QUOTE in copied
    assert LINK in copied


def test_it_copies_without_leave_to_use_the_clipboard_too(visit: Visiting) -> None:
    """A page that is not served by https has no clipboard of the newer kind."""
    desk = visit()
    desk.context.add_init_script("delete Navigator.prototype.clipboard")
    desk.open().ask(VALUED)
    desk.press("keep.copy")
    expect(desk.page.locator(".notices")).to_contain_text(desk.say("keep.copied"))
    desk.question.fill("")
    desk.question.press("Control+v")
    expect(desk.question).to_have_value(re.compile(re.escape(VALUED)))


@pytest.mark.parametrize("format", ["markdown", "csv", "json", "bibtex", "csl"])
def test_an_answer_is_saved(visit: Visiting, tmp_path: Path, format: str) -> None:
    desk = visit().open().ask(VALUED)
    desk.answer.get_by_text(desk.say("export.title")).click()
    with desk.page.expect_download() as download:
        desk.press(f"export.{format}")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    ending, parsed = FORMATS[format]
    assert file.suffix == ending
    assert re.fullmatch(r"[\w.-]+", file.name)
    parsed(file.read_bytes().decode("utf-8"))


def _is_markdown(text: str) -> None:
    assert VALUED in text
    assert re.search(r"29\s+Milliarden", text)
    for number in (1, 2, 3):
        assert f"[^{number}]:" in text or f"[{number}]" in text
    assert LINK in text


def _is_csv(text: str) -> None:
    assert text.startswith("\ufeff"), "else spreadsheets misread the umlauts"
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) >= 3
    assert any(QUOTE in " ".join(map(str, row.values())).replace("\u00a0", " ") for row in rows)
    assert any(LINK in row.values() for row in rows)


def _is_json(text: str) -> None:
    answer: dict[str, Any] = json.loads(text)
    assert answer["question"] == VALUED
    assert len(answer["views"]) == 3
    assert {citation["n"] for citation in answer["citations"]} >= {1, 2, 3}


def _is_bibtex(text: str) -> None:
    keys = re.findall(r"^@\w+\{([^,\s]+),$", text, re.MULTILINE)
    assert len(keys) == len(set(keys)) >= 3
    assert text.count("{") == text.count("}")
    assert re.search(r"Blatt f(ü|\{?\\\"\{?u\}?\}?)r Wirtschaft und Technik", text)
    assert LINK in text


def _is_csl(text: str) -> None:
    items: list[dict[str, Any]] = json.loads(text)
    assert len({item["id"] for item in items}) == len(items) >= 3
    (meta,) = (item for item in items if item.get("URL") == LINK)
    assert meta["type"].startswith("article")
    assert meta["issued"]["date-parts"] == [[2025, 6, 14]]
    assert meta["title"] == "Meta steigt bei Scale AI ein und holt den Gründer"


FORMATS: dict[str, tuple[str, Callable[[str], None]]] = {
    "markdown": (".md", _is_markdown),
    "csv": (".csv", _is_csv),
    "json": (".json", _is_json),
    "bibtex": (".bib", _is_bibtex),
    "csl": (".json", _is_csl),
}


def _clipboard(desk: Visit) -> str:
    copied: str = desk.page.evaluate("navigator.clipboard.readText()")
    return copied.replace("\u00a0", " ")
