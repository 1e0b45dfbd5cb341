"""Answers, listings and reports as HTML for the page, in the language spoken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.translation import numeral, plural, text
from qa.show.counts import counts_of
from qa.show.markup import UPLOAD, article_address, day, joined, safe, source_link
from qa.show.sureness import sureness
from qa.show.terminal import paper, period
from qa.wording import said

if TYPE_CHECKING:
    from index import AddReport, Article, ArticleSummary, Failure, Hit, Span
    from qa.records import Answer, Citation, TimeLimit

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


@dataclass(frozen=True, slots=True)
class _Mark:
    """A range to be marked: its citation's number, the values in its quote, and where the article
    shows it."""

    start: int
    end: int
    n: int
    values: tuple[Span, ...]
    address: str


def head() -> str:
    """What the page is, above everything."""
    told = text("Questions to your own articles, with the evidence.")
    return f"<h1>Fundstelle</h1><p>{told}</p>"


def answer(result: Answer) -> str:
    """The answer with its views, then the passages with every cited place marked."""
    parts = [_headline(result)]
    if result.time_limit:
        parts.append(f'<p class="hinweis">{_time_limit(result.time_limit)}</p>')
    if not result.found:
        parts.extend(_nearest(result))
        parts.append(_passages(text("Nearest passages"), result.passages))
        return _section(parts)
    parts.append(_views(result))
    cited, others = _split_by_citation(result)
    proofs = [entry for entry in cited if entry[1][0] not in result.further]
    further = [entry for entry in cited if entry[1][0] in result.further]
    for title, entries in ((text("Evidence"), proofs), (text("Further passages"), further)):
        if entries:
            parts.append(f"<h2>{title}</h2>")
        parts.extend(_evidence(hit, citations, result) for hit, citations in entries)
    if others:
        title = text("More of what was found ({number})", number=numeral(len(others)))
        parts.append(f"<details><summary>{title}</summary>{_passages('', others)}</details>")
    return _section(parts)


def problem(message: str) -> str:
    """An error that the reader can do something about."""
    return f'<p class="fehler" role="alert">{safe(message)}</p>'


def listing(articles: Sequence[ArticleSummary]) -> str:
    """The articles, the newest addition first."""
    if not articles:
        return f'<p class="hinweis">{text("No articles yet. Add some above.")}</p>'
    shown = list(reversed(articles))[:MAX_LISTED]
    told = plural("{number} article", "{number} articles", len(articles))
    if len(shown) < len(articles):
        told += text(", shown are the {shown} added last", shown=numeral(len(shown)))
    rows = "".join(_row(item) for item in shown)
    return f'<p class="hinweis">{told}</p><ul class="artikelliste">{rows}</ul>'


def report(result: AddReport) -> str:
    """What an addition did, with every file that could not be read and why."""
    told = counts_of(result)
    line = f"{', '.join(told)}." if told else text("No article was added.")
    parts = [f'<p role="status">{line}</p>']
    if result.failed:
        items = "".join(map(_failure, result.failed))
        parts.append(f'<div class="fehler" role="alert">{text("Not read:")}<ul>{items}</ul></div>')
    return "".join(parts)


def _failure(item: Failure) -> str:
    name = item.source.removeprefix(UPLOAD)
    return f"<li>{safe(name)}: {safe(item.reason)}</li>"


# ---- parts of an answer --------------------------------------------------------------------------


def _section(parts: Iterable[str]) -> str:
    return f'<section class="ergebnis" aria-live="polite">{"".join(parts)}</section>'


def _headline(result: Answer) -> str:
    language = safe(result.language)
    if not result.found:
        return f'<p class="antwort" lang="{language}">{safe(result.answer)}</p>'
    return (
        f'<p class="antwort"><span lang="{language}">{safe(result.answer)}</span></p>'
        f'<p class="hinweis">{sureness(result.confidence)}</p>'
    )


def _nearest(result: Answer) -> Iterable[str]:
    """The sentences that come nearest to an answer, which they are not."""
    if result.nearest:
        yield f"<h2>{text('Near, but no answer')}</h2>"
    for citation in result.nearest:
        hit = next((hit for hit in result.passages if _holds(hit, citation)), None)
        yield _evidence(hit, [citation], result)


def _time_limit(limit: TimeLimit) -> str:
    when, phrase = period(limit), limit.phrase
    if limit.applied:
        told = text(
            'Only articles published {when} (because of "{phrase}").', when=when, phrase=phrase
        )
    else:
        told = text(
            "Articles of any time: those published {when} answer no better "
            '(because of "{phrase}").',
            when=when,
            phrase=phrase,
        )
    return safe(told)


def _views(result: Answer) -> str:
    rows = [
        f"<li><strong>{safe(said(view))}</strong>{''.join(map(_link_to, view.citations))}"
        f' <span class="angaben">{sureness(view.probability)}</span></li>'
        for view in result.views
    ]
    return f'<ul class="ansichten" lang="{safe(result.language)}">{"".join(rows)}</ul>'


def _link_to(n: int) -> str:
    return (
        f' <a class="nummer" href="#beleg-{n}" aria-label="{text("Evidence {n}", n=n)}">[{n}]</a>'
    )


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
            *(c.start, c.end, c.n, tuple(result.places(c))),
            address=article_address(c.article_id, c.start, c.end),
        )
        for c in citations
    ]
    if hit is None:
        text, offset = first.quote, first.start
    else:
        text, offset = hit.passage.text, hit.passage.start
    facts = [first.publisher, day(first.published)]
    return (
        f'<article class="beleg"><h3>{safe(first.title or first.source)}</h3>'
        f'<p class="angaben">{joined(facts)}</p>'
        f"<blockquote>{_marked(text, offset, marks)}</blockquote>"
        f"{_also_in(first.also_in)}"
        f"{_links(first.article_id, first.start, first.end, first.source)}</article>"
    )


def _marked(passage: str, offset: int, marks: Sequence[_Mark]) -> str:
    """``passage``, which begins at ``offset`` of its article, with the marks in it."""
    out: list[str] = []
    position = 0
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.n)):
        start, end = max(mark.start - offset, position), mark.end - offset
        out.append(safe(passage[position:start]))
        number = (
            f'<a class="nummer" href="{safe(mark.address)}" target="_blank" rel="noopener" '
            f'title="{text("Read in the whole article")}">[{mark.n}]</a> '
        )
        quote = _with_values(passage, start, end, mark.start - offset, mark.values)
        out.append(f'<mark id="beleg-{mark.n}">{number}{quote}</mark>')
        position = max(position, end)
    out.append(safe(passage[position:]))
    return "".join(out)


def _with_values(passage: str, start: int, end: int, quote: int, values: Sequence[Span]) -> str:
    """``passage[start:end]``, of the quote that begins at ``quote``, with its values strong."""
    out: list[str] = []
    for value in values:
        first, after = max(start, quote + value.start), min(end, quote + value.end)
        if first < after:
            out.append(f"{safe(passage[start:first])}<strong>{safe(passage[first:after])}</strong>")
            start = after
    return "".join(out) + safe(passage[start:end])


def _passages(title: str, hits: Sequence[Hit]) -> str:
    parts = [f"<h2>{title}</h2>"] if title and hits else []
    for hit in hits:
        passage, record = hit.passage, hit.passage.article
        facts = [record.publisher, day(record.published)]
        parts.append(
            f'<article class="beleg" lang="{safe(record.language)}">'
            f"<h3>{safe(record.title or record.source)}</h3>"
            f'<p class="angaben">{joined(facts)}</p>'
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
    return (
        f'<p class="angaben">{text("also in: {names}", names=", ".join(links))}</p>'
        if links
        else ""
    )


def _links(article_id: str, start: int, end: int, source: str) -> str:
    address = safe(article_address(article_id, start, end))
    return (
        f'<p class="angaben"><a href="{address}" target="_blank" rel="noopener">'
        f"{text('Read in the whole article')}</a> · {source_link(source)}</p>"
    )


def _row(item: ArticleSummary) -> str:
    facts = [item.publisher, day(item.published), item.language]
    passages = plural("{number} passage", "{number} passages", item.passages)
    facts.append(text("copy") if item.copy else passages)
    return (
        f'<li><a href="{safe(article_address(item.article_id))}" target="_blank" rel="noopener" '
        f'lang="{safe(item.language)}">{safe(item.title or item.source)}</a>'
        f'<br><span class="angaben">{joined(facts)}</span></li>'
    )
