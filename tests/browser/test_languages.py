"""German and English: by the browser's language, by the switch; ``lang`` on the page and quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visiting

VALUED = "Wie hoch wurde Scale AI bewertet?"
WORDS = {
    "de": ("Fragen", "Artikel", "Überblick", "Dunkel"),
    "en": ("Ask", "Articles", "Overview", "Dark"),
}


@pytest.mark.parametrize(
    ("locale", "language"), [("de-AT", "de"), ("en-GB", "en"), ("fr-FR", "en")]
)
def test_the_browsers_language_is_spoken(visit: Visiting, locale: str, language: str) -> None:
    desk = visit(language=language, locale=locale).open()
    expect(desk.page.locator("html")).to_have_attribute("lang", language)
    *sections, theme = WORDS[language]
    expect(desk.page.get_by_role("navigation").get_by_role("link")).to_have_text(sections)
    expect(desk.page.get_by_role("button", name=theme, exact=True)).to_be_visible()


def test_the_language_is_switched_and_stays(visit: Visiting) -> None:
    desk = visit(language="de").open().ask(VALUED)
    switch = desk.page.get_by_role("link", name="English", exact=True)
    expect(switch).to_have_attribute("lang", "en")
    switch.click()
    expect(desk.page.locator("html")).to_have_attribute("lang", "en")
    sections = desk.page.get_by_role("navigation").get_by_role("link")
    expect(sections).to_have_text(list(WORDS["en"][:3]))
    expect(desk.answer.get_by_role("heading", name=VALUED)).to_be_visible()
    expect(desk.answer.get_by_role("button", name="Copy the answer")).to_be_visible()
    assert "lang=" not in desk.page.url, "whoever gets the address has a language of their own"
    desk.page.reload()
    expect(sections).to_have_text(list(WORDS["en"][:3]))
    desk.page.get_by_role("link", name="Deutsch", exact=True).click()
    expect(sections).to_have_text(list(WORDS["de"][:3]))


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_is_quoted_has_its_own_language(visit: Visiting, language: str) -> None:
    desk = visit(language=language).open().ask(VALUED)
    quotes = desk.answer.locator("blockquote")
    told = quotes.evaluate_all("all => all.map(one => [one.lang, one.textContent])")
    assert {lang for lang, _ in told} == {"de", "en"}
    for lang, text in told:
        assert lang == ("en" if " the " in text else "de"), text
    pane = desk.cite(1)
    expect(pane.get_by_role("article")).to_have_attribute("lang", "de")
    expect(pane.get_by_role("heading", level=2)).to_have_attribute("lang", "de")


@pytest.mark.parametrize(
    ("language", "examples"),
    [("de", "Wie hoch wurde Scale AI bewertet?"), ("en", "How highly was Scale AI valued?")],
)
def test_examples_are_in_the_readers_language(
    visit: Visiting, language: str, examples: str
) -> None:
    desk = visit(language=language).open()
    expect(desk.page.get_by_role("link", name=examples, exact=True)).to_be_visible()


def test_no_word_of_the_other_language_is_left(visit: Visiting) -> None:
    """Every text of the page is translated, unless both languages have the same word for it."""
    german, english = visit(language="de").texts, visit(language="en").texts
    same = {text for key, text in german.items() if text == english[key]}
    assert {text for text in same if " " in text.strip()} <= ALIKE


ALIKE = {"{articles}, {month}"}
