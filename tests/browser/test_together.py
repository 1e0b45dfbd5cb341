"""Several people at once, and questions while articles are added."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.articles import long_texts

if TYPE_CHECKING:
    from tests.browser.conftest import Site, Visiting

VALUED = "Wie hoch wurde Scale AI bewertet?"
PATIENT = "Wer war der erste Patient, der Insulin erhielt?"


def test_two_people_ask_at_once(visit: Visiting) -> None:
    one, other = visit().open(), visit(language="en").open()
    for _ in range(3):
        one.send(VALUED)
        other.send(PATIENT)
        one.answered(VALUED)
        other.answered(PATIENT)
        expect(one.views).to_have_count(3)
        expect(other.views).to_have_text([re.compile("Leonard Thompson")])
    expect(one.button("keep.copy")).to_be_visible()
    expect(other.button("keep.copy")).to_be_visible()


def test_stop_of_one_does_not_stop_the_other(visit: Visiting) -> None:
    one, other = visit().open(), visit().open()
    one.send(VALUED)
    other.send(PATIENT)
    stop = one.button("ask.stop")
    if stop.is_visible():
        stop.click()
    other.answered(PATIENT)
    expect(other.views).to_have_text([re.compile("Leonard Thompson")])


def test_a_question_is_answered_while_articles_are_added(visit: Visiting, archive: Site) -> None:
    one, other = visit(archive).open("?view=articles"), visit(archive).open()
    one.upload(long_texts(96, "Teich"))
    bar = one.page.get_by_role("progressbar")
    one.added(1)
    other.ask(VALUED)
    expect(other.views).to_have_count(3)
    expect(bar).to_be_visible()
    # The same person asks while it goes on, and others see the listing.
    one.link("nav.ask").click()
    one.ask(PATIENT)
    expect(one.views).to_have_text([re.compile("Leonard Thompson")])
    other.link("nav.articles").click()
    expect(other.rows.first).to_be_visible()
    one.link("nav.articles").click()
    one.press("adding.cancel")
    expect(one.page.locator(".report")).to_be_visible()


def test_one_edits_while_another_adds(visit: Visiting, archive: Site) -> None:
    one = visit(archive).open("?view=articles")
    other = visit(archive).open("?view=articles&search=Sturmflut 12")
    one.upload(long_texts(24, "Weiher"))
    one.added(1)
    other.press("library.edit.title", title="Sturmflut 123")
    form = other.page.get_by_role("dialog", name=other.say("edit.title"))
    form.get_by_label(other.say("edit.publisher")).fill("Deicharchiv")
    form.get_by_role("button", name=other.say("edit.save")).click()
    expect(form).to_be_hidden()
    expect(other.rows.filter(has_text="Sturmflut 123")).to_contain_text("Deicharchiv")
    expect(one.page.locator(".report")).to_be_visible(timeout=120_000)


def test_what_one_removes_another_is_told(visit: Visiting, archive: Site) -> None:
    one = visit(archive).open("?view=articles&search=Sturmflut 209")
    other = visit(archive)
    other.forgive("404")
    other.open("?view=articles&search=Sturmflut 209")
    expect(other.rows).to_have_count(1)
    one.rows.first.get_by_role("checkbox").check()
    one.press("library.remove")
    expect(one.rows).to_have_count(0)
    other.page.get_by_role("link", name="Sturmflut 209", exact=True).click()
    expect(other.pane.get_by_role("alert")).to_be_visible()
    one.press("library.undo")
    expect(one.rows).to_have_count(1)
