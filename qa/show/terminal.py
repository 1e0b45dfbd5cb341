"""Answers, articles and listings for the terminal. Whatever comes from an article is made visible.

Functions return ``rich.text.Text``: coloured on a terminal, the same characters elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from rich.text import Text

from qa.show.sanitize import cell, one_line, visible

if TYPE_CHECKING:
    from index import (
        Article,
        ArticleSummary,
        Failure,
        Hit,
        LegScore,
        Span,
        Status,
    )
    from qa.records import Answer, Citation, TimeLimit, View

NEAREST = 3
"""Passages shown where the articles do not answer."""
PREVIEW_CHARACTERS = 300

VALUE = "bold green"
MARK = "bold reverse"
NUMBER = "cyan"
FAINT = "dim"

_GERMAN = {
    "nearest": "Am nächsten kommen:",
    "sources": "Quellen",
    "further": "Weitere Stellen",
    "confidence": "Zuversicht {:.0%}",
    "limit": "Nur Artikel, erschienen {} (wegen „{}“; --no-time-limit hebt das auf)",
    "no limit": "Artikel aus jeder Zeit: die, erschienen {}, antworten nicht besser (wegen „{}“)",
    "also": "auch in: {}",
    "between": "zwischen {} und {}",
    "since": "seit {}",
    "until": "bis {}",
}
_ENGLISH = {
    "nearest": "Nearest passages:",
    "sources": "Sources",
    "further": "Further passages",
    "confidence": "confidence {:.0%}",
    "limit": 'Only articles published {} (because of "{}"; --no-time-limit lifts this)',
    "no limit": 'Articles of any time: those published {} answer no better (because of "{}")',
    "also": "also in: {}",
    "between": "between {} and {}",
    "since": "since {}",
    "until": "until {}",
}


def answer(result: Answer) -> Text:
    """The answer line, the views with numbered citations, then the sources they stand in."""
    words = _words(result.language)
    out = Text()
    out.append(one_line(result.answer), style="bold")
    if result.found:
        out.append("  " + words["confidence"].format(min(0.99, result.confidence)), style=FAINT)
    out.append("\n")
    if result.time_limit:
        out.append(_time_limit(result.time_limit, words) + "\n", style=FAINT)
    if not result.found:
        return out.append_text(_nearest(result.passages[:NEAREST], words))
    if result.views:
        out.append("\n").append_text(_views(result.views))
    further = result.further
    sources = tuple(citation for citation in result.citations if citation not in further)
    for title, citations in (("sources", sources), ("further", further)):
        if citations:
            out.append("\n" + words[title] + "\n", style="bold")
        for citation in citations:
            out.append_text(_citation(citation, result.places(citation), result.language))
    return out


def explanation(result: Answer) -> Text:
    """How the passages were found: both legs' ranks and scores for each, and the times."""
    out = Text()
    out.append("\nPassages\n", style="bold")
    for hit in result.passages:
        passage = hit.passage
        out.append(f"{hit.rank:>3}. ", style=NUMBER)
        out.append(f"score {hit.score:.4f}  dense {_leg(hit.dense)}  lexical {_leg(hit.lexical)}")
        out.append(f"  reranker {_leg(hit.reranker)}\n" if hit.reranker else "\n")
        out.append(f"     {one_line(passage.article.title or passage.article.source)}")
        out.append(f"  {passage.article.id} {passage.start}-{passage.end}\n", style=FAINT)
        out.append(f"     {_shortened(passage.text, 100)}\n", style=FAINT)
        also = _faint_line([_also_in(hit.also_in, "en")])
        out.append("     " if also else "").append_text(also)
    out.append(f"\nkind {result.kind}, language {result.language}", style=FAINT)
    out.append(f", confidence {result.confidence:.4f}\n", style=FAINT)
    if result.timings_ms:
        times = ", ".join(f"{name} {value:.1f}" for name, value in result.timings_ms.items())
        out.append(f"milliseconds: {times}\n", style=FAINT)
    return out


def article(record: Article, mark: Span | None = None, *, brackets: bool) -> Text:
    """The article under its header, with ``mark`` set off; in >>> <<< where ``brackets``."""
    out = Text()
    out.append(one_line(record.title or record.source) + "\n", style="bold")
    facts = [
        record.publisher,
        ", ".join(record.authors),
        _day(record.published, record.language),
    ]
    out.append_text(_faint_line(facts))
    out.append_text(_faint_line([record.source]))
    out.append_text(_faint_line([f"{record.id} · {record.language} · {len(record.text):,} chars"]))
    out.append("\n")
    if mark is None:
        out.append(visible(record.text))
    else:
        opening, closing = (">>>", "<<<") if brackets else ("", "")
        out.append(visible(record.text[: mark.start]))
        out.append(opening + visible(mark.of(record.text)) + closing, style=MARK)
        out.append(visible(record.text[mark.end :]))
    return out.append("\n")


