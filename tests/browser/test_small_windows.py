"""A phone, 320 px, 200 % zoom: nothing is cut off, nothing has to be scrolled sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.articles import COIN, HEIGHT

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Visiting
    from tests.browser.visit import Visit

VALUED = "Wie hoch wurde Scale AI bewertet?"
WINDOWS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "320 px": {"viewport": {"width": 320, "height": 640}},
    "200 %": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    "400 %": {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4},
}
OUTSIDE = """() => [...document.querySelectorAll("main *, header *, dialog *")]
  .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen, .skip")
    && !one.closest("svg") && getComputedStyle(one).clipPath === "none")
  .filter(one => {
    const box = one.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1) return false;
    for (let around = one; around; around = around.parentElement) {
      const style = getComputedStyle(around);
      if (style.clipPath !== "none" || ["auto", "scroll"].includes(style.overflowX)) return false;
    }
    return box.left < -1 || box.right > innerWidth + 1;
  })
  .map(one => one.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("window", WINDOWS)
def test_nothing_is_beside_the_window(visit: Visiting, window: str) -> None:
    desk = visit(**WINDOWS[window]).open()
    expect(desk.page.locator(".example").first).to_be_visible()
    _fits(desk)
    desk.show_filters()
    _fits(desk)
    desk.open().ask(VALUED)
    desk.answer.locator(".further > summary").click()
    _fits(desk)
    desk.answer.get_by_text(desk.say("export.title")).click()
    _fits(desk)
    desk.cite(1).get_by_text(desk.say("why.title")).click()
    _fits(desk)
    desk.open(f"?q={COIN}&since=2030-01-01").answered(COIN)
    _fits(desk)
    desk.open("?view=articles")
    desk.rows.first.get_by_role("checkbox").check()
    _fits(desk)
    desk.rows.first.get_by_role("button").click()
    _fits(desk)
    desk.open("?view=insight")
    desk.page.get_by_text(desk.say("insight.as_table")).click()
    _fits(desk)


@pytest.mark.parametrize("window", WINDOWS)
def test_the_article_is_a_sheet_with_the_citation_in_view(visit: Visiting, window: str) -> None:
    desk = visit(**WINDOWS[window]).open().ask(HEIGHT)
    for number in (2, 1):
        pane = desk.cite(number)
        current = pane.locator("mark.current").first
        expect(current).to_have_attribute("data-n", str(number))
        expect(current).to_be_in_viewport()
        assert _is_uncovered(current)
        expect(desk.button("reader.close")).to_be_in_viewport()
        _fits(desk)
        desk.press("reader.close")
        expect(pane).to_be_hidden()


def test_an_answer_is_seen_on_a_phone_without_scrolling(visit: Visiting) -> None:
    desk = visit(**WINDOWS["phone"]).open().ask(VALUED)
    expect(desk.views.first).to_be_in_viewport(ratio=1)


def test_what_is_pressed_on_a_phone_is_large_enough(visit: Visiting) -> None:
    desk = visit(**WINDOWS["phone"]).open().ask(VALUED)
    _targets(desk)
    desk.cite(1)
    _targets(desk)
    desk.press("reader.close")
    desk.open("?view=articles")
    expect(desk.rows.first).to_be_visible()
    _targets(desk)


def test_twice_as_large_letters_fit(visit: Visiting) -> None:
    """Who enlarges the text alone, and not the page."""
    desk = visit(viewport={"width": 640, "height": 900})
    desk.context.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        " document.documentElement.style.fontSize = '200%' })"
    )
    desk.open().ask(VALUED)
    _fits(desk)
    desk.cite(1)
    _fits(desk)


def _fits(desk: Visit) -> None:
    assert desk.overflow() <= 0
    assert desk.page.evaluate(OUTSIDE) == []


def _is_uncovered(element: Locator) -> bool:
    """Whether the middle of an element's first line is what is seen there."""
    script = """one => {
      const box = one.getClientRects()[0];
      const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      return one === top || one.contains(top) || Boolean(top?.contains(one));
    }"""
    return bool(element.evaluate(script))


def _targets(desk: Visit) -> None:
    """Each control is at least 24 px wide and high; links within a line of text are excepted."""
    script = """() => [...document.querySelectorAll("button, summary, select, input, a")]
      .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen, .skip"))
      .filter(one => !one.closest("article.text"))
      .map(one => one.matches("input[type=checkbox]") ? one.closest("label") ?? one : one)
      .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
      .filter(([, box]) => box.width > 1 && (box.width < 23.5 || box.height < 23.5))
      .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""
    assert desk.page.evaluate(script) == []
