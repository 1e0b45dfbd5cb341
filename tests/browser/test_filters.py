"""Filters: dates, publishers, languages, as chips; "without a time limit"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visiting

VALUED = "Wie hoch wurde Scale AI bewertet?"
LAST_WEEK = "Wie hoch wurde Scale AI letzte Woche bewertet?"


def test_dates(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED)
    expect(desk.views).to_have_count(3)
    form = desk.show_filters()
    form.get_by_label(desk.say("filter.since")).fill("2025-06-01")
    form.get_by_role("button", name=desk.say("filter.apply")).click()
    desk.answered(VALUED)
    expect(desk.views).to_have_count(1)
    expect(desk.views).to_contain_text("29")
    assert "since=2025-06-01" in desk.page.url
    desk.chip(desk.say("filter.chip.since", day="01.06.2025")).click()
    expect(desk.views).to_have_count(3)
    assert "since" not in desk.page.url


def test_until_a_date(visit: Visiting) -> None:
    desk = visit().open(f"?q={VALUED}&until=2024-12-31").answered(VALUED)
    expect(desk.chip(desk.say("filter.chip.until", day="31.12.2024"))).to_be_visible()
    sources = desk.answer.locator(".source")
    expect(sources.first).to_be_visible()
    for text in sources.all_inner_texts():
        assert not re.search(r"2025", text), text


def test_a_publisher(visit: Visiting) -> None:
    desk = visit().open()
    form = desk.show_filters()
    form.get_by_role("checkbox", name=re.compile("Kontor und Markt")).check()
    form.get_by_role("button", name=desk.say("filter.apply")).click()
    desk.ask(VALUED)
    expect(desk.views).to_have_count(1)
    expect(desk.views).to_contain_text("25 Milliarden Dollar")
    desk.chip("Kontor und Markt").click()
    expect(desk.views).to_have_count(3)


def test_several_publishers(visit: Visiting) -> None:
    places = "publisher=Kontor und Markt&publisher=Blatt für Wirtschaft und Technik"
    desk = visit().open(f"?q={VALUED}&{places}").answered(VALUED)
    expect(desk.views).to_have_count(2)
    expect(desk.chip("Kontor und Markt")).to_be_visible()
    expect(desk.chip("Blatt für Wirtschaft und Technik")).to_be_visible()


def test_a_language(visit: Visiting) -> None:
    desk = visit().open()
    form = desk.show_filters()
    form.get_by_role("checkbox", name=re.compile("^Englisch")).check()
    form.get_by_role("button", name=desk.say("filter.apply")).click()
    desk.ask(VALUED)
    quotes = desk.answer.locator("blockquote")
    expect(quotes.first).to_be_attached()
    languages = set(quotes.evaluate_all("all => all.map(one => one.lang)"))
    assert languages == {"en"}
    expect(desk.chip("Englisch")).to_be_visible()


def test_a_time_that_leads_nowhere_can_be_lifted(visit: Visiting) -> None:
    desk = visit().open().ask(LAST_WEEK)
    expect(desk.answer.locator(".refusal")).to_be_visible()
    expect(desk.answer).to_contain_text("letzte Woche")
    desk.answer.get_by_role("link", name=desk.say("filter.all_times"), exact=True).click()
    expect(desk.views.first).to_contain_text("Milliarden Dollar")
    assert "all_times=1" in desk.page.url
    desk.chip(desk.say("filter.all_times")).click()
    expect(desk.answer.locator(".refusal")).to_be_visible()


def test_a_refusal_says_that_only_a_part_was_searched(visit: Visiting) -> None:
    desk = visit().open(f"?q={VALUED}&since=2026-01-01").answered(VALUED)
    expect(desk.answer).to_contain_text(desk.say("answer.filtered"))
    desk.answer.get_by_role("link", name=desk.say("answer.unfiltered")).click()
    expect(desk.views).to_have_count(3)


def test_all_filters_go_at_once(visit: Visiting) -> None:
    places = "since=2024-01-01&publisher=Kontor und Markt&language=de"
    desk = visit().open(f"?q={VALUED}&{places}").answered(VALUED)
    expect(desk.views).to_have_count(1)
    form = desk.show_filters()
    form.get_by_role("button", name=desk.say("filter.clear")).click()
    expect(desk.views).to_have_count(3)
    expect(desk.page.locator(".ask .chips")).to_be_hidden()
