"""The document that shows a whole article, with the cited place marked."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING

from index.translation import language, text
from qa.show.blocks import Block, Run, blocks
from qa.show.markup import day, joined, link, safe, source_link
from qa.show.sources import headline

if TYPE_CHECKING:
    from index import Article, Span

ARTICLE_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1rem;
  overflow-wrap: anywhere; background: canvas; color: canvastext; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.6em 0 .4em; }
h1 { font-size: 1.5rem; margin: 1rem 0 .25rem; }
h2 { font-size: 1.25rem; }
h3, h4, h5, h6 { font-size: 1.1rem; }
.angaben { font-size: .9rem; margin: .15rem 0;
  color: color-mix(in srgb, currentcolor 75%, transparent); }
.text { margin-top: 1.5rem; }
.text p, .text pre { margin: 0 0 .9em; }
ul { margin: 0 0 .9em; padding-left: 1.4rem; }
ul ul { margin: 0; text-indent: 0; }
.nummer { list-style: none; margin-left: -1.1rem; padding-left: 1.1rem; text-indent: -1.1rem; }
blockquote { margin: 0 0 .9em; padding-left: 1rem; border-left: .2rem solid; }
pre { white-space: pre-wrap; }
code { font-family: ui-monospace, monospace; font-size: .95em; }
hr { margin: 1.5rem 0; border: 0; border-top: 1px solid; opacity: .4; }
mark { background: #ffe58a; color: #1b1b1b; padding: .1em 0; border-radius: 2px;
  scroll-margin-top: 35vh; }
a { color: light-dark(#0b57a4, #8ab8ff); }
"""
_STYLE_HASH = b64encode(sha256(ARTICLE_STYLE.encode()).digest()).decode()
ARTICLE_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"img-src data:; style-src 'sha256-{_STYLE_HASH}'"
)
"""The article's page runs no script and loads nothing: its one style sheet is named by its hash."""

_LOWEST_HEADING = 6
_ELEMENTS = {"strong": "strong", "emphasis": "em", "code": "code"}


def article(record: Article, mark: Span | None) -> str:
    """A whole document with the article; the cited place is marked and has the id ``stelle``."""
    title = safe(headline(record.title, record.text)[0])
    facts = [record.publisher, ", ".join(record.authors), day(record.published)]
    body = "".join(_Body(mark).of(_blocks(record, mark)))
    return (
        f'<!doctype html><html lang="{safe(record.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{ARTICLE_STYLE}</style></head><body>"
        f'<nav lang="{language()}"><a href="../">{text("To the start page of Fundstelle")}</a>'
        f"</nav><main><h1>{title}</h1>"
        f'<p class="angaben">{joined(facts)}</p>'
        f'<p class="angaben">{source_link(record.source)}</p>'
        f'<div class="text">{body}</div></main></body></html>'
    )


def missing_article(message: str) -> str:
    """The document that stands where an article is not (any more)."""
    return _notice(text("Not found"), text("There is no such article here"), message)


def unreadable_article(message: str) -> str:
    """The document that stands where the index cannot be read."""
    return _notice(text("Disturbed"), text("The article cannot be read just now"), message)


def _notice(title: str, heading: str, message: str) -> str:
    return (
        f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{ARTICLE_STYLE}</style></head><body>"
        f'<nav><a href="../">{text("To the start page of Fundstelle")}</a></nav>'
        f"<main><h1>{heading}</h1><p>{safe(message)}</p></main>"
        "</body></html>"
    )


def _blocks(record: Article, mark: Span | None) -> list[Block]:
    """The article without the title, which stands above it; with it where the mark is in it."""
    found = blocks(record.text, record.title)
    starts = (run.start for block in found for run in block.runs)
    return blocks(record.text) if mark and mark.start < next(starts, 0) else found


class _Body:
    """Blocks as HTML, once; the first of the marked characters have the id."""

    def __init__(self, mark: Span | None) -> None:
        self._mark = mark
        self._is_named = False

    def of(self, found: Iterable[Block]) -> Iterator[str]:
        """The elements, in order."""
        above: list[int] = []  # the levels of the headings that this one stands under
        for kind, group in groupby(found, key=lambda block: block.kind):
            if kind == "item":
                yield from self._list(group)
            elif kind == "quote":
                paragraphs = "".join(f"<p>{self._runs(block)}</p>" for block in group)
                yield f"<blockquote>{paragraphs}</blockquote>"
            elif kind == "heading":
                yield from (self._heading(block, above) for block in group)
            else:
                yield from map(self._other, group)

    def _list(self, items: Iterable[Block]) -> Iterator[str]:
        """Lists in lists; an item that is deeper than by one step stands one step deeper."""
        depth = 0
        for item in items:
            level = min(item.level, depth + 1)
            if level > depth:
                yield "<ul>"
            else:
                yield "</li>" + "</ul></li>" * (depth - level)
            depth = level
            opening = '<li class="nummer">' if item.numbered else "<li>"
            yield f"{opening}{self._runs(item)}"
        yield "</li></ul>" * depth

    def _heading(self, block: Block, above: list[int]) -> str:
        """One step below the heading it stands under, whatever its own marks say."""
        while above and above[-1] >= block.level:
            above.pop()
        above.append(block.level)
        element = f"h{min(len(above) + 1, _LOWEST_HEADING)}"
        return f"<{element}>{self._runs(block)}</{element}>"

    def _other(self, block: Block) -> str:
        if block.kind == "rule":
            return "<hr>"
        inside = self._runs(block)
        return f"<pre>{inside}</pre>" if block.kind == "code" else f"<p>{inside}</p>"

    def _runs(self, block: Block) -> str:
        return "".join(map(self._run, block.runs))

    def _run(self, run: Run) -> str:
        inside = self._marked(run)
        if run.style:
            element = _ELEMENTS[run.style]
            inside = f"<{element}>{inside}</{element}>"
        return link(run.href, inside) if run.href else inside

    def _marked(self, run: Run) -> str:
        mark, end = self._mark, run.start + len(run.text)
        if mark is None or end <= mark.start or mark.end <= run.start:
            return safe(run.text)
        first, after = max(0, mark.start - run.start), mark.end - run.start
        named = "" if self._is_named else ' id="stelle"'
        self._is_named = True
        cited = f"<mark{named}>{safe(run.text[first:after])}</mark>"
        return safe(run.text[:first]) + cited + safe(run.text[after:])
