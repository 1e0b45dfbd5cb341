"""Nothing that articles, files, addresses or questions hold runs as a script; nobody else is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect

from index import Index
from tests.browser.payloads import PAYLOADS, Payload

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

    from tests.browser.conftest import Site, Visiting
    from tests.browser.visit import Visit

VALUED = "Wie hoch wurde Scale AI bewertet?"
LONG = 120_000
FOREIGN = """() => [...document.querySelectorAll(
    "iframe, object, embed, base, style, math, video, audio, img, marquee, form[action], template"),
  ...[...document.querySelectorAll("*")].filter(one =>
    [...one.attributes].some(({name}) => name.startsWith("on"))),
  ...[...document.querySelectorAll("script")].filter(one =>
    one.id !== "texts" && !one.src.startsWith(location.origin + "/static/page/")),
  ...[...document.querySelectorAll("a[href]")].filter(one =>
    !["http:", "https:"].includes(one.protocol)),
].map(one => one.outerHTML.slice(0, 160))"""
"""What the page never makes: elements and attributes that can run or load something."""

GO = """address => {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}"""
"""To a place of the page without loading it."""


def test_the_payloads_run_where_nothing_stops_them(browser: Browser) -> None:
    page = browser.new_page()
    ran = set[int]()
    page.expose_function("ran", lambda number: ran.add(number))
    for payload in PAYLOADS:
        page.goto("about:blank")  # a document of its own
        page.set_content(payload.unsafe_page)
        if payload.sink == "link":
            page.locator("a").click()
        _until(page, lambda number=payload.number: number in ran)  # type: ignore[misc]
    page.close()
    assert ran == {payload.number for payload in PAYLOADS}


def test_none_of_fifty_payloads_runs_from_articles(visit: Visiting, archive: Site) -> None:
    desk = visit(archive)
    ran = _watch(desk)
    desk.open("?view=articles")
    desk.upload([("archiv.jsonl", "\n".join(map(_row, PAYLOADS)))])
    expect(desk.page.locator(".report")).to_be_visible(timeout=LONG)
    expect(desk.page.locator(".report .failed")).to_have_count(0)

    form = desk.show_filters()  # every publisher, then one of them as a chip
    form.get_by_role("searchbox").fill("ran(")
    form.get_by_role("checkbox", name="<svg onload").first.check()
    _harmless(desk, ran)
    form.get_by_role("button", name=desk.say("filter.apply")).click()
    expect(desk.page.locator(".library .chips li")).to_have_count(1)
    expect(desk.rows).to_have_count(1)
    desk.rows.first.get_by_role("checkbox").check()
    desk.rows.first.get_by_role("button").click()
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    _harmless(desk, ran)
    desk.page.keyboard.press("Escape")

    desk.open("?view=articles&search=ran(")
    expect(desk.rows).to_have_count(50)
    _harmless(desk, ran)
    desk.open("?view=insight")
    expect(desk.page.get_by_role("link", name="<svg onload").first).to_be_visible()
    _harmless(desk, ran)

    ids = _ids(archive)
    desk.open()
    for payload in PAYLOADS:
        desk.page.evaluate(GO, f"?article={ids[payload.number]}")
        expect(desk.pane.get_by_role("article")).to_contain_text("Quarrenheim")
        expect(desk.pane.get_by_role("article")).to_contain_text(f"ran({payload.number})")
        _harmless(desk, ran)


def test_none_of_fifty_payloads_runs_from_answers(visit: Visiting, archive: Site) -> None:
    desk = visit(archive)
    ran = _watch(desk)
    _add(archive, desk, PAYLOADS)
    for number in (5, 11, 34, 41):
        question = f"Wie viele Fenster hat das Haus Nummer {number} von Quarrenheim?"
        desk.open().ask(question)
        desk.answer.locator(".further > summary").click()
        expect(desk.answer).to_contain_text("ran(")
        _harmless(desk, ran)
        desk.answer.get_by_role("link", name=desk.say("answer.read"), exact=False).first.click()
        expect(desk.pane.get_by_role("article")).to_be_visible()
        _harmless(desk, ran)
        desk.press("reader.close")
        desk.answer.get_by_text(desk.say("export.title")).click()
        with desk.page.expect_download():
            desk.press("export.markdown")
        _harmless(desk, ran)


def test_none_of_fifty_payloads_runs_on_the_articles_own_pages(
    visit: Visiting, archive: Site
) -> None:
    desk = visit(archive)
    ran = _watch(desk)
    _add(archive, desk, PAYLOADS)
    for article in _ids(archive).values():
        desk.page.goto(f"{archive.address}/artikel/{article}?von=0&bis=40")
        expect(desk.page.locator("#stelle")).to_be_visible()
        assert (
            desk.page.locator("script, img, svg, iframe, input, [onerror], [onload]").count() == 0
        )
        links = desk.page.locator("a[href]").evaluate_all("all => all.map(one => one.protocol)")
        assert set(links) <= {"http:", "https:"}
        assert ran == []


def test_none_of_fifty_payloads_runs_from_names_of_files(visit: Visiting, archive: Site) -> None:
    desk = visit(archive)
    ran = _watch(desk)
    desk.open("?view=articles")
    desk.upload(
        (payload.file_name, f"Das Boot {payload.number}." if payload.number % 2 else " ")
        for payload in PAYLOADS
    )
    report = desk.page.locator(".report")
    expect(report).to_be_visible(timeout=LONG)
    expect(report.get_by_role("listitem")).to_have_count(25)
    expect(report).to_contain_text("ran(2)")
    _harmless(desk, ran)
    folded = desk.page.locator(".library details").filter(has=desk.page.locator(".failed"))
    folded.locator("summary").click()
    _harmless(desk, ran)
    desk.open("?view=articles&search=.txt")
    expect(desk.rows.first).to_be_visible()
    for payload in PAYLOADS[::10]:
        desk.page.get_by_role("link", name=f"Das Boot {payload.number}.", exact=True).click()
        expect(desk.pane.locator(".facts")).to_contain_text(f"ran({payload.number})")
        _harmless(desk, ran)
        desk.press("reader.close")
    desk.page.locator(".library details").filter(has=desk.page.locator(".failed")).locator(
        "summary"
    ).click()
    desk.press("library.forget.all")
    expect(desk.page.locator(".failed")).to_have_count(0)


def test_none_of_fifty_payloads_runs_from_addresses_and_questions(visit: Visiting) -> None:
    desk = visit()
    desk.forgive("40[04]|414")
    ran = _watch(desk)
    for payload in PAYLOADS:
        part = quote(payload.text, safe="")
        names = ("since", "publisher", "language", "article", "at", "search", "sort", "lang")
        everywhere = "&".join(f"{name}={part}" for name in names)
        address = f"?view=articles&{everywhere}#{part}"
        if payload.number % 5 != 1:
            desk.page.evaluate(GO, address)
        else:
            desk.open(address)
        expect(desk.page.get_by_role("searchbox").first).to_be_visible()
        _harmless(desk, ran)
    for payload in PAYLOADS[::8]:
        desk.open(f"?q={quote(payload.text, safe='')}&after={quote(payload.text, safe='')}")
        expect(desk.answer.get_by_role("heading", level=2)).to_have_text(
            re.compile(rf"ran\({payload.number}\)")
        )
        expect(desk.answer.locator(".actions, .problem").first).to_be_visible()
        _harmless(desk, ran)
    desk.open()
    expect(desk.page.get_by_role("region", name=desk.say("history.title"))).to_contain_text("ran(")
    _harmless(desk, ran)


def test_no_address_of_a_script_becomes_a_link(visit: Visiting) -> None:
    """Not even where the server lets one through."""
    desk = visit()
    ran = _watch(desk)
    addresses = [payload.text for payload in PAYLOADS if payload.sink == "link"]
    runs = [{"text": text, "start": 0, "style": None, "href": text} for text in addresses]
    article = {
        "article_id": "0123456789ab",
        "headline": "Links",
        "has_title": True,
        "publisher": None,
        "published": None,
        "published_words": None,
        "authors": [],
        "language": "de",
        "name": "links.txt",
        "also_in": [],
        "blocks": [{"kind": "paragraph", "level": 0, "runs": runs}],
    }
    desk.page.route(
        "**/api/articles/*",
        lambda route: route.fulfill(json={**article, "link": addresses[0]}),
    )
    desk.open("?article=0123456789ab")
    expect(desk.pane.get_by_role("article")).to_contain_text(addresses[-1])
    _harmless(desk, ran)


def test_the_policy_forbids_what_the_page_does_not_need(visit: Visiting) -> None:
    desk = visit()
    seen = list[tuple[str, str]]()

    def note(response: Response) -> None:
        headers = response.all_headers()
        seen.append((response.url, headers.get("content-security-policy", "")))
        assert headers["x-content-type-options"] == "nosniff"

    desk.page.on("response", note)
    desk.open().ask(VALUED)
    desk.cite(1)
    desk.page.goto(f"{desk.address}/?view=insight")
    expect(desk.page.get_by_role("img").first).to_be_visible()
    assert len(seen) > 20
    for url, policy in seen:
        assert "default-src 'none'" in policy, url
        assert "frame-ancestors 'none'" in policy, url
        assert "base-uri 'none'" in policy, url
        assert "unsafe-" not in policy, url
        assert "*" not in policy, url
    page = next(policy for url, policy in seen if urlsplit(url).path == "/")
    assert "script-src 'self'" in page
    # It is not only said: neither eval nor a script in the page runs.
    desk.forgive("Content Security Policy|CSP|TrustedScript|TrustedHTML")
    assert desk.page.evaluate(
        """() => { try { setTimeout("window.evil = 1"); } catch {}
            const script = document.createElement("script");
            try { script.textContent = "window.evil = 1"; document.body.append(script); } catch {}
            return new Promise(done => setTimeout(() => done(window.evil === undefined), 100)); }"""
    )


@pytest.mark.parametrize("place", ["", f"?q={VALUED}", "?view=articles", "?view=insight"])
def test_the_first_view_is_small_and_asks_nobody_else(visit: Visiting, place: str) -> None:
    desk = visit()
    responses = list[Any]()
    desk.page.on("response", lambda response: responses.append(response))
    desk.open(place)
    desk.page.wait_for_load_state("networkidle")
    if place.startswith("?q"):
        desk.answered(VALUED)
    sizes = [response.request.sizes() for response in responses]
    sent = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    assert 5 < len(responses) < 25
    assert 10_000 < sent < 250_000
    assert desk.hosts == {urlsplit(desk.address).netloc}


def _watch(desk: Visit) -> list[int]:
    """The numbers of the payloads that have run."""
    ran = list[int]()
    desk.context.expose_function("ran", lambda number: ran.append(number))
    return ran


def _harmless(desk: Visit, ran: list[int]) -> None:
    assert desk.page.evaluate(FOREIGN) == []
    assert ran == []


def _row(payload: Payload) -> str:
    number, text = payload.number, payload.text
    link = text if payload.sink == "link" else f"https://example.org/{number}?{text}"
    return json.dumps(
        {
            "title": f"{text} {number}",
            "text": f"Das Haus Nummer {number} von Quarrenheim, {text}, hat {number + 60} Fenster.\n\n"
            f"[Mehr]({text})\n\n{text}\n",
            "publisher": f"{text} {number}",
            "authors": [text],
            "url": link,
            "id": f"haus-{number}",
        }
    )


def _add(site: Site, desk: Visit, payloads: Iterable[Payload]) -> None:
    """Add the articles, unless another test has."""
    if _ids(site):
        return
    desk.open("?view=articles")
    desk.upload([("archiv.jsonl", "\n".join(map(_row, payloads)))])
    expect(desk.page.locator(".report")).to_be_visible(timeout=LONG)


def _ids(site: Site) -> dict[int, str]:
    """The articles by the numbers of their payloads."""
    with Index.open(site.folder) as index:
        titles = {article.title: article.article_id for article in index.articles()}
    found = {re.search(r"ran\((\d+)\).* \1$", title): id for title, id in titles.items()}
    return {int(match[1]): id for match, id in found.items() if match}


def _until(page: Page, condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(50)
