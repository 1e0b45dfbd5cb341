"""Asking: what is offered, what is told meanwhile, Stop, refusals, the last question wins."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Visiting

VALUED = "Wie hoch wurde Scale AI bewertet?"
LEADER = "Wer leitet Scale AI?"
COST = "Wie teuer war der Bau des Windparks Sandholm-Riff?"
STREAM = re.compile(r"/gradio_api/call/answer/\w+")
WATCH_STAGES = """() => {
  window.stages = [];
  new MutationObserver(() => {
    const now = document.querySelector(".stages .now")?.dataset.stage;
    if (now && window.stages.at(-1) !== now) window.stages.push(now);
  }).observe(document.body, {subtree: true, childList: true, attributeFilter: ["class"]});
}"""
WATCH_ANSWERS = """() => {
  window.pairs = [];
  new MutationObserver(() => {
    const asked = document.querySelector(".result .asked")?.textContent;
    const said = document.querySelector(".result .view-card .value")?.textContent;
    if (said) window.pairs.push([asked, said]);
  }).observe(document.querySelector(".ask"), {subtree: true, childList: true});
}"""


class Held:
    """Streams of answers that the server gives, and the browser gets when it is let."""

    def __init__(self, page: Page, *, first: int) -> None:
        """The ``first`` so many are held, those after them are not."""
        self.routes: list[Route] = []
        self._left = first
        page.route(STREAM, self._hold)

    def _hold(self, route: Route) -> None:
        if self._left:
            self._left -= 1
            self.routes.append(route)
        else:
            route.continue_()


def test_the_page_says_what_it_holds_and_offers_examples(visit: Visiting) -> None:
    desk = visit().open()
    opening = desk.page.locator(".opening")
    articles = desk.say("holdings.articles.other", count=15)
    span = desk.say("holdings.span", articles=articles, since="Mai 2018", until="Juni 2025")
    expect(opening).to_contain_text(span)
    expect(desk.question).to_be_focused()
    example = desk.page.get_by_role("link", name=VALUED, exact=True)
    example.click()
    desk.answered(VALUED)
    expect(desk.question).to_have_value(VALUED)


def test_views_are_cards_with_their_source_and_how_sure(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED)
    expect(desk.views).to_have_count(3)
    latest = desk.views.filter(has_text="29\u00a0Milliarden Dollar")
    expect(latest).to_contain_text("Blatt für Wirtschaft und Technik, 14.06.2025")
    earliest = desk.views.filter(has_text="14 Milliarden Dollar")
    expect(earliest).to_contain_text("knapp")
    expect(earliest).to_contain_text("Mai 2024")
    for number, card in enumerate(desk.views.all(), start=1):
        sure = card.locator(".sure span").first
        expect(sure).to_have_text(re.compile(r"\w{4,}"))
        expect(card.get_by_role("link")).to_have_text(f"[{number}]")
    # What differs in time stands on a line of time.
    line = desk.answer.get_by_role("img")
    told = line.get_attribute("aria-label") or ""
    assert told.index("14 Milliarden") < told.index("25 Milliarden") < told.index("29")


def test_passages_stand_beneath_the_answer(visit: Visiting) -> None:
    desk = visit().open().ask(VALUED)
    further = desk.answer.locator("details.further")
    further.locator("summary").click()
    expect(further.locator(".passage").first).to_be_visible()


def test_stages_are_shown_while_it_works(visit: Visiting) -> None:
    desk = visit().open()
    desk.page.evaluate(WATCH_STAGES)
    desk.ask(COST)
    assert desk.page.evaluate("window.stages") == ["understand", "search", "read"]


def test_stop_ends_a_question(visit: Visiting) -> None:
    desk = visit().open()
    held = Held(desk.page, first=1)
    desk.send(VALUED)
    with desk.page.expect_request("**/gradio_api/cancel") as cancelled:
        desk.press("ask.stop")
    expect(desk.answer).to_contain_text(desk.say("ask.stopped"))
    told = json.loads(cancelled.value.post_data or "")
    assert told["session_hash"] in held.routes[0].request.url
    expect(desk.question).to_be_focused()
    expect(desk.views).to_have_count(0)
    desk.press("ask.again")
    desk.answered(VALUED)
    expect(desk.views).to_have_count(3)


def test_the_last_question_wins(visit: Visiting) -> None:
    desk = visit().open()
    held = Held(desk.page, first=1)
    desk.send(VALUED)
    expect(desk.button("ask.stop")).to_be_visible()
    desk.ask(LEADER)
    expect(desk.views).to_have_text([re.compile("Jason Droege")])
    held.routes[0].continue_()  # the earlier answer comes now
    desk.page.wait_for_timeout(500)
    expect(desk.views).to_have_text([re.compile("Jason Droege")])
    expect(desk.page).to_have_title(re.compile(re.escape(LEADER)))


def test_an_answer_stands_only_under_its_own_question(visit: Visiting) -> None:
    desk = visit().open()
    desk.page.evaluate(WATCH_ANSWERS)
    for question in (VALUED, LEADER, COST, LEADER, VALUED, COST):
        desk.send(question)
        desk.page.wait_for_timeout(120)
    desk.answered(COST)
    expect(desk.views.first).to_contain_text("Milliarden Euro")
    pairs = desk.page.evaluate("window.pairs")
    right = {VALUED: "Dollar", LEADER: "Droege", COST: "Euro"}
    assert pairs
    assert [pair for pair in pairs if right[pair[0]] not in pair[1]] == []


def test_a_refusal_is_short_and_names_what_is_near(visit: Visiting) -> None:
    desk = visit().open().ask("Wie hoch wurde OpenAI bewertet?")
    refusal = desk.answer.locator(".refusal")
    expect(refusal).to_have_text("Die Artikel beantworten das nicht.")
    expect(desk.views).to_have_count(0)
    near = desk.answer.locator(".citation").first
    expect(near.locator("blockquote")).to_contain_text("Milliarden Dollar")
    expect(near.locator(".whynot")).to_contain_text("OpenAI")


def test_a_question_without_words_and_one_that_is_too_long(visit: Visiting) -> None:
    desk = visit().open()
    desk.send("   ")
    expect(desk.question).to_be_focused()
    expect(desk.answer).to_be_empty()
    desk.send("Wie " * 600)
    assert len(desk.question.input_value()) <= 2000


def test_a_server_that_is_away_is_told_in_words(visit: Visiting) -> None:
    desk = visit().open()
    desk.forgive(r"ERR_INTERNET_DISCONNECTED")
    desk.context.set_offline(True)
    desk.send(VALUED)
    expect(desk.page.get_by_role("alert")).to_contain_text(desk.say("problem.unreachable"))
    desk.context.set_offline(False)
    desk.press("ask.again")
    desk.answered(VALUED)
