"""axe-core finds nothing on any view, light and dark, German and English; what it cannot find."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.articles import HEIGHT

if TYPE_CHECKING:
    from tests.browser.conftest import Visiting
    from tests.browser.visit import Visit

VALUED = "Wie hoch wurde Scale AI bewertet?"
NOWHERE = "Wie hoch wurde OpenAI bewertet?"
PHONE = {"width": 390, "height": 844}
EVERYTHING = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
"""The rules that are on of themselves, of every impact, and the size of what is pressed."""
WATCH_SPOKEN = """() => {
  window.spoken = [];
  const live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]";
  new MutationObserver(changes => {
    for (const change of changes) {
      const region = (change.target.closest ? change.target : change.target.parentElement)
        ?.closest(live);
      const added = [...change.addedNodes].map(node => node.textContent).join(" ");
      if (region && added) window.spoken.push(added);
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_on_any_view(visit: Visiting, language: str, scheme: str) -> None:
    desk = visit(language=language, color_scheme=scheme).open()
    expect(desk.page.locator(".example").first).to_be_visible()
    found = _violations(desk, "the beginning")
    desk.show_filters()
    found += _violations(desk, "filters")
    desk.open().ask(VALUED)
    desk.answer.locator(".further > summary").click()
    found += _violations(desk, "answer")
    desk.answer.get_by_text(desk.say("export.title")).click()
    found += _violations(desk, "menu")
    desk.cite(1).get_by_text(desk.say("why.title")).click()
    found += _violations(desk, "article")
    desk.open(f"?q={NOWHERE}&since=2020-01-01&after={VALUED}").answered(NOWHERE)
    found += _violations(desk, "refusal")
    desk.open("?view=articles")
    desk.rows.first.get_by_role("checkbox").check()
    found += _violations(desk, "library")
    desk.rows.first.get_by_role("button").click()
    found += _violations(desk, "edit")
    desk.open("?view=insight")
    desk.page.get_by_text(desk.say("insight.as_table")).click()
    found += _violations(desk, "insight")
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_on_a_phone(visit: Visiting, scheme: str) -> None:
    desk = visit(viewport=PHONE, has_touch=True, color_scheme=scheme).open().ask(HEIGHT)
    found = _violations(desk, "answer")
    desk.cite(2)
    found += _violations(desk, "sheet")
    desk.press("reader.close")
    desk.open("?view=articles")
    expect(desk.rows.first).to_be_visible()
    found += _violations(desk, "library")
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_on_the_articles_own_page(visit: Visiting, scheme: str) -> None:
    desk = visit(color_scheme=scheme).open().ask(HEIGHT)
    pane = desk.cite(1)
    with desk.context.expect_page() as opened:
        pane.get_by_role("link", name=desk.say("reader.alone")).click()
    desk.page = opened.value
    assert _violations(desk, "article") == []


def test_axe_would_find_something(visit: Visiting) -> None:
    desk = visit().open()
    desk.page.evaluate("document.body.append(document.createElement('button'))")
    assert any("button-name" in violation for violation in _violations(desk, "spoilt"))


def test_a_screen_reader_hears_the_answer_once(visit: Visiting) -> None:
    desk = visit().open()
    desk.page.evaluate(WATCH_SPOKEN)
    desk.ask("Wer leitet Scale AI?")
    spoken = desk.page.evaluate("window.spoken")
    told = [text for text in spoken if "Jason Droege" in text]
    assert len(told) == 1
    assert len(told[0]) < 200, "the whole page is read aloud"


def test_headings_leave_no_level_out(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    desk.cite(1)
    levels = [
        int(level)
        for level in desk.page.locator("h1, h2, h3, h4, h5, h6").evaluate_all(
            "all => all.filter(one => one.checkVisibility()).map(one => one.tagName[1])"
        )
    ]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_who_wants_no_motion_sees_none(visit: Visiting) -> None:
    desk = visit(viewport=PHONE, reduced_motion="reduce").open().ask(HEIGHT)
    desk.cite(1)
    assert desk.page.evaluate("document.getAnimations().length") == 0


def _violations(desk: Visit, view: str) -> list[str]:
    results = Axe().run(desk.page, options=EVERYTHING)
    return [
        f"{view}: {violation['id']} ({violation['impact']}): {node['target']} {node['html'][:120]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
