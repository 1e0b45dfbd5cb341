"""Scripts in everything the page shows: texts, titles, sources, questions, reasons.

Right is: the markup has only elements and attributes that the page makes itself, and the text that
a reader sees is the one that came in. What the page's own script shows comes as JSON, which no
browser takes for anything else, and of addresses only those of the web come as links.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx

from index import Article, Hit, Index, Passage, Span, make_article
from qa import Answer, Citation, Normalized, TimeLimit, View, ask
from qa.show import article_page
from qa.show.sanitize import visible
from qa.web.shown import shown
from qa.web.start_page import as_data
from tests.fakes import WordEmbedder
from tests.hostile.case import Case
from tests.hostile.server import outcome, shared, upload

PAYLOADS = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//evil>",
    "<img src=x onerror=alert(1)>", '"><img src=x onerror=alert(1)>', "'><img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>", "<svg><animate onbegin=alert(1) attributeName=x>", "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>", "<a href='java\tscript:alert(1)'>x</a>", "<form action=javascript:alert(1)><button>x",
    "<button formaction=javascript:alert(1)>x", "<body onload=alert(1)>", "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)>", "<audio src onerror=alert(1)>",
    "<marquee onstart=alert(1)>", "<math><mtext><script>alert(1)</script>", "<style>*{background:url(//evil)}</style>",
    "<link rel=stylesheet href=//evil>", "<base href=//evil/>", "<meta http-equiv=refresh content='0;url=//evil'>",
    "<template><script>alert(1)</script></template>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><script>alert(1)</script>-->", "<![CDATA[<script>alert(1)</script>]]>", "<?xml-stylesheet href='javascript:alert(1)'?>",
    "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "</textarea><script>alert(1)</script>",
    "</p></section><script>alert(1)</script>", "</mark></blockquote><img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)", "` onmouseover=`alert(1)", "\" style=\"position:fixed;inset:0", "\" autofocus onfocus=alert(1) x=\"",
    "${alert(1)}", "{{alert(1)}}", "{{constructor.constructor('alert(1)')()}}", "#{alert(1)}", "<%= alert(1) %>", "{% raw %}x",
    "@click=alert(1)", "`${alert(1)}`", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;", "&amp;lt;", "\\u003cscript\\u003e",
    "\\x3cscript\\x3e", "<scr\x00ipt>alert(1)</script>", "<script\x0b>alert(1)</script>", "\u202e<script>\u202c", "\x1b]8;;http://evil\x07x",
    "\x1b[2J", "\u2066<b>\u2069", "＜script＞alert(1)＜/script＞", "<scrıpt>alert(1)</scrıpt>", "\u2028alert(1)\u2029", "\ufeff<script>",
    "<x" + "y" * 3_000 + " onclick=alert(1)>", "<" * 2_000, "[1](javascript:alert(1))", "![x](x\" onerror=\"alert(1))",
)  # fmt: skip
SOURCES = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x",
    "file:///etc/<script>alert(1)</script>.txt", "http://evil/\" onmouseover=\"alert(1)", "https://evil/'><script>alert(1)</script>",
    "http://[::1", "https://evil/${alert(1)}", "http://evil/\u202egnp.exe", " javascript:alert(1)", "upload:<img src=x onerror=alert(1)>.txt",
    "//evil/x", "blob:http://evil/x", "feed:javascript:alert(1)", "http:javascript:alert(1)",
)  # fmt: skip
ELEMENTS = {
    "html", "head", "meta", "link", "title", "style", "body", "nav", "main", "h1", "h2", "h3", "p", "a", "div", "mark",
    "h4", "h5", "h6", "blockquote", "strong", "em", "code", "pre", "hr", "ul", "li",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "rel", "href", "class", "id", "target",
}  # fmt: skip


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Each payload at each place where markup is made; then some of them through the server."""
    for payload in PAYLOADS:
        yield Case(f"parts: {payload[:30]!r}", partial(_parts, payload))
    if not quick:
        with Index.open(folder / "index", embedder=WordEmbedder()) as index:
            for number, payload in enumerate(PAYLOADS):
                yield Case(f"asked: {payload[:30]!r}", partial(_answer, index, payload, number))
    for source in SOURCES:
        yield Case(f"source: {source[:30]!r}", partial(_source, source))
    with shared().client() as client:
        some = PAYLOADS[:: 25 if quick else 3]
        for number, payload in enumerate(some):
            yield Case(
                f"served: {payload[:30]!r}", partial(_served, client, payload, number, quick)
            )


