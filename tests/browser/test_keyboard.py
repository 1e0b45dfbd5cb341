"""With the keyboard alone: ask, open a citation, go on to the next, close, and be where one was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.articles import HEIGHT

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Site, Visiting
    from tests.browser.visit import Visit

FARTHEST = 60
"""Steps with Tab; a page that wants more has lost its way."""
FOCUSED = """() => {
  const own = document.activeElement;
  const style = getComputedStyle(own);
  const box = own.getBoundingClientRect();
  return {
    name: own.tagName, text: own.textContent.slice(0, 40),
    seen: own.tabIndex < 0 || own === document.body || (
      style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2),
    inside: box.bottom > 0 && box.top < innerHeight,
  };
}"""


def test_ask_read_and_return(visit: Visiting) -> None:
    desk = visit().open()
    expect(desk.question).to_be_focused()
    desk.page.keyboard.type(HEIGHT)
    desk.page.keyboard.press("Enter")
    desk.answered(HEIGHT)
    citation = desk.answer.get_by_role("link", name=desk.say("answer.citation", n=2), exact=True)
    _tab_to(desk, citation)
    desk.page.keyboard.press("Enter")
    current = desk.pane.locator("mark.current").first
    expect(current).to_be_focused()
    expect(current).to_have_attribute("data-n", "2")
    _tab_to(desk, desk.button("reader.previous"), key="Shift+Tab")
    desk.page.keyboard.press("Enter")
    expect(current).not_to_have_attribute("data-n", "2")
    expect(current).to_be_in_viewport()
    desk.page.keyboard.press("Escape")
    expect(desk.pane).to_be_hidden()
    expect(citation).to_be_focused()


def test_a_sheet_keeps_the_focus_and_gives_it_back(visit: Visiting) -> None:
    desk = visit(viewport={"width": 390, "height": 844}).open().ask(HEIGHT)
    citation = desk.answer.get_by_role("link", name=desk.say("answer.read.n", n=1), exact=True)
    citation.focus()
    desk.page.keyboard.press("Enter")
    expect(desk.pane.locator("mark.current").first).to_be_focused()
    for _ in range(25):
        desk.page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
        assert desk.page.evaluate(inside)
    desk.page.keyboard.press("Escape")
    expect(desk.pane).to_be_hidden()
    expect(citation).to_be_focused()


def test_the_focus_is_always_seen(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    desk.cite(1)
    desk.page.evaluate("document.body.focus()")
    seen = set[str]()
    for _ in range(FARTHEST):
        desk.page.keyboard.press("Tab")
        focused = desk.page.evaluate(FOCUSED)
        assert focused["seen"], focused
        assert focused["inside"], focused
        seen.add(focused["text"])
    assert len(seen) > 10


def test_the_content_can_be_skipped_to(visit: Visiting) -> None:
    desk = visit().open("?view=articles")
    desk.page.keyboard.press("Tab")
    skip = desk.link("nav.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("main")).to_be_focused()


def test_filters(visit: Visiting) -> None:
    desk = visit().open()
    summary = desk.page.locator(".ask details > summary")
    _tab_to(desk, summary)
    desk.page.keyboard.press("Enter")
    box = desk.page.get_by_role("checkbox", name="Kontor und Markt")
    _tab_to(desk, box)
    desk.page.keyboard.press("Space")
    expect(box).to_be_checked()
    desk.page.keyboard.press("Enter")
    chip = desk.chip("Kontor und Markt")
    expect(chip).to_be_visible()
    chip.press("Enter")
    expect(chip).to_have_count(0)


def test_the_menu_of_formats(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    summary = desk.answer.locator(".menu > summary")
    _tab_to(desk, summary)
    desk.page.keyboard.press("Enter")
    entry = desk.button("export.markdown")
    expect(entry).to_be_visible()
    desk.page.keyboard.press("Tab")
    expect(entry).to_be_focused()
    desk.page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(summary).to_be_focused()
    with desk.page.expect_download():
        desk.page.keyboard.press("Enter")
        desk.page.keyboard.press("Tab")
        desk.page.keyboard.press("Enter")
    expect(summary).to_be_focused()


def test_the_listing(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open("?view=articles&search=Sturmflut 09")
    pick = desk.page.get_by_role(
        "checkbox", name=desk.say("library.pick", title="Sturmflut 095"), exact=True
    )
    _tab_to(desk, pick)
    desk.page.keyboard.press("Space")
    remove = desk.button("library.remove")
    _tab_to(desk, remove, key="Shift+Tab")
    desk.page.keyboard.press("Enter")
    expect(pick).to_have_count(0)
    expect(desk.button("library.undo")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(pick).to_have_count(1)
    edit = desk.button("library.edit.title", title="Sturmflut 095")
    _tab_to(desk, edit)
    desk.page.keyboard.press("Enter")
    form = desk.page.get_by_role("dialog", name=desk.say("edit.title"))
    expect(form.get_by_label(desk.say("edit.headline"))).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(form).to_be_hidden()
    expect(edit).to_be_focused()


def test_files_are_chosen(visit: Visiting) -> None:
    desk = visit()
    # Listened to from long before the key on, or the browser opens a window of the system.
    desk.page.on("filechooser", lambda chooser: None)
    desk.open("?view=articles")
    _tab_to(desk, desk.page.locator("input[type=file]"))
    with desk.page.expect_file_chooser():
        desk.page.keyboard.press("Enter")


def _tab_to(desk: Visit, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until an element has the focus."""
    expect(wanted).to_be_attached()
    for _ in range(FARTHEST):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        desk.page.keyboard.press(key)
    raise AssertionError(f"{wanted} cannot be reached")
