"""The overview: articles over time, publishers, languages, the runs of evaluations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Visiting
    from tests.browser.visit import Visit


def test_articles_over_time(visit: Visiting) -> None:
    desk = visit().open("?view=insight")
    part = _part(desk, "insight.months")
    plot = part.get_by_role("img")
    expect(plot).to_have_attribute("aria-label", re.compile("Mai 2018.*Juni 2025"))
    assert plot.locator("rect").count() == 12 * 7 + 2, "one for each month, also without articles"
    part.get_by_text(desk.say("insight.as_table")).click()
    rows = part.get_by_role("table").get_by_role("row")
    expect(rows.filter(has_text="Oktober 2019")).to_contain_text("1")
    told = [int(row.split()[-1]) for row in rows.all_inner_texts()[1:]]
    undated = 3
    assert sum(told) + undated == 15
    expect(part).to_contain_text(desk.say("insight.undated.other", count=undated))


def test_publishers_and_languages_lead_to_their_articles(visit: Visiting) -> None:
    desk = visit().open("?view=insight")
    publishers = _part(desk, "insight.publishers")
    expect(publishers.get_by_role("listitem").first).to_contain_text("The Millbrook Courier")
    expect(publishers.get_by_role("listitem").first).to_contain_text("3")
    languages = _part(desk, "insight.languages")
    expect(languages.get_by_role("listitem")).to_have_count(2)
    languages.get_by_role("link", name="Englisch").click()
    expect(desk.chip("Englisch")).to_be_visible()
    expect(desk.rows).to_have_count(4)
    desk.page.go_back()
    publishers.get_by_role("link", name="The Millbrook Courier").click()
    expect(desk.rows).to_have_count(3)


def test_runs_of_evaluations_are_plots(visit: Visiting) -> None:
    desk = visit().open("?view=insight")
    part = _part(desk, "insight.evaluations")
    for name, first, last in (("R@1", "0,82", "0,91"), ("MRR", "0,87", "0,96")):
        told = desk.say("insight.curve", name=name, first=first, last=last)
        curve = part.get_by_role("img", name=told, exact=True)
        expect(curve).to_be_visible()
        points = curve.locator("polyline").get_attribute("points") or ""
        heights = [float(point.split(",")[1]) for point in points.split()]
        assert heights == sorted(heights, reverse=True), "better is higher"
    rows = part.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("fragen.jsonl")
    expect(rows.nth(1)).to_contain_text("75")


def _part(desk: Visit, key: str) -> Locator:
    heading = desk.page.get_by_role("heading", name=desk.say(key), exact=True, level=2)
    return desk.page.locator("section.insight section").filter(has=heading)
