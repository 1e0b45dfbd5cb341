"""What is kept: the address, Back, reload, the history of this device; the print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.articles import HEIGHT

if TYPE_CHECKING:
    from tests.browser.conftest import Visiting

VALUED = "Wie hoch wurde Scale AI bewertet?"
LEADER = "Wer leitet Scale AI?"


def test_the_address_is_a_permalink(visit: Visiting) -> None:
    mine = visit().open().ask(VALUED)
    form = mine.show_filters()
    form.get_by_label(mine.say("filter.since")).fill("2025-06-01")
    form.get_by_role("button", name=mine.say("filter.apply")).click()
    expect(mine.views).to_have_count(1)
    mine.cite(1)
    theirs = visit()
    theirs.page.goto(mine.page.url)
    theirs.answered(VALUED)
    expect(theirs.views).to_have_count(1)
    expect(theirs.question).to_have_value(VALUED)
    expect(theirs.chip(theirs.say("filter.chip.since", day="01.06.2025"))).to_be_visible()
    expect(theirs.pane.locator("mark.current")).to_be_in_viewport()


def test_back_and_forward_keep_question_and_answer(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED).ask(LEADER)
    asked = len(_asked(desk.requests))
    desk.page.go_back()
    desk.answered(VALUED)
    expect(desk.question).to_have_value(VALUED)
    expect(desk.views).to_have_count(3)
    desk.page.go_forward()
    desk.answered(LEADER)
    expect(desk.views).to_have_text([re.compile("Jason Droege")])
    assert len(_asked(desk.requests)) == asked, "an answer that is known is asked for again"
    desk.page.go_back()
    desk.page.go_back()
    expect(desk.answer).to_be_empty()
    expect(desk.question).to_have_value("")


def test_back_closes_the_article(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    desk.cite(1)
    desk.press("reader.next")
    desk.page.go_back()
    expect(desk.pane).to_be_hidden()
    desk.answered(HEIGHT)
    desk.page.go_forward()
    expect(desk.pane).to_be_visible()


def test_reload_keeps_everything(visit: Visiting) -> None:
    desk = visit().open(f"?q={HEIGHT}&language=de").answered(HEIGHT)
    desk.cite(2)
    desk.page.reload()
    desk.answered(HEIGHT)
    expect(desk.question).to_have_value(HEIGHT)
    expect(desk.chip("Deutsch")).to_be_visible()
    current = desk.pane.locator("mark.current").first
    expect(current).to_have_attribute("data-n", "2")
    expect(current).to_be_in_viewport()


def test_reload_keeps_the_listing(visit: Visiting) -> None:
    desk = visit().open("?view=articles&search=scale&sort=title&descending=0")
    expect(desk.rows).to_have_count(5)
    before = desk.rows.all_inner_texts()
    desk.page.reload()
    expect(desk.rows).to_have_count(5)
    assert desk.rows.all_inner_texts() == before
    expect(desk.page.get_by_role("searchbox", name=desk.say("library.search"))).to_have_value(
        "scale"
    )


def test_questions_are_remembered_on_this_device_only(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED).ask(LEADER)
    desk.open()
    history = desk.page.get_by_role("region", name=desk.say("history.title"))
    expect(history.get_by_role("link")).to_have_text([LEADER, VALUED])
    history.get_by_role("link", name=VALUED).click()
    desk.answered(VALUED)
    other = visit().open()
    expect(other.page.get_by_role("list").first).to_be_visible()
    expect(other.page.get_by_role("region", name=other.say("history.title"))).to_be_hidden()
    desk.open()
    desk.press("history.clear")
    expect(history).to_be_hidden()
    desk.page.reload()
    expect(desk.question).to_be_visible()
    expect(history).to_be_hidden()


def test_what_is_printed_is_the_answer_with_its_proof(visit: Visiting) -> None:
    desk = visit(color_scheme="dark").open().ask(VALUED)
    desk.cite(1)
    desk.page.emulate_media(media="print")
    expect(desk.page.get_by_role("heading", name=VALUED, level=2)).to_be_visible()
    expect(desk.views).to_have_count(3)
    for card in desk.views.all():
        expect(card).to_be_visible()
    expect(desk.answer.locator("blockquote").first).to_be_visible()
    expect(desk.answer.get_by_text("https://example.org/bwt/2025/06/meta-scale-ai")).to_be_visible()
    for gone in (desk.question, desk.page.locator(".masthead"), desk.page.locator(".reader")):
        expect(gone).to_be_hidden()
    expect(desk.button("keep.copy")).to_be_hidden()
    background, ink = desk.page.evaluate(
        "() => { const s = getComputedStyle(document.body); return [s.backgroundColor, s.color] }"
    )
    assert background == "rgb(255, 255, 255)"
    assert max(int(part) for part in re.findall(r"\d+", ink)) < 80, "dark on white"
    assert desk.page.pdf()[:5] == b"%PDF-"


def _asked(requests: list[str]) -> list[str]:
    return [url for url in requests if url.endswith("/gradio_api/call/answer")]
