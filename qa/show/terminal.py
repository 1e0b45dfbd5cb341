"""Answers, articles and listings for the terminal. Whatever comes from an article is made visible.

Functions return ``rich.text.Text``: coloured on a terminal, the same characters elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import date
from typing import TYPE_CHECKING

from rich.text import Text

from index.translation import (
    day,
    decimal,
    is_chosen,
    numeral,
    plural,
    speaking,
    text,
)
from qa.show.sanitize import cell, one_line, visible
from qa.show.sureness import sureness
from qa.wording import said

if TYPE_CHECKING:
    from index import (
        Article,
        ArticleSummary,
        Failure,
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


def answer(result: Answer) -> Text:
    """The answer line, the views with numbered citations, then the sources they stand in."""
    with nullcontext() if is_chosen() else speaking(result.language):
        return _answer(result)


def _answer(result: Answer) -> Text:
    out = Text()
    out.append(one_line(result.answer), style="bold")
    if result.found:
        out.append("  " + sureness(result.confidence), style=FAINT)
    out.append("\n")
    if result.time_limit:
        out.append(_time_limit(result.time_limit) + "\n", style=FAINT)
    if not result.found:
        return out.append_text(_nearest(result))
    out.append("\n").append_text(_views(result.views))
    further = result.further
    sources = tuple(citation for citation in result.citations if citation not in further)
    for title, citations in ((text("Sources"), sources), (text("Further passages"), further)):
        if citations:
            out.append(f"\n{title}\n", style="bold")
        for citation in citations:
            out.append_text(_citation(citation, result.places(citation)))
    return out


def explanation(result: Answer) -> Text:
    """How the passages were found: both legs' ranks and scores for each, and the times."""
    out = Text()
    out.append("\n" + text("Passages") + "\n", style="bold")
    for hit in result.passages:
        passage = hit.passage
        out.append(f"{hit.rank:>3}. ", style=NUMBER)
        out.append(f"score {hit.score:.4f}  dense {_leg(hit.dense)}  lexical {_leg(hit.lexical)}")
        out.append(f"  reranker {_leg(hit.reranker)}\n" if hit.reranker else "\n")
        out.append(f"     {one_line(passage.article.title or passage.article.source)}")
        out.append(f"  {passage.article.id} {passage.start}-{passage.end}\n", style=FAINT)
        out.append(f"     {_shortened(passage.text, 100)}\n", style=FAINT)
        also = _faint_line([_also_in(hit.also_in)])
        out.append("     " if also else "").append_text(also)
    facts = text(
        "kind {kind}, language {language}, confidence {confidence}",
        kind=result.kind,
        language=result.language,
        confidence=f"{result.confidence:.4f}",
    )
    out.append(f"\n{facts}\n", style=FAINT)
    if result.timings_ms:
        times = ", ".join(f"{name} {value:.1f}" for name, value in result.timings_ms.items())
        out.append(text("milliseconds: {times}", times=times) + "\n", style=FAINT)
    return out


def article(record: Article, mark: Span | None = None, *, brackets: bool) -> Text:
    """The article under its header, with ``mark`` set off; in >>> <<< where ``brackets``."""
    out = Text()
    out.append(one_line(record.title or record.source) + "\n", style="bold")
    facts = [
        record.publisher,
        ", ".join(record.authors),
        _day(record.published),
    ]
    out.append_text(_faint_line(facts))
    out.append_text(_faint_line([record.source]))
    out.append_text(_faint_line([record.id, record.language, characters(len(record.text))]))
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
            item.article_id,
            published,
            item.language,
            item.publisher or "",
            item.title,
            item.source,
        ]
        yield "\t".join(cell(field) for field in fields)


def status(record: Status) -> Text:
    """What an index holds, a line a fact, and the sources that could not be read."""
    languages = ", ".join(f"{name} {numeral(count)}" for name, count in record.languages.items())
    facts = {
        text("index"): record.path,
        text("articles"): text(
            "{articles} ({texts} different texts)",
            articles=numeral(record.articles),
            texts=numeral(record.texts),
        ),
        text("passages"): text(
            "{passages} in {segments}",
            passages=numeral(record.passages),
            segments=plural("{number} segment", "{number} segments", record.segments),
        ),
        text("size"): _size(record.bytes),
        text("model"): text(
            "{model} ({dimension} dimensions)", model=record.model, dimension=record.dimension
        ),
        text("runs in"): record.runtime,
        text("languages"): languages or text("none"),
    } | ({text("writing"): record.writer} if record.writer else {})
    width = max(map(len, facts)) + 1
    out = Text()
    for name, value in facts.items():
        out.append(f"{name:<{width}}", style=FAINT).append(one_line(value) + "\n")
    if record.failures:
        failures = numeral(len(record.failures))
        out.append("\n" + text("Could not be read: {failures}", failures=failures) + "\n", "bold")
        for item in record.failures:
            out.append(f"{failure(item)}\n")
        told = text("Add them again once they can be read, or: qa forget SOURCE")
        out.append(f"{told}\n", style=FAINT)
    return out


