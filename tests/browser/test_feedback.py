"""What readers say of answers comes into a file that ``qa eval`` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from index import Index, beside
from qa.evaluation.gold import Gold, read_gold

if TYPE_CHECKING:
    from tests.browser.conftest import Site, Visiting

VALUED = "Wie hoch wurde Scale AI bewertet?"
PATIENT = "Wer war der erste Patient, der Insulin erhielt?"
CEO = "Wer leitet Scale AI?"
NOWHERE = "Wie hoch wurde OpenAI bewertet?"


def test_right(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open().ask(PATIENT)
    desk.press("feedback.right")
    expect(desk.button("feedback.right")).to_have_attribute("aria-pressed", "true")
    expect(desk.answer).to_contain_text(desk.say("feedback.thanks"))
    gold = _gold(archive, PATIENT)
    assert gold.values == ("Leonard Thompson",)
    assert gold.answerable


def test_wrong(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open().ask(CEO)
    desk.press("feedback.wrong")
    expect(desk.button("feedback.wrong")).to_have_attribute("aria-pressed", "true")
    assert _gold(archive, CEO).wrong == ("Jason Droege",)


def test_the_verdict_said_last_counts(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open().ask(PATIENT)
    desk.press("feedback.wrong")
    expect(desk.button("feedback.wrong")).to_have_attribute("aria-pressed", "true")
    desk.press("feedback.right")
    expect(desk.button("feedback.right")).to_have_attribute("aria-pressed", "true")
    expect(desk.button("feedback.wrong")).to_have_attribute("aria-pressed", "false")
    gold = _gold(archive, PATIENT)
    assert gold.wrong == ()
    assert gold.values == ("Leonard Thompson",)


def test_a_refusal_that_is_right(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open().ask(NOWHERE)
    desk.press("feedback.right")
    expect(desk.button("feedback.right")).to_have_attribute("aria-pressed", "true")
    assert _gold(archive, NOWHERE).answerable is False


def test_a_better_sentence_is_marked_with_the_mouse(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open().ask(VALUED)
    pane = desk.cite(1)
    better = desk.button("feedback.better")
    expect(better).to_be_disabled()
    sentence = pane.locator("mark.current").first
    box = sentence.bounding_box()
    assert box
    lines = pane.get_by_role("article")
    lines.locator("p").last.click(click_count=3)
    expect(better).to_be_enabled()
    chosen = " ".join(str(desk.page.evaluate("getSelection().toString()")).split())
    better.click()
    expect(desk.page.locator(".notices")).to_contain_text(desk.say("feedback.thanks"))
    (marked,) = _gold(archive, VALUED).sentences
    assert " ".join(marked.split()) == chosen


def test_a_better_sentence_is_marked_with_the_keys(visit: Visiting, archive: Site) -> None:
    question = "Wie teuer war der Bau des Windparks Sandholm-Riff?"
    desk = visit(archive).open().ask(question)
    pane = desk.cite(2)
    mark = pane.locator("mark.current").first
    expect(mark).to_be_focused()
    for _ in range(4):
        desk.page.keyboard.press("Control+Shift+ArrowRight")
    expect(desk.button("feedback.better")).to_be_enabled()
    chosen = str(desk.page.evaluate("getSelection().toString()")).strip()
    assert chosen
    assert mark.inner_text().startswith(chosen)
    desk.button("feedback.better").press("Enter")
    expect(desk.page.locator(".notices")).to_contain_text(desk.say("feedback.thanks"))
    assert _gold(archive, question).sentences == (chosen,)


def _gold(site: Site, question: str) -> Gold:
    """What the file of verdicts expects of a question, as ``qa eval`` reads it."""
    with Index.open(site.folder) as index:
        found, bad = read_gold(site.folder / beside.FEEDBACK, index)
    assert bad == []
    (gold,) = (one for one in found if one.question == question)
    return gold