class _Markup(HTMLParser):
    """Every element and attribute must be one of the page's; the text is kept."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.told = ""
        self._style = False
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, f"<{tag}>"
        self._style = tag == "style"
        for name, value in attrs:
            assert name in ATTRIBUTES, f"<{tag} {name}>"
            if name == "href":
                given = value or ""
                assert given.startswith(
                    ("http://", "https://", "artikel/", "#beleg-", "../", "data:,")
                )

    def handle_endtag(self, tag: str) -> None:
        assert tag in ELEMENTS, f"</{tag}>"
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.told += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:50]}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data[:50]}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data[:50]}")


def _harmless(markup: str, payload: str | None = None) -> None:
    told = _Markup(markup).told
    for danger in ("${", "{{", "`", "\x1b", "\u202e", "\x00"):
        assert danger not in markup, repr(danger)
    if payload is not None:
        assert visible(payload) in told, told[:300]


def _no_strange_links(told: dict[str, Any]) -> None:
    """Only the web's addresses are links."""
    for source in told["sources"].values():
        assert source["link"] is None or source["link"].startswith(("http://", "https://"))
        assert source["headline"]


def _article(payload: str) -> Article:
    article = make_article(
        f"Der Turm von Hohenfels {payload} ist 77 Meter hoch.",
        source=f"mem:{payload}",
        language="de",
    )
    return replace(
        article, title=payload, authors=(payload,), publisher=payload, published=date(2024, 1, 2)
    )


def _parts(payload: str) -> None:
    article = _article(payload)
    made: tuple[Callable[[], str], ...] = (
        lambda: article_page.missing_article(payload),
        lambda: article_page.unreadable_article(payload),
        lambda: article_page.article(article, None),
        lambda: article_page.article(article, Span(3, len(article.text) - 3)),
    )
    for make in made:
        _harmless(make())
    assert "<" not in as_data({payload: payload})
    for found in (True, False):
        _no_strange_links(shown(replace(_answer_record(payload, article), found=found)))
    _harmless(article_page.article(article, None), payload)


def _answer_record(payload: str, article: Article) -> Answer:
    """An answer with the payload in all its texts."""
    start = article.text.index("77")
    passage = Passage(1, article, 0, len(article.text), (Span(0, len(article.text)),))
    others = (article,)
    citation = Citation(
        *(1, article.id, payload, f"https://a.example/{payload}", payload, date(2024, 1, 2)),
        *(start, start + 8, payload, 0.5, others),
    )
    view = View(payload, (1,), Normalized(77.0, payload), payload, payload)
    limit = TimeLimit(payload, date(2024, 1, 1), None)
    hits = (
        Hit(1, 0.5, passage, also_in=others),
        Hit(2, 0.4, replace(passage, start=start, end=start + 2)),
    )
    return Answer(
        *(payload, payload, payload, True, payload, 0.5, (view,), (citation,), (citation,), False),
        *(hits, limit),
    )


def _answer(index: Index, payload: str, number: int) -> None:
    """As an article that is found, with the payload as question too."""
    name = f"Hohenfels{number}"
    text = f"Der Turm von {name} ist 77 Meter hoch. {payload}"
    article = make_article(
        text,
        source=f"https://a.example/{number}",
        language="de",
        title=payload,
        publisher=payload,
        authors=(payload,),
    )
    report = index.add_articles([article])
    if report.failed:
        return
    for question in (f"Wie hoch ist der Turm von {name}?", f"{name} {payload}"[:2_000]):
        _no_strange_links(shown(ask(question, index)))
    _harmless(article_page.article(index.article(f"https://a.example/{number}"), None))


def _source(source: str) -> None:
    article = replace(_article("x"), source=source, title="")
    _harmless(article_page.article(article, None))


def _served(client: httpx.Client, payload: str, number: int, quick: bool) -> None:
    """Added as a line of JSON whose every field has it, listed, asked for, and read."""
    name = f"Wartburg{number}"
    record = {
        "text": f"Die Brücke von {name} ist 31 Meter lang. {payload}", "title": f"{name} {payload}",
        "url": f"https://b.example/{number}", "publisher": payload, "authors": [payload],
    }  # fmt: skip
    file = (f"{payload[:60]}.jsonl", json.dumps(record).encode())
    [path] = upload(client, file)
    message = outcome(client, 2, [{"files": [path]}], f"schutz-{number}")
    assert message["success"], message
    for question in () if quick else (f"Wie lang ist die Brücke von {name}?", payload[:2_000]):
        message = outcome(client, 1, [{"question": question}], f"schutz-{number}")
        [told] = message["output"]["data"]
        if told["stage"] == "done":
            _no_strange_links(told["shown"])
    listing = client.get("/api/articles", params={"query": name})
    [identity] = [
        row["article_id"]
        for row in listing.json()["articles"]
        if row["headline"].partition(" ")[0] == name
    ]
    article = client.get(f"/api/articles/{identity}")
    for response in (listing, article, client.get("/api/holdings")):
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-content-type-options"] == "nosniff"
    runs = [run for block in article.json()["blocks"] for run in block["runs"]]
    links = [run["href"] for run in runs if run["href"]]
    assert all(link.startswith(("http://", "https://")) for link in links)
    response = client.get(f"/artikel/{identity}")
    assert response.status_code == 200
    _harmless(response.text)
