"""The library: hundreds of articles searched, ordered, page by page; edited, removed, brought back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from index import Index
from tests.browser.conftest import MADE_UP

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Site, Visiting
    from tests.browser.visit import Visit

FLOODS = "?view=articles&search=Sturmflut"


def test_pages_of_hundreds(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(f"{FLOODS}&sort=title&descending=0")
    expect(desk.rows).to_have_count(50)
    found = desk.page.locator(".count")
    expect(found).to_have_text(desk.say("library.found.other", count=MADE_UP))
    seen = _titles(desk)
    last = -(-MADE_UP // 50)
    for page in range(2, last + 1):
        desk.link("library.next").click()
        expect(_pager(desk)).to_contain_text(desk.say("library.page", page=page, last=last))
        seen += _titles(desk)
    assert seen == [f"Sturmflut {number:03}" for number in range(1, MADE_UP + 1)]
    expect(desk.link("library.next")).to_have_count(0)
    desk.page.go_back()
    expect(_pager(desk)).to_contain_text(desk.say("library.page", page=last - 1, last=last))
    desk.link("library.first").click()
    expect(_pager(desk)).to_contain_text(desk.say("library.page", page=1, last=last))
    assert f"page={last}" not in desk.page.url


def test_search(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open("?view=articles")
    search = desk.page.get_by_role("searchbox", name=desk.say("library.search"))
    search.press_sequentially("sturmflut 17")
    expect(desk.rows).to_have_count(_named("17"))
    assert all("17" in title for title in _titles(desk))
    search.fill("KÜSTENblatt")
    expect(desk.rows).to_have_count(1)
    search.fill("gibt es nicht")
    expect(desk.rows).to_have_count(0)
    expect(desk.page.locator(".count")).to_have_text(desk.say("library.found.other", count=0))
    search.fill("")
    expect(desk.rows).to_have_count(50)


def test_order(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(FLOODS)
    head = desk.page.get_by_role("columnheader", name=desk.say("library.column.published"))
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(desk.rows.first).to_contain_text(f"Sturmflut {MADE_UP:03}")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(desk.rows.first).to_contain_text("Sturmflut 001")
    order = desk.page.get_by_role("combobox", name=desk.say("library.sort"))
    order.select_option("publisher")
    expect(desk.rows.first).to_contain_text("Küstenarchiv 0")
    publishers = desk.rows.locator(".col-publisher").all_inner_texts()
    assert publishers == sorted(publishers)
    desk.press("library.ascending")
    expect(desk.rows.first).to_contain_text("Küstenarchiv 6")


def test_filters_of_the_listing(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(FLOODS)
    form = desk.show_filters()
    form.get_by_role("checkbox", name=re.compile("Küstenarchiv 3")).check()
    form.get_by_label(desk.say("filter.until"), exact=True).fill("2015-03-31")
    form.get_by_role("button", name=desk.say("filter.apply")).click()
    expect(desk.rows).to_have_count(13)
    for row in desk.rows.all_inner_texts():
        assert "Küstenarchiv 3" in row
    desk.chip("Küstenarchiv 3").click()
    expect(desk.page.locator(".count")).to_have_text(desk.say("library.found.other", count=89))


def test_an_article_is_read_from_the_listing(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open("?view=articles&search=Sturmflut 042")
    row = desk.page.get_by_role("link", name="Sturmflut 042", exact=True)
    row.click()
    expect(desk.pane.get_by_role("article")).to_contain_text("Sturmflut Nummer 42 traf die Küste")
    desk.press("reader.close")
    expect(desk.pane).to_be_hidden()
    expect(row).to_be_focused()


def test_remove_and_undo(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open("?view=articles&search=Sturmflut 06")
    expect(desk.rows).to_have_count(_named("06"))
    for name in ("Sturmflut 061", "Sturmflut 062"):
        desk.page.get_by_role("checkbox", name=desk.say("library.pick", title=name)).check()
    picked = desk.page.locator(".picked")
    expect(picked).to_contain_text(desk.say("library.picked.other", count=2))
    desk.press("library.remove")
    expect(desk.rows).to_have_count(_named("06") - 2)
    assert _stored(archive, "Sturmflut 061") is None
    expect(desk.page.locator(".notices")).to_contain_text(
        desk.say("library.removed.other", count=2)
    )
    desk.press("library.undo")
    expect(desk.rows).to_have_count(_named("06"))
    assert _stored(archive, "Sturmflut 061") is not None
    # It can be found again, not only listed.
    desk.open().ask("Wo traf Sturmflut Nummer 61 die Küste?")
    expect(desk.answer).to_contain_text("Kilometer 183")


def test_all_of_a_page_are_picked_and_let_go(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open("?view=articles&search=Sturmflut 07")
    expect(desk.rows).to_have_count(_named("07"))
    every = desk.page.get_by_role("checkbox", name=desk.say("library.all"))
    every.check()
    picked = desk.page.locator(".picked")
    expect(picked).to_contain_text(desk.say("library.picked.other", count=_named("07")))
    desk.press("library.unpick")
    expect(picked).to_be_hidden()
    expect(every).not_to_be_checked()


def test_all_of_all_pages_are_picked_and_removed(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(FLOODS)
    desk.page.get_by_role("checkbox", name=desk.say("library.all")).check()
    every = MADE_UP
    picked = desk.page.locator(".picked")
    expect(picked).to_contain_text(desk.say("library.picked.other", count=50))
    desk.press("library.all.found", count=every)
    expect(picked).to_contain_text(desk.say("library.picked.other", count=every))
    expect(desk.button("library.all.found", count=every)).to_have_count(0)
    # So many are not removed without asking.
    desk.press("library.remove")
    sure = desk.page.get_by_role("dialog", name=desk.say("library.remove.sure", count=every))
    sure.get_by_role("button", name=desk.say("library.remove.keep")).click()
    expect(sure).to_be_hidden()
    assert _stored(archive, "Sturmflut 101") is not None
    desk.press("library.remove")
    sure.get_by_role("button", name=desk.say("library.remove")).click()
    expect(desk.rows).to_have_count(0)
    assert _stored(archive, "Sturmflut 101") is None
    desk.press("library.undo")
    expect(desk.page.locator(".count")).to_have_text(desk.say("library.found.other", count=every))
    assert _stored(archive, "Sturmflut 101") is not None


def test_edit(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open("?view=articles&search=Sturmflut 05")
    expect(desk.rows).to_have_count(_named("05"))
    desk.press("library.edit.title", title="Sturmflut 055")
    form = desk.page.get_by_role("dialog", name=desk.say("edit.title"))
    title = form.get_by_label(desk.say("edit.headline"))
    expect(title).to_have_value("Sturmflut 055")
    title.fill("Sturmflut 055, berichtigt")
    form.get_by_label(desk.say("edit.published")).fill("1962-02-17")
    form.get_by_label(desk.say("edit.publisher")).fill("Elbe-Archiv")
    form.get_by_role("button", name=desk.say("edit.save")).click()
    expect(form).to_be_hidden()
    row = desk.rows.filter(has_text="Sturmflut 055, berichtigt")
    expect(row).to_contain_text("Elbe-Archiv")
    expect(row).to_contain_text("17.02.1962")
    stored = _stored(archive, "Sturmflut 055, berichtigt")
    assert stored == ("Elbe-Archiv", "1962-02-17")
    desk.page.reload()
    expect(row).to_contain_text("17.02.1962")


def test_an_edit_that_is_broken_off_changes_nothing(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open("?view=articles&search=Sturmflut 081")
    opener = desk.button("library.edit.title", title="Sturmflut 081")
    opener.click()
    form = desk.page.get_by_role("dialog", name=desk.say("edit.title"))
    form.get_by_label(desk.say("edit.headline")).fill("Falsch")
    desk.page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    expect(opener).to_be_focused()
    assert _stored(archive, "Sturmflut 081") == ("Küstenarchiv 4", "2015-03-23")


def _named(part: str) -> int:
    """How many of the articles made up have this in their title."""
    return sum(part in f"Sturmflut {number:03}" for number in range(1, MADE_UP + 1))


def _titles(desk: Visit) -> list[str]:
    expect(desk.page.locator(".listing")).not_to_have_attribute("aria-busy", "true")
    return desk.rows.locator(".col-title a").all_inner_texts()


def _pager(desk: Visit) -> Locator:
    return desk.page.get_by_role("navigation", name=desk.say("library.pages"))


def _stored(site: Site, title: str) -> tuple[str | None, str] | None:
    """Publisher and day of the article with that title, as the index has it."""
    with Index.open(site.folder) as index:
        for article in index.articles():
            if article.title == title:
                return article.publisher, str(article.published)
    return None
