"""Light and dark: as the system has it, or as chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visiting
    from tests.browser.visit import Visit


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_systems_theme_holds(visit: Visiting, scheme: str) -> None:
    desk = visit(color_scheme=scheme).open()
    assert _is_dark(desk) == (scheme == "dark")


def test_the_chosen_theme_stays(visit: Visiting) -> None:
    desk = visit(color_scheme="light").open()
    desk.press("theme.dark")
    assert _is_dark(desk)
    desk.page.reload()
    expect(desk.button("theme.light")).to_be_visible()
    assert _is_dark(desk)
    desk.press("theme.light")
    assert not _is_dark(desk)
    # The system's change of mind does not change a choice.
    desk.page.emulate_media(color_scheme="dark")
    assert not _is_dark(desk)


def test_without_a_choice_the_page_follows_the_system(visit: Visiting) -> None:
    desk = visit(color_scheme="light").open()
    desk.page.emulate_media(color_scheme="dark")
    assert _is_dark(desk)
    expect(desk.button("theme.light")).to_be_visible()


def test_the_articles_own_page_is_dark_too(visit: Visiting) -> None:
    desk = visit(color_scheme="dark").open("?view=articles")
    desk.rows.first.get_by_role("link").click()
    with desk.context.expect_page() as opened:
        desk.pane.get_by_role("link", name=desk.say("reader.alone")).click()
    ink = opened.value.evaluate("getComputedStyle(document.body).color")
    assert min(int(part) for part in re.findall(r"\d+", ink)) > 150


def _is_dark(desk: Visit) -> bool:
    background = desk.page.evaluate("getComputedStyle(document.body).backgroundColor")
    return max(int(part) for part in re.findall(r"\d+", background)[:3]) < 100
