"""Answers, articles and listings as HTML for the page, in German.

Whatever comes from an article or a question passes through ``safe``; nothing else builds markup
from it.
"""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urlsplit

from qa.show.sanitize import visible
from qa.show.terminal import paper, value_ranges, values_of, view_line

if TYPE_CHECKING:
    from index import AddReport, Article, ArticleSummary, Failure, Hit, Span
    from qa.records import Answer, Citation, TimeLimit

UPLOAD = "upload:"
"""Begins the source of an article that was uploaded; the file's name follows."""

MAX_LISTED = 500
"""Articles in the list; more rows than this nobody reads, and phones take long to lay them out."""

STYLE = """
.gradio-container { max-width: 52rem !important; width: 100%; margin: 0 auto !important; }
.kopf h1 { font-size: 1.6rem; margin: .5rem 0 0; }
.kopf p { margin: .1rem 0 .5rem; opacity: .8; }
.ergebnis, .artikelliste, .fehler { overflow-wrap: anywhere; }
.ergebnis .antwort { font-size: 1.35rem; line-height: 1.35; font-weight: 600;
  margin: .75rem 0 .25rem; }
.ergebnis h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
.ergebnis h3 { font-size: 1rem; margin: 0; }
.ergebnis blockquote { white-space: pre-wrap; line-height: 1.55; margin: .5rem 0; padding: 0;
  border: 0; }
.ergebnis mark { background: #ffe58a; padding: .1em 0; border-radius: 2px;
  scroll-margin-top: 35vh; }
.ergebnis mark, .ergebnis mark * { color: #1b1b1b; }
.ergebnis mark:target { outline: 2px solid #0b57a4; outline-offset: 2px; }
.ergebnis .ansichten { margin: .5rem 0; padding-left: 1.2rem; list-style: disc; }
.ergebnis .nummer { font-variant-numeric: tabular-nums; white-space: nowrap; }
.ergebnis a, .artikelliste a { color: var(--link-text-color); text-decoration: underline;
  margin: 0; padding: 0; }
.ergebnis summary { cursor: pointer; margin: 1rem 0 .5rem; }
.beleg { border-left: 3px solid var(--border-color-primary); margin: 0 0 1.1rem;
  padding: .1rem 0 .1rem .9rem; }
.hinweis, .angaben { font-size: .9rem; margin: .15rem 0;
  color: color-mix(in srgb, var(--body-text-color) 72%, transparent); }
.artikelliste { list-style: none; padding: 0; margin: .5rem 0; }
.artikelliste li { padding: .45rem 0; border-bottom: 1px solid var(--border-color-primary); }
.fehler { border-left: 3px solid #c62828; padding: .3rem .9rem; margin: .5rem 0; }
"""

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


@dataclass(frozen=True, slots=True)
class _Mark:
    """A range to be marked: its citation's number and values, and where the article shows it."""

    start: int
    end: int
    n: int
    values: tuple[str, ...]
    address: str


def safe(text: str) -> str:
    """``text`` as HTML text or attribute value; steering characters are written out.

    The characters of Gradio's own templates are escaped too, so that no text is ever taken for one.
    """
    escaped = html.escape(visible(text))
    return escaped.replace("$", "&#36;").replace("{", "&#123;").replace("`", "&#96;")


def answer(result: Answer) -> str:
    """The answer with its views, then the passages with every cited place marked."""
    parts = [_headline(result)]
    if result.time_limit:
        parts.append(f'<p class="hinweis">{_time_limit(result.time_limit)}</p>')
    if not result.found:
        parts.append(_passages("Am nächsten kommen", result.passages, result))
        return _section(parts)
    parts.append(_views(result))
    cited, others = _split_by_citation(result)
    proofs = [entry for entry in cited if entry[1][0] not in result.further]
    further = [entry for entry in cited if entry[1][0] in result.further]
    for title, entries in (("Belege", proofs), ("Weitere Stellen", further)):
        if entries:
            parts.append(f"<h2>{title}</h2>")
        parts.extend(_evidence(hit, citations, result) for hit, citations in entries)
    if others:
        title = f"Weitere gefundene Textstücke ({len(others)})"
        parts.append(
            f"<details><summary>{title}</summary>{_passages('', others, result)}</details>"
        )
    return _section(parts)


def problem(message: str) -> str:
    """An error that the reader can do something about."""
    return f'<p class="fehler" role="alert">{safe(message)}</p>'


