"""One person at the page: what they do and see, and what their browser notices meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from playwright.sync_api import expect

from index.translation import speaking
from qa.web.labels import labels

if TYPE_CHECKING:
    from playwright.sync_api import (
        BrowserContext,
        ConsoleMessage,
        FilePayload,
        Locator,
        Page,
        Response,
    )

PATIENCE = 30_000
"""Milliseconds, for machines that do other things too."""


class Visit:
    """A browser with a memory of its own, at the page of ``address``.

    ``texts`` are the page's in the language of the visit, so that what is looked for is called as
    people see it.
    """

    def __init__(self, context: BrowserContext, address: str, language: str) -> None:
        self.context = context
        self.address = address
        with speaking(language):
            self.texts = labels()
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.requests: list[str] = []
        self._forgiven: list[str] = []
        context.set_default_timeout(PATIENCE)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("response", self._response)
        context.on("request", lambda request: self._request(request.url))
        self.page: Page = context.new_page()

    # ---- what a person does ----------------------------------------------------------------------

    def open(self, query: str = "") -> Visit:
        """Go to the page, or to a place of it."""
        self.page.goto(f"{self.address}/{query}")
        expect(self.page.get_by_role("banner")).to_be_visible()
        return self

    def ask(self, question: str) -> Visit:
        """Ask a question and wait for its answer."""
        self.send(question)
        return self.answered(question)

    def send(self, question: str) -> None:
        """Ask a question and wait for nothing."""
        self.question.fill(question)
        self.question.press("Enter")

    def answered(self, question: str) -> Visit:
        """Wait for the answer to a question."""
        heading = self.answer.get_by_role("heading", name=question, exact=True, level=2)
        expect(heading).to_be_visible()
        expect(self.answer.locator(".actions")).to_be_visible()
        return self

    def cite(self, number: int) -> Locator:
        """Open the article of a citation; the pane."""
        name = self.say("answer.read.n", n=number)
        link = self.answer.get_by_role("link", name=name, exact=True)
        if not link.is_visible():
            self.answer.locator(".further > summary").click()
        link.click()
        expect(self.marks(number).first).to_be_visible()
        return self.pane

    def show_filters(self) -> Locator:
        """Unfold the filters of the view that is shown; the form."""
        form = self.page.locator("form.filterform")
        if not form.is_visible():
            form.locator("xpath=preceding-sibling::summary").click()
        return form

    def chip(self, name: str) -> Locator:
        """A filter that holds, by what it says."""
        held = self.page.get_by_role("list", name=self.say("filter.held"), exact=True)
        return held.get_by_role("button", name=self.say("filter.remove", filter=name), exact=True)

    def press(self, key: str, **values: object) -> None:
        """Press the button that is called so."""
        self.button(key, **values).click()

    def upload(self, files: Iterable[tuple[str, str]]) -> None:
        """Choose files to be added; names and contents."""
        chosen = [
            {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
            for name, text in files
        ]
        self.page.locator("input[type=file]").set_input_files(cast("list[FilePayload]", chosen))

    def added(self, count: int) -> None:
        """Wait until at least so many files of an addition have been read."""
        script = """count => new Promise(resolve => {
          const look = () => {
            const bar = document.querySelector("progress");
            // While files are sent, it counts bytes.
            if (bar.value >= count && bar.max < 1_000) resolve();
            else setTimeout(look, 50);
          };
          look();
        })"""
        self.page.evaluate(script, count)

    # ---- what a person sees ----------------------------------------------------------------------

    def say(self, key: str, **values: object) -> str:
        """A text of the page in the language of the visit."""
        return self.texts[key].format(**values)

    def button(self, key: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.say(key, **values), exact=True)

    def link(self, key: str, **values: object) -> Locator:
        return self.page.get_by_role("link", name=self.say(key, **values), exact=True)

    @property
    def question(self) -> Locator:
        """The line in which is asked."""
        return self.page.get_by_role("textbox", name=self.say("ask.question"), exact=True)

    @property
    def answer(self) -> Locator:
        """What stands beneath a question."""
        return self.page.locator(".result")

    @property
    def views(self) -> Locator:
        """The cards of the answer's views."""
        return self.page.get_by_role("list", name=self.say("answer.views"), exact=True).get_by_role(
            "listitem"
        )

    @property
    def pane(self) -> Locator:
        """The article beside the answer."""
        return self.page.get_by_role("dialog")

    def marks(self, number: int) -> Locator:
        """The parts of a citation's mark in the article."""
        begun = self.pane.locator("mark.cited").and_(
            self.page.locator(f'[data-n="{number}"], [data-n^="{number},"], [data-n$=", {number}"]')
        )
        return begun

    @property
    def rows(self) -> Locator:
        """The articles of the listing."""
        return self.page.get_by_role("table").locator("tbody tr")

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        root = "document.documentElement"
        return int(self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))

    # ---- what the browser notices ----------------------------------------------------------------

    def forgive(self, pattern: str) -> None:
        """An error that a test brings about is none of the page's."""
        self._forgiven.append(pattern)

    def close(self) -> None:
        """End the visit. Fails where the browser complained or asked another host."""
        self.context.close()
        errors = [
            error
            for error in self.errors
            if not any(re.search(pattern, error) for pattern in self._forgiven)
        ]
        assert errors == []
        assert self.hosts <= {urlsplit(self.address).netloc}

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")

    def _request(self, url: str) -> None:
        self.requests.append(url)
        if not url.startswith(("data:", "blob:")):
            self.hosts.add(urlsplit(url).netloc)
