"""Reading: the article beside the answer, with every citation of it marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from playwright.sync_api import expect

from tests.browser.articles import COIN, FIRST_SENTENCE, HEIGHT

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Visiting

LEADER = "Wer leitet Scale AI?"
COST = "Wie teuer war der Bau des Windparks Sandholm-Riff?"
MACHINE = ("file:", "/home/archiv", "geheim", "/tmp/")
"""What only the machine that serves the page knows of its articles' files."""


def test_every_citation_of_the_article_is_marked(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    pane = desk.cite(1)
    quotes = _quotes(desk.answer)
    assert len(quotes) >= 2
    for number, quote in quotes.items():
        start = desk.marks(number).first.get_attribute("data-marks")
        parts = pane.locator(f'mark[data-marks="{start}"]').all_inner_texts()
        assert _plain("".join(parts)) == _plain(quote)


def test_the_clicked_citation_is_in_view(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    for number in (2, 1, 2):
        desk.cite(number)
        current = desk.pane.locator("mark.current").first
        expect(current).to_have_attribute("data-n", str(number))
        expect(current).to_be_in_viewport()
        other = desk.marks(3 - number).first
        expect(other).not_to_be_in_viewport()


def test_next_and_previous_go_from_citation_to_citation(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    desk.cite(1)
    count = desk.pane.locator("mark[data-n]").count()
    current = desk.pane.locator("mark.current").first
    # The order is that of the text, and goes round.
    order = desk.pane.locator("mark[data-n]").evaluate_all("all => all.map(one => one.dataset.n)")
    place = order.index("1")
    desk.press("reader.next")
    expect(current).to_have_attribute("data-n", order[(place + 1) % count])
    expect(current).to_be_in_viewport()
    desk.press("reader.previous")
    expect(current).to_have_attribute("data-n", "1")
    expect(current).to_be_in_viewport()
    expect(desk.pane).to_contain_text(desk.say("reader.place", n=1, place=place + 1, count=count))


def test_the_article_is_rendered_and_shows_no_markdown(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    text = desk.cite(1).get_by_role("article")
    expect(text.get_by_role("heading", name="Der erste Bau")).to_be_visible()
    expect(text.get_by_role("listitem").first).to_have_text("Die Glocken kamen aus Apolda.")
    expect(text.locator("strong")).to_have_text("41 Meter")
    expect(text.locator("em")).to_have_text("aus dem Ort")
    expect(text.locator("blockquote")).to_contain_text("Ein Turm für alle")
    assert not re.search(r"^\s*[#>-]|\*", text.inner_text(), re.MULTILINE)


def test_what_is_known_of_the_article_stands_above_it(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    pane = desk.cite(1)
    expect(pane.get_by_role("heading", level=2)).to_have_text("Die Chronik von Niederwalden")
    for fact in ("Niederwaldener Bote", "14.03.2021", "Almut Reger, Jan Ohlsen"):
        expect(pane.locator(".facts")).to_contain_text(fact)
    original = pane.get_by_role("link", name=desk.say("reader.original", name="example.org"))
    expect(original).to_have_attribute("href", "https://example.org/niederwalden/chronik")
    expect(original).to_have_attribute("rel", re.compile("noopener"))
    # The title is there once, not once more as the first heading of the text.
    expect(pane.get_by_role("heading", name="Die Chronik von Niederwalden")).to_have_count(1)


def test_why_a_passage_was_found(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    pane = desk.cite(1)
    pane.get_by_text(desk.say("why.title")).click()
    table = pane.get_by_role("table")
    for way in ("why.all", "why.dense", "why.lexical"):
        row = table.get_by_role("row").filter(has_text=desk.say(way))
        expect(row.get_by_role("cell").first).to_have_text(re.compile(r"^\d+$"))
        expect(row.get_by_role("cell").last).to_have_text(re.compile(r"^-?\d+(,\d+)?$"))


def test_copies_are_named_and_can_be_read(visit: Visiting) -> None:
    desk = visit().open().ask(COST)
    copy = desk.answer.get_by_role("link", name="Binnenländer Morgenpost").first
    expect(copy.locator("xpath=..")).to_contain_text(desk.say("answer.also_in"))
    copy.click()
    expect(desk.pane.locator(".facts")).to_contain_text("Binnenländer Morgenpost")


def test_an_untitled_article_is_headed_by_its_first_sentence(visit: Visiting) -> None:
    desk = visit().open().ask(COIN)
    expect(desk.answer.locator(".citation cite").first).to_have_text(FIRST_SENTENCE)
    pane = desk.cite(1)
    expect(pane.get_by_role("heading", level=2)).to_have_text(FIRST_SENTENCE)
    with desk.context.expect_page() as opened:
        pane.get_by_role("link", name=desk.say("reader.alone")).click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text(FIRST_SENTENCE)
    desk.open("?view=articles")
    expect(desk.page.get_by_role("link", name=FIRST_SENTENCE, exact=True)).to_be_visible()


def test_no_path_of_the_machine_is_shown(visit: Visiting) -> None:
    desk = visit().open().ask(COIN)
    shown = [desk.page.content()]
    pane = desk.cite(1)
    expect(pane.get_by_text("notiz-7.txt").first).to_be_visible()
    shown.append(desk.page.content())
    with desk.context.expect_page() as opened:
        pane.get_by_role("link", name=desk.say("reader.alone")).click()
    opened.value.wait_for_load_state()
    shown.append(opened.value.content())
    for place in ("?view=articles", "?view=insight"):
        desk.open(place)
        expect(
            desk.page.get_by_role("main").get_by_role("heading", level=2).or_(desk.rows).first
        ).to_be_visible()
        shown.append(desk.page.content())
    for content in shown:
        assert [part for part in MACHINE if part in content] == []


def test_the_articles_own_page_marks_the_place(visit: Visiting) -> None:
    desk = visit().open().ask(HEIGHT)
    pane = desk.cite(2)
    quote = _quotes(desk.answer)[2]
    with desk.context.expect_page() as opened:
        pane.get_by_role("link", name=desk.say("reader.alone")).click()
    article = opened.value
    expect(article.locator("#stelle")).to_be_in_viewport()
    marked = "".join(article.locator("mark").all_inner_texts())
    assert _plain(quote).startswith(_plain(marked)) or _plain(marked) == _plain(quote)
    assert marked


def test_an_article_that_is_gone_is_told_in_words(visit: Visiting) -> None:
    desk = visit()
    desk.forgive("404")
    desk.open("?article=000000000000")
    expect(desk.pane.get_by_role("heading", level=2)).to_have_text(desk.say("reader.missing"))
    response = desk.page.goto(urljoin(desk.address, "/artikel/000000000000"))
    assert response
    assert response.status == 404
    expect(desk.page.get_by_role("heading", level=1)).to_be_visible()


def _quotes(answer: Locator) -> dict[int, str]:
    """The quotes of an answer by their numbers, unfolded or not."""
    found = answer.locator(".citation").evaluate_all(
        """all => all.map(one => [one.querySelector(".number").textContent,
            one.querySelector("blockquote").textContent])"""
    )
    return {int(number): quote for number, quote in found}


def _plain(text: str) -> str:
    return " ".join(text.replace("*", "").split())