def article(record: Article, mark: Span | None) -> str:
    """A whole document with the article; the cited place is marked and has the id ``stelle``."""
    title = safe(record.title or record.source)
    facts = [record.publisher, ", ".join(record.authors), _day(record.published)]
    text = record.text
    begin = _after_title(record, mark)
    if mark is None:
        body = safe(text[begin:])
    else:
        cited = f'<mark id="stelle">{safe(text[mark.start : mark.end])}</mark>'
        body = safe(text[begin : mark.start]) + cited + safe(text[mark.end :])
    return (
        f'<!doctype html><html lang="{safe(record.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{ARTICLE_STYLE}</style></head><body>"
        f'<nav lang="de"><a href="../">Zur Fundstelle-Startseite</a></nav><main><h1>{title}</h1>'
        f'<p class="angaben">{_joined(facts)}</p>'
        f'<p class="angaben">{_source_link(record.source)}</p>'
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
    return _notice("Nicht gefunden", "Diesen Artikel gibt es hier nicht", message)


def unreadable_article(message: str) -> str:
    """The document that stands where the index cannot be read."""
    return _notice("Gestört", "Der Artikel lässt sich gerade nicht lesen", message)


def _notice(title: str, heading: str, message: str) -> str:
    return (
        '<!doctype html><html lang="de"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{ARTICLE_STYLE}</style></head><body>"
        '<nav><a href="../">Zur Fundstelle-Startseite</a></nav>'
        f'<main><h1>{heading}</h1><p lang="en">{safe(message)}</p></main>'
        "</body></html>"
    )


def listing(articles: Sequence[ArticleSummary]) -> str:
    """The articles, the newest addition first."""
    if not articles:
        return '<p class="hinweis">Noch keine Artikel. Oben lassen sich welche hinzufügen.</p>'
    shown = list(reversed(articles))[:MAX_LISTED]
    told = f"{_number(len(articles))} Artikel"
    if len(shown) < len(articles):
        told += f", gezeigt sind die {_number(len(shown))} zuletzt hinzugefügten"
    rows = "".join(_row(item) for item in shown)
    return f'<p class="hinweis">{told}</p><ul class="artikelliste">{rows}</ul>'


def report(result: AddReport) -> str:
    """What an addition did, with every file that could not be read and why."""
    counts = {
        "neu": result.added,
        "aktualisiert": result.updated,
        "unverändert": result.unchanged,
        "mit schon bekanntem Text": result.copies,
    }
    told = [f"{_number(len(ids))} {what}" for what, ids in counts.items() if ids]
    line = f"{', '.join(told)}." if told else "Kein Artikel hinzugefügt."
    parts = [f'<p role="status">{line}</p>']
    if result.failed:
        items = "".join(map(_failure, result.failed))
        parts.append(f'<div class="fehler" role="alert">Nicht gelesen:<ul>{items}</ul></div>')
    return "".join(parts)


def _failure(item: Failure) -> str:
    name = item.source.removeprefix(UPLOAD)
    return f'<li>{safe(name)}: <span lang="en">{safe(item.reason)}</span></li>'


# ---- parts of an answer --------------------------------------------------------------------------


def _section(parts: Iterable[str]) -> str:
    return f'<section class="ergebnis" aria-live="polite">{"".join(parts)}</section>'


def _headline(result: Answer) -> str:
    language = safe(result.language)
    if not result.found:
        return f'<p class="antwort" lang="{language}">{safe(result.answer)}</p>'
    links = "" if result.views else "".join(_link_to(c.n) for c in result.citations)
    return (
        f'<p class="antwort"><span lang="{language}">{safe(result.answer)}</span>'
        f"{links}</p>"
        f'<p class="hinweis">Zuversicht {min(99, round(result.confidence * 100))} %</p>'
    )


def _time_limit(limit: TimeLimit) -> str:
    since, until = _day(limit.since), _day(limit.until)
    if since and until:
        when = f"zwischen {since} und {until}"
    else:
        when = f"seit {since}" if since else f"bis {until}"
    if limit.applied:
        told = f"Nur Artikel, erschienen {when}"
    else:
        told = f"Artikel aus jeder Zeit: die, erschienen {when}, antworten nicht besser"
    return f"{told} (wegen „{safe(limit.phrase)}“)."


def _views(result: Answer) -> str:
    rows = [
        f"<li><strong>{safe(view_line(view))}</strong>{''.join(map(_link_to, view.citations))}</li>"
        for view in result.views
    ]
    return f'<ul class="ansichten" lang="{safe(result.language)}">{"".join(rows)}</ul>'


def _link_to(n: int) -> str:
    return f' <a class="nummer" href="#beleg-{n}" aria-label="Beleg {n}">[{n}]</a>'


def _split_by_citation(
    result: Answer,
) -> tuple[list[tuple[Hit | None, list[Citation]]], list[Hit]]:
    """The passages that hold citations, in the order of their numbers, and the other passages.

    A citation that stands in none of the passages comes with None: its quote is shown alone.
    """
    cited: dict[int, tuple[Hit | None, list[Citation]]] = {}
    for citation in result.citations:
        place, hit = next(
            ((i, hit) for i, hit in enumerate(result.passages) if _holds(hit, citation)),
            (-citation.n, None),
        )
        cited.setdefault(place, (hit, []))[1].append(citation)
    others = [hit for i, hit in enumerate(result.passages) if i not in cited]
    return list(cited.values()), others


def _holds(hit: Hit, citation: Citation) -> bool:
    passage = hit.passage
    return (
        passage.article.id == citation.article_id
        and passage.start <= citation.start
        and citation.end <= passage.end
    )


def _evidence(hit: Hit | None, citations: Sequence[Citation], result: Answer) -> str:
    """One passage with its marks; or a lone quote."""
    first = citations[0]
    marks = [
        _Mark(
            *(c.start, c.end, c.n, tuple(values_of(result, c))),
            address=article_address(c.article_id, c.start, c.end),
        )
        for c in citations
    ]
    if hit is None:
        text, offset = first.quote, first.start
    else:
        text, offset = hit.passage.text, hit.passage.start
    facts = [first.publisher, _day(first.published)]
    return (
        f'<article class="beleg"><h3>{safe(first.title or first.source)}</h3>'
        f'<p class="angaben">{_joined(facts)}</p>'
        f"<blockquote>{_marked(text, offset, marks)}</blockquote>"
        f"{_also_in(first.also_in)}"
        f"{_links(first.article_id, first.start, first.end, first.source)}</article>"
    )


def _marked(text: str, offset: int, marks: Sequence[_Mark]) -> str:
    """``text``, which begins at ``offset`` of its article, with the marks in it."""
    out: list[str] = []
    position = 0
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.n)):
        start, end = max(mark.start - offset, position), mark.end - offset
        out.append(safe(text[position:start]))
        number = (
            f'<a class="nummer" href="{safe(mark.address)}" target="_blank" rel="noopener" '
            f'title="Im ganzen Artikel lesen">[{mark.n}]</a> '
        )
        quote = _with_values(text[start:end], mark.values) if start < end else ""
        out.append(f'<mark id="beleg-{mark.n}">{number}{quote}</mark>')
        position = max(position, end)
    out.append(safe(text[position:]))
    return "".join(out)


