"""Adding: files are dropped, progress is told, Cancel leaves a whole index, refusals have reasons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from index import Index
from tests.browser.articles import long_texts

if TYPE_CHECKING:
    from tests.browser.conftest import Site, Visiting

LIBRARY = "?view=articles"
FEW = 40
MANY = 160
LONG = 120_000
"""Milliseconds, for additions on machines that do other things too."""
DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) {
    transfer.items.add(new File([text], name, {type: "text/plain"}));
  }
  const told = {bubbles: true, cancelable: true, dataTransfer: transfer};
  document.body.dispatchEvent(new DragEvent("dragover", told));
  document.body.dispatchEvent(new DragEvent("drop", told));
}"""
WATCH_PROGRESS = """() => {
  window.told = [];
  const add = () => {
    const line = document.querySelector(".progressline");
    if (line?.offsetParent) window.told.push([performance.now(), line.textContent]);
  };
  new MutationObserver(add).observe(document.body, {subtree: true, childList: true});
}"""


def test_files_are_dropped_anywhere(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open()
    desk.page.evaluate(
        DROP,
        [
            [
                "mühle.txt",
                "Die Mühle von Oberlangen\n\nDie Mühle von Oberlangen wurde 1787 gebaut.",
            ],
            ["brücke.md", "# Die Brücke\n\nDie Brücke über die Wilde Ache ist 93 Meter lang."],
        ],
    )
    report = desk.page.locator(".report")
    expect(report).to_be_visible()
    expect(report).to_contain_text("2")
    expect(desk.page.get_by_role("link", name="Die Mühle von Oberlangen")).to_be_visible()
    desk.link("nav.ask").click()
    desk.ask("Wie lang ist die Brücke über die Wilde Ache?")
    expect(desk.views.first).to_contain_text("93 Meter")


def test_what_is_read_comes_into_every_count(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(LIBRARY)
    before = _articles(archive)
    holds = desk.page.locator(".library .holds")
    expect(holds).to_contain_text(desk.say("holdings.articles.other", count=before))
    desk.upload([("kahn.txt", "Der Kahn\n\nDer letzte Kahn auf der Wümme hieß Hoffnung.")])
    expect(desk.page.locator(".report")).to_be_visible()
    expect(holds).to_contain_text(desk.say("holdings.articles.other", count=before + 1))
    # The same file once more is no other article.
    desk.upload([("kahn.txt", "Der Kahn\n\nDer letzte Kahn auf der Wümme hieß Hoffnung.")])
    expect(desk.page.locator(".report")).to_have_count(2)
    assert _articles(archive) == before + 1


def test_progress_is_told_while_it_goes_on(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(LIBRARY)
    desk.page.evaluate(WATCH_PROGRESS)
    desk.upload(long_texts(FEW, "Fluss"))
    bar = desk.page.get_by_role("progressbar", name=desk.say("adding.title"))
    expect(bar).to_have_attribute("max", str(FEW))
    expect(desk.page.locator(".report")).to_be_visible(timeout=LONG)
    expect(bar).to_be_hidden()
    told = [(moment, text) for moment, text in desk.page.evaluate("window.told") if text]
    moments = [moment for moment, _ in told]
    gaps = [after - before for before, after in pairwise(moments)]
    # Twice a second, as bench.page measures; here only that it does not stand still.
    assert max(gaps) < 5_000
    of = desk.say("adding.of", done="{}", total=FEW)
    counts = [n for n in range(FEW + 1) for _, text in told if text.startswith(of.format(n))]
    assert counts == sorted(counts)
    assert len(set(counts)) >= 3
    for key in ("adding.rate.other", "adding.left.seconds"):
        pattern = re.escape(desk.say(key, count="7")).replace("7", r"\d+")
        assert any(re.search(pattern, text) for _, text in told), key


def test_cancel_leaves_a_whole_index(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(LIBRARY)
    before = _articles(archive)
    desk.upload(long_texts(MANY, "Bach"))
    bar = desk.page.get_by_role("progressbar", name=desk.say("adding.title"))
    desk.added(8)
    desk.press("adding.cancel")
    report = desk.page.locator(".report")
    expect(report).to_contain_text(desk.say("adding.cancelled"))
    expect(bar).to_be_hidden()
    # What was at hand is stored, and told; then a question is answered from all of it.
    with Index.open(archive.folder) as index:
        assert index.verify().damage == ()
    added = _articles(archive) - before
    assert 8 <= added < MANY
    expect(report).to_contain_text(re.compile(rf"\b{added}\b"))
    holds = desk.page.locator(".library .holds")
    expect(holds).to_contain_text(desk.say("holdings.articles.other", count=before + added))
    desk.open().ask("Wo stand der Pegel am 13. Tag der Bach-Messung 3?")
    expect(desk.answer).to_contain_text("39 Zentimeter")


def test_what_is_refused_is_named_with_its_reason(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(LIBRARY)
    desk.upload([("leer.txt", " \n"), ("gut.txt", "Gut\n\nDas Gut Hasenkamp hat 14 Kühe.")])
    report = desk.page.locator(".report")
    expect(report).to_contain_text(desk.say("adding.failed"))
    refused = report.get_by_role("listitem")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text("leer.txt: ")
    assert len(refused.inner_text()) > len("leer.txt: ") + 10, "no reason is told"
    # It stays listed until it succeeds or is forgotten.
    desk.page.reload()
    folded = desk.page.locator(
        ".library details", has_text=desk.say("library.failures.one", count=1)
    )
    folded.locator("summary").click()
    expect(folded.get_by_role("listitem")).to_contain_text("leer.txt: ")
    desk.press("library.forget.name", name="leer.txt")
    expect(folded).to_have_count(0)


def test_a_refused_file_is_tried_again(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(LIBRARY)
    desk.upload([("später.txt", " ")])
    again = desk.page.locator(".report").get_by_role(
        "button", name=desk.say("adding.again.name", name="später.txt")
    )
    again.click()
    expect(desk.page.locator(".report")).to_have_count(2)
    desk.upload([("später.txt", "Später\n\nDas Schiff Albatros lief erst um 19 Uhr ein.")])
    expect(desk.page.locator(".report")).to_have_count(3)
    expect(desk.page.get_by_role("link", name="Später")).to_be_visible()
    expect(desk.page.locator(".library details", has_text="später.txt")).to_have_count(0)


def test_files_that_are_chosen_meanwhile_wait_for_their_turn(
    visit: Visiting, archive: Site
) -> None:
    desk = visit(archive).open(LIBRARY)
    desk.upload(long_texts(16, "Graben"))
    bar = desk.page.get_by_role("progressbar", name=desk.say("adding.title"))
    expect(bar).to_be_visible()
    desk.upload([("nachzügler.txt", "Nachzügler\n\nDer Nachzügler heißt Emil Barkhorn.")])
    expect(desk.page.locator(".report")).to_have_count(2, timeout=LONG)
    expect(desk.page.get_by_role("link", name="Nachzügler")).to_be_visible()
    assert _has(archive, ["Graben-Messung 1", "Graben-Messung 16", "Nachzügler"])


def test_adding_goes_on_while_other_views_are_looked_at(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(LIBRARY)
    desk.upload(long_texts(16, "Kanal"))
    expect(desk.page.get_by_role("progressbar")).to_be_visible()
    desk.link("nav.ask").click()
    running = desk.page.locator(".masthead .running")
    expect(running).to_be_visible()
    running.click()
    expect(desk.page.locator(".report")).to_be_visible(timeout=LONG)
    expect(running).to_be_hidden()
    assert _has(archive, ["Kanal-Messung 1", "Kanal-Messung 16"])


def test_a_line_of_a_table_that_cannot_be_read_is_named(visit: Visiting, archive: Site) -> None:
    desk = visit(archive).open(LIBRARY)
    good = json.dumps({"title": "Zeile eins", "text": "Die Fähre nach Wangersiel fährt um 7 Uhr."})
    desk.upload([("liste.jsonl", f"{good}\n{{kaputt\n")])
    refused = desk.page.locator(".report").get_by_role("listitem")
    expect(refused).to_contain_text("liste.jsonl")
    assert _has(archive, ["Zeile eins"])
    folded = desk.page.locator(".library details").filter(has=desk.page.locator(".failed"))
    folded.locator("summary").click()
    expect(folded.get_by_role("listitem").filter(has_text="liste.jsonl")).to_have_count(1)
    desk.press("library.forget.all")
    expect(folded).to_have_count(0)


def _articles(site: Site) -> int:
    with Index.open(site.folder) as index:
        return index.holdings().articles


def _has(site: Site, titles: Iterable[str]) -> bool:
    with Index.open(site.folder) as index:
        return set(titles) <= {article.title for article in index.articles()}
