"""Follow-up questions keep their subject; what was understood is shown and can be switched off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visiting

VALUED = "Wie hoch wurde Scale AI bewertet?"


def test_a_follow_up_keeps_the_subject(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED)
    offered = desk.page.get_by_role("checkbox", name=desk.say("ask.follow", question=VALUED))
    # It is of the next question, and not of the one that stands there.
    expect(offered).to_be_hidden()
    desk.question.fill("Und wer")
    expect(offered).to_be_checked()
    desk.question.fill(VALUED)
    expect(offered).to_be_hidden()
    desk.ask("Und wer leitet es?")
    understood = desk.answer.locator(".understood")
    expect(understood).to_contain_text(desk.say("answer.understood"))
    expect(understood).to_contain_text("Scale AI")
    expect(desk.views).to_have_text([re.compile("Jason Droege")])
    assert "after=" in desk.page.url


def test_a_follow_up_about_another_time(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED).ask("und 2024?")
    expect(desk.answer.locator(".understood q")).to_contain_text("Scale AI")
    expect(desk.answer.locator(".understood q")).to_contain_text("2024")
    expect(desk.views.first).to_contain_text("14 Milliarden Dollar")


def test_it_can_be_switched_off_for_an_answer(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED).ask("Wer leitet es?")
    expect(desk.answer.locator(".understood")).to_be_visible()
    desk.answer.get_by_role("link", name=desk.say("answer.alone")).click()
    expect(desk.answer.locator(".understood")).to_have_count(0)
    desk.answered("Wer leitet es?")
    assert "after=" not in desk.page.url


def test_it_can_be_switched_off_before_asking(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED)
    desk.question.fill("Wer leitet")
    desk.page.get_by_role("checkbox", name=desk.say("ask.follow", question=VALUED)).uncheck()
    desk.ask("Wer leitet es?")
    expect(desk.answer.locator(".understood")).to_have_count(0)
    desk.page.reload()
    desk.answered("Wer leitet es?")
    expect(desk.page.locator(".follow input")).not_to_be_checked()


def test_a_permalink_of_a_follow_up_says_what_it_follows(visit: Visiting) -> None:
    mine = visit().open().ask(VALUED).ask("Wer leitet es?")
    expect(mine.views).to_have_text([re.compile("Jason Droege")])
    theirs = visit()
    theirs.page.goto(mine.page.url)
    theirs.answered("Wer leitet es?")
    expect(theirs.answer.locator(".understood")).to_contain_text("Scale AI")
    expect(theirs.views).to_have_text([re.compile("Jason Droege")])


def test_asked_again_it_follows_what_it_followed(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED).ask("Wer leitet es?")
    address = desk.page.url
    desk.question.press("Enter")
    expect(desk.views).to_have_text([re.compile("Jason Droege")])
    assert desk.page.url == address


def test_a_question_of_its_own_stays_what_it_is(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED).ask("Wer war der erste Patient, der Insulin erhielt?")
    expect(desk.answer.locator(".understood")).to_have_count(0)
    expect(desk.views.first).to_contain_text("Leonard Thompson")