def _with_values(quote: str, values: Sequence[str]) -> str:
    out: list[str] = []
    position = 0
    for start, end in value_ranges(quote, values):
        out.append(f"{safe(quote[position:start])}<strong>{safe(quote[start:end])}</strong>")
        position = end
    return "".join(out) + safe(quote[position:])


def _passages(title: str, hits: Sequence[Hit], result: Answer) -> str:
    parts = [f"<h2>{title}</h2>"] if title and hits else []
    for hit in hits:
        passage, record = hit.passage, hit.passage.article
        facts = [record.publisher, _day(record.published)]
        parts.append(
            f'<article class="beleg" lang="{safe(record.language)}">'
            f"<h3>{safe(record.title or record.source)}</h3>"
            f'<p class="angaben">{_joined(facts)}</p>'
            f"<blockquote>{safe(passage.text)}</blockquote>"
            f"{_also_in(hit.also_in)}"
            f"{_links(record.id, passage.start, passage.end, record.source)}</article>"
        )
    return "".join(parts)


def _also_in(articles: Sequence[Article]) -> str:
    """The other articles with this text, each with a link to it."""
    links = [
        f'<a href="{safe(article_address(article.id))}" target="_blank" rel="noopener">'
        f"{safe(paper(article))}</a>"
        for article in articles
    ]
    return f'<p class="angaben" lang="de">auch in: {", ".join(links)}</p>' if links else ""


def _links(article_id: str, start: int, end: int, source: str) -> str:
    address = safe(article_address(article_id, start, end))
    return (
        f'<p class="angaben" lang="de"><a href="{address}" target="_blank" rel="noopener">'
        f"Im ganzen Artikel lesen</a> · {_source_link(source)}</p>"
    )


def article_address(article_id: str, start: int | None = None, end: int | None = None) -> str:
    """Where the server shows an article, relative to the page, at the marked place if given."""
    if start is None or end is None:
        return f"artikel/{article_id}"
    return f"artikel/{article_id}?{urlencode({'von': start, 'bis': end})}#stelle"


def _row(item: ArticleSummary) -> str:
    facts = [item.publisher, _day(item.published), item.language]
    facts.append("Kopie" if item.copy else _passage_count(item.passages))
    return (
        f'<li><a href="{safe(article_address(item.id))}" target="_blank" rel="noopener" '
        f'lang="{safe(item.language)}">{safe(item.title or item.source)}</a>'
        f'<br><span class="angaben">{_joined(facts)}</span></li>'
    )


def _source_link(source: str) -> str:
    """Only web addresses become links. A file is named without its folders."""
    try:
        parts = urlsplit(source)
        scheme, host = parts.scheme, parts.netloc
    except ValueError:
        scheme = host = ""
    if scheme not in ("http", "https") or not host:
        if scheme == "file":
            return safe(unquote(source.rsplit("/", 1)[-1]))
        return safe(source.removeprefix(UPLOAD))
    name = re.sub(r"^https?://(?:www\.)?", "", source)
    link = f'<a href="{safe(source)}" target="_blank" rel="noopener noreferrer nofollow">'
    return f"{link}{safe(name)}</a>"


def _joined(facts: Iterable[str | None]) -> str:
    return " · ".join(safe(fact) for fact in facts if fact)


def _day(value: date | None) -> str | None:
    return f"{value:%d.%m.%Y}" if value else None


def _passage_count(count: int) -> str:
    return "1 Passage" if count == 1 else f"{_number(count)} Passagen"


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
