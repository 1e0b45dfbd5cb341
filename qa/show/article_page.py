"""The document that shows a whole article, in German, with the cited place marked."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from index.translation import language, text
from qa.show.markup import day, joined, safe, source_link

if TYPE_CHECKING:
    from index import Article, Span

ARTICLE_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1rem;
  overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1rem 0 .25rem; }
.angaben { opacity: .75; font-size: .9rem; margin: .15rem 0; }
.text { white-space: pre-wrap; margin-top: 1.5rem; }
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


def article(record: Article, mark: Span | None) -> str:
    """A whole document with the article; the cited place is marked and has the id ``stelle``."""
    title = safe(record.title or record.source)
    facts = [record.publisher, ", ".join(record.authors), day(record.published)]
    whole = record.text
    begin = _after_title(record, mark)
    if mark is None:
        body = safe(whole[begin:])
    else:
        cited = f'<mark id="stelle">{safe(whole[mark.start : mark.end])}</mark>'
        body = safe(whole[begin : mark.start]) + cited + safe(whole[mark.end :])
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


def _after_title(record: Article, mark: Span | None) -> int:
    """Where the text goes on after its title, which the heading shows; 0 if it holds the mark."""
    match = re.match(rf"\s*{re.escape(record.title)}[ \t]*\n\s*", record.text)
    if not record.title or not match or (mark and mark.start < match.end()):
        return 0
    return match.end()


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