def failure(item: Failure) -> str:
    """``name: reason`` on one line."""
    return f"{one_line(item.source)}: {one_line(item.reason)}"


def characters(count: int) -> str:
    """So many characters, in words."""
    return plural("{number} character", "{number} characters", count)


def period(limit: TimeLimit) -> str:
    """The time that a limit lets through, in words."""
    since = day(limit.since) if limit.since else None
    until = day(limit.until) if limit.until else None
    if since and until:
        return text("between {since} and {until}", since=since, until=until)
    return text("since {since}", since=since) if since else text("until {until}", until=until)


def _time_limit(limit: TimeLimit) -> str:
    when, phrase = period(limit), one_line(limit.phrase)
    if limit.applied:
        return text(
            'Only articles published {when} (because of "{phrase}"; --no-time-limit lifts this)',
            when=when,
            phrase=phrase,
        )
    return text(
        'Articles of any time: those published {when} answer no better (because of "{phrase}")',
        when=when,
        phrase=phrase,
    )


def _views(views: Sequence[View]) -> Text:
    out = Text()
    for view in views:
        out.append("  • ").append(one_line(said(view)), style=VALUE)
        for n in view.citations:
            out.append(f" [{n}]", style=NUMBER)
        out.append(f"  {sureness(view.probability)}\n", style=FAINT)
    return out


def _citation(citation: Citation, values: Sequence[Span]) -> Text:
    out = Text()
    out.append(f"[{citation.n}] ", style=NUMBER)
    position = 0
    for value in values:
        out.append(_quoted(citation.quote[position : value.start]))
        out.append(_quoted(value.of(citation.quote)), style=VALUE)
        position = value.end
    out.append(_quoted(citation.quote[position:]) + "\n")
    facts = [citation.publisher, _day(citation.published), citation.title]
    also = _also_in(citation.also_in)
    for line in (_faint_line(facts), _faint_line([citation.source]), _faint_line([also])):
        out.append("    " if line else "").append_text(line)
    place = f"{citation.article_id} --start {citation.start} --end {citation.end}"
    return out.append(f"    qa show {place}\n", style=FAINT)


def _nearest(result: Answer) -> Text:
    """The sentences that come nearest to an answer; without any, the nearest passages."""
    out = Text()
    if result.nearest:
        out.append("\n" + text("Near, but no answer:") + "\n", style="bold")
        for citation in result.nearest:
            out.append_text(_citation(citation, ()))
        return out
    hits = result.passages[:NEAREST]
    if hits:
        out.append("\n" + text("Nearest passages:") + "\n", style="bold")
    for hit in hits:
        record = hit.passage.article
        out.append(f"  • {_shortened(hit.passage.text, PREVIEW_CHARACTERS)}\n")
        facts = [
            record.publisher,
            _day(record.published),
            record.title,
        ]
        line = _faint_line(facts) or _faint_line([record.source])
        out.append("    ").append_text(line)
        also = _faint_line([_also_in(hit.also_in)])
        out.append("    " if also else "").append_text(also)
    return out


def paper(article: Article) -> str:
    """What an article is told apart by beside its copies: the paper, else its title or source."""
    return article.publisher or article.title or article.source


def _also_in(articles: Sequence[Article]) -> str | None:
    names = dict.fromkeys(map(paper, articles))
    return text("also in: {names}", names=", ".join(names)) if names else None


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


def _day(value: date | None) -> str | None:
    return day(value) if value else None


def _size(count: int) -> str:
    if count < 1000:
        return plural("{number} byte", "{number} bytes", count)
    size = float(count)
    for unit in ("kB", "MB"):
        size /= 1000
        if size < 1000:
            return f"{decimal(size)} {unit}"
    return f"{decimal(size / 1000)} GB"
