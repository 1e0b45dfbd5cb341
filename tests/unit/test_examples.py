"""The example articles and questions are complete and agree with each other.

Reads the files with the standard library alone, so that a fault of the project's own readers
cannot hide a fault of the examples.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from corpora.examples import example_questions, judging_questions

EXAMPLES = Path(__file__).parents[2] / "examples"
ARTICLES = EXAMPLES / "articles"
ROW_COLUMNS = ["id", "title", "text", "source", "publisher", "published", "language"]
FRONT_MATTER = {"title", "authors", "publisher", "published", "source", "language"}
# Plain text carries no metadata; these few are the English ones.
ENGLISH_TXT = {"beethoven-ninth.txt", "voyager-1.txt"}
KINDS = {
    "amount", "number", "percent", "date", "year", "person", "organisation", "place", "name",
    "duration", "reason", "definition",
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """One article as a reader would see it: ``text`` has its white space collapsed."""

    text: str
    language: str
    publisher: str | None = None


class _Page(HTMLParser):
    """The text inside ``<article>``, the page's language and its og:site_name."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.names: set[str] = set()
        self.language = ""
        self.publisher: str | None = None
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.language = values.get("lang") or ""
        elif tag == "meta":
            self.names.add(values.get("name") or values.get("property") or "")
            if values.get("property") == "og:site_name":
                self.publisher = values.get("content")
        elif tag == "article":
            self._inside = True
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.parts.append(data)


def _plain(text: str) -> str:
    """``text`` with every run of white space, no-break spaces included, as one space."""
    return " ".join(text.split())


def _front_matter(path: Path) -> tuple[dict[str, str], str]:
    opening, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    assert not opening, f"{path.name} does not begin with front matter"
    return dict(line.split(": ", 1) for line in head.splitlines()), body


def _page(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def _articles() -> dict[str, Example]:
    """Every example article by file name, rows as ``file#id``."""
    found: dict[str, Example] = {}
    for path in sorted(ARTICLES.iterdir()):
        if path.suffix == ".md":
            head, body = _front_matter(path)
            found[path.name] = Example(_plain(body), head["language"], head["publisher"])
        elif path.suffix == ".txt":
            language = "en" if path.name in ENGLISH_TXT else "de"
            found[path.name] = Example(_plain(path.read_text(encoding="utf-8")), language)
        elif path.suffix == ".html":
            page = _page(path)
            text = _plain(" ".join(page.parts))
            found[path.name] = Example(text, page.language, page.publisher)
        else:
            for row in _rows(path):
                name = f"{path.name}#{row['id']}"
                assert name not in found, f"{name} is there twice"
                found[name] = Example(_plain(row["text"]), row["language"], row["publisher"])
    return found


def _questions() -> list[dict[str, Any]]:
    return list(example_questions())


def test_the_two_parts_share_no_article() -> None:
    judging = judging_questions()
    parts: dict[bool, set[str]] = {True: set(), False: set()}
    for entry in _questions():
        parts[entry["question"] in judging].update(entry["articles"])
    assert not parts[True] & parts[False]
    listed = tomllib.loads((EXAMPLES / "parts.toml").read_text("utf-8"))["judging"]
    assert set(listed["articles"]) == parts[True]
    unanswerable = {entry["question"] for entry in _questions() if not entry["articles"]}
    assert set(listed["unanswerable"]) == judging & unanswerable
    assert 0.4 < len(judging) / len(_questions()) < 0.6


def test_there_are_enough_articles_in_both_languages() -> None:
    languages = Counter(article.language for article in _articles().values())
    assert languages["de"] >= 18
    assert languages["en"] >= 6
    assert set(languages) == {"de", "en"}


def test_every_kind_of_file_is_there() -> None:
    kinds = Counter(path.suffix for path in ARTICLES.iterdir())
    assert set(kinds) == {".md", ".txt", ".html", ".jsonl", ".csv"}
    assert kinds[".html"] == 3


@pytest.mark.parametrize("path", sorted(ARTICLES.glob("*.md")), ids=lambda path: path.name)
def test_markdown_has_its_front_matter(path: Path) -> None:
    head, body = _front_matter(path)
    assert set(head) == FRONT_MATTER
    assert f"# {head['title']}\n" in body


@pytest.mark.parametrize("path", sorted(ARTICLES.glob("*.txt")), ids=lambda path: path.name)
def test_plain_text_begins_with_its_title(path: Path) -> None:
    title, blank, first, *_ = path.read_text(encoding="utf-8").split("\n")
    assert title.strip()
    assert blank == ""
    assert first.strip()


@pytest.mark.parametrize("path", sorted(ARTICLES.glob("*.html")), ids=lambda path: path.name)
def test_pages_have_metadata_and_noise(path: Path) -> None:
    assert {"author", "date", "og:site_name", "title", "nav", "footer"} <= _page(path).names


@pytest.mark.parametrize("name", ["kurz-gemeldet.jsonl", "archiv.csv"])
def test_rows_have_their_columns(name: str) -> None:
    for row in _rows(ARTICLES / name):
        assert set(ROW_COLUMNS) <= set(row)
        assert all(row[column] for column in ROW_COLUMNS)


@pytest.mark.parametrize("name", sorted(_articles()))
def test_articles_are_short(name: str) -> None:
    assert 120 <= len(_articles()[name].text.split()) <= 350


def test_one_agency_text_stands_in_exactly_two_papers() -> None:
    copies: dict[str, set[str | None]] = {}
    for article in _articles().values():
        copies.setdefault(article.text, set()).add(article.publisher)
    assert sorted(map(len, copies.values()))[-2:] == [1, 2]
    assert len(copies) == len(_articles()) - 1


def test_there_are_60_answerable_and_15_unanswerable_questions() -> None:
    answerable = sum(bool(question["answers"]) for question in _questions())
    assert (answerable, len(_questions()) - answerable) == (60, 15)


def test_no_two_questions_are_equal() -> None:
    counts = Counter(_plain(question["question"]).casefold() for question in _questions())
    assert [text for text, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("question", _questions(), ids=lambda question: question["question"])
def test_answers_stand_in_the_named_articles(question: dict[str, Any]) -> None:
    assert set(question) == {"question", "answers", "articles", "kind", "language"}
    assert question["kind"] in KINDS
    assert question["language"] in {"de", "en"}
    assert bool(question["answers"]) == bool(question["articles"])
    texts = {name: _articles()[name].text for name in question["articles"]}
    answers = [_plain(answer) for answer in question["answers"]]
    for answer in answers:
        assert any(answer in text for text in texts.values()), f"{answer!r} is in none of them"
    for name, text in texts.items():
        assert any(answer in text for answer in answers), f"{name} holds none of the answers"


def test_no_question_is_copied_from_an_article() -> None:
    for question in _questions():
        wording = _plain(question["question"]).rstrip("?")
        assert not any(wording in article.text for article in _articles().values())