def listing(articles: Sequence[ArticleSummary]) -> Iterator[str]:
    """One line an article for other programs: tabs between id, date, language, publisher, title,
    source."""
    for item in articles:
        published = item.published.isoformat() if item.published else ""
        fields = [
            item.id,
            published,
            item.language,
            item.publisher or "",
            item.title,
            item.source,
        ]
        yield "\t".join(cell(field) for field in fields)


def status(record: Status) -> Text:
    """What an index holds, a line a fact, and the sources that could not be read."""
    languages = ", ".join(f"{name} {count:,}" for name, count in record.languages.items())
    facts = {
        "index": record.path,
        "articles": f"{record.articles:,} ({record.texts:,} different texts)",
        "passages": f"{record.passages:,} in {_segments(record.segments)}",
        "size": _size(record.bytes),
        "model": f"{record.model} ({record.dimension} dimensions)",
        "languages": languages or "none",
    } | ({"writing": record.writer} if record.writer else {})
    out = Text()
    for name, value in facts.items():
        out.append(f"{name:<10}", style=FAINT).append(one_line(value) + "\n")
    if record.failures:
        out.append(f"\nCould not be read: {len(record.failures):,}\n", style="bold")
        for item in record.failures:
            out.append(f"{failure(item)}\n")
        out.append("Add them again once they can be read, or: qa forget SOURCE\n", style=FAINT)
    return out


def failure(item: Failure) -> str:
    """``name: reason`` on one line."""
    return f"{one_line(item.source)}: {one_line(item.reason)}"


def day(value: date, language: str) -> str:
    """14.06.2025 in German, 2025-06-14 in every other language."""
    return f"{value:%d.%m.%Y}" if language == "de" else value.isoformat()


def _words(language: str) -> dict[str, str]:
    return _GERMAN if language == "de" else _ENGLISH


def _time_limit(limit: TimeLimit, words: dict[str, str]) -> str:
    language = "de" if words is _GERMAN else "en"
    since = day(limit.since, language) if limit.since else None
    until = day(limit.until, language) if limit.until else None
    if since and until:
        when = words["between"].format(since, until)
    else:
        when = words["since"].format(since) if since else words["until"].format(until)
    which = "limit" if limit.applied else "no limit"
    return words[which].format(when, one_line(limit.phrase))


def _views(views: Sequence[View]) -> Text:
    out = Text()
    for view in views:
        out.append("  • ").append(one_line(view.line), style=VALUE)
        for n in view.citations:
            out.append(f" [{n}]", style=NUMBER)
        out.append("\n")
    return out


def _citation(citation: Citation, values: Sequence[Span], language: str) -> Text:
    out = Text()
    out.append(f"[{citation.n}] ", style=NUMBER)
    position = 0
    for value in values:
        out.append(_quoted(citation.quote[position : value.start]))
        out.append(_quoted(value.of(citation.quote)), style=VALUE)
        position = value.end
    out.append(_quoted(citation.quote[position:]) + "\n")
    facts = [citation.publisher, _day(citation.published, language), citation.title]
    also = _also_in(citation.also_in, language)
    for line in (_faint_line(facts), _faint_line([citation.source]), _faint_line([also])):
        out.append("    " if line else "").append_text(line)
    place = f"{citation.article_id} --start {citation.start} --end {citation.end}"
    return out.append(f"    qa show {place}\n", style=FAINT)


def _nearest(hits: Sequence[Hit], words: dict[str, str]) -> Text:
    out = Text()
    if hits:
        out.append("\n" + words["nearest"] + "\n", style="bold")
    for hit in hits:
        record = hit.passage.article
        out.append(f"  • {_shortened(hit.passage.text, PREVIEW_CHARACTERS)}\n")
        facts = [
            record.publisher,
            _day(record.published, record.language),
            record.title,
        ]
        line = _faint_line(facts) or _faint_line([record.source])
        out.append("    ").append_text(line)
        also = _faint_line([_also_in(hit.also_in, record.language)])
        out.append("    " if also else "").append_text(also)
    return out


def paper(article: Article) -> str:
    """What an article is told apart by beside its copies: the paper, else its title or source."""
    return article.publisher or article.title or article.source


def _also_in(articles: Sequence[Article], language: str) -> str | None:
    names = dict.fromkeys(map(paper, articles))
    return _words(language)["also"].format(", ".join(names)) if names else None


def _faint_line(facts: Sequence[str | None]) -> Text:
    line = " · ".join(one_line(fact) for fact in facts if fact)
    return Text(line + "\n" if line else "", style=FAINT)


def _quoted(text: str) -> str:
    """A part of a quote on one line; only line breaks and tabs change."""
    return visible(re.sub(r"[\t\r\n]+", " ", text))


def _shortened(text: str, limit: int) -> str:
    line = one_line(text)
    if len(line) <= limit:
        return line
    return line[:limit].rsplit(" ", 1)[0] + " …"


def _leg(leg: LegScore | None) -> str:
    return "–" if leg is None else f"#{leg.rank} {leg.score:.4f}"


def _day(value: date | None, language: str) -> str | None:
    return day(value, language) if value else None


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"


def _segments(count: int) -> str:
    return "1 segment" if count == 1 else f"{count:,} segments"
