"""An answer as a document in Markdown, in the language spoken: CommonMark, and safe in its kin.

Nothing that an article says is markup in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from index.translation import day, text
from qa.export.origins import address_of, origin_of
from qa.show.sanitize import one_line, visible
from qa.show.sureness import sureness
from qa.show.terminal import period
from qa.wording import said

if TYPE_CHECKING:
    from index import Article
    from qa.records import Answer, Citation, TimeLimit, View

_INLINE = re.compile(r"[\\`*_\[\]<~$|^]|&(?=#?\w+;)|#(?=\s*$)")
_NUMBER = re.compile(r"\\\[(\d+)\\\](?![(:])")
"""A citation's number, which is no link: nothing defines where it would lead."""
_NUMBERED = re.compile(r"\A(\d{1,9})([.)])(?=\s|\Z)")
_LEADING = re.compile(r"\A(?=[#+=>:-])")
"""What makes a line a heading, an item, a quote or a rule where it begins with it."""


def write(answer: Answer, articles: Mapping[str, Article], asked: date) -> str:
    """Question, answer, views, and the numbered quotes with their sources."""
    return "\n\n".join(_parts(answer, asked)) + "\n"


def _parts(answer: Answer, asked: date) -> Iterator[str]:
    yield f"# {_line(answer.question)}"
    yield _line(answer.answer)
    if answer.found:
        yield sureness(answer.confidence)
    if answer.time_limit:
        yield _line(_time_limit(answer.time_limit))
    yield _line(text("Asked on {day}.", day=day(asked)))
    if answer.views:
        yield f"## {text('Answers')}"
        yield "\n".join(map(_view, answer.views))
    further = answer.further
    proofs = tuple(citation for citation in answer.citations if citation not in further)
    for title, citations in (
        (text("Evidence"), proofs),
        (text("Further passages"), further),
        (text("Near, but no answer"), answer.nearest),
    ):
        yield from _quotes(title, citations)


def _view(view: View) -> str:
    numbers = "".join(f"[{n}]" for n in view.citations)
    return f"- **{_line(said(view))}** {numbers}, {sureness(view.probability)}"


def _quotes(title: str, citations: Sequence[Citation]) -> Iterator[str]:
    if citations:
        yield f"## {title}"
    for citation in citations:
        yield f"**[{citation.n}]** " + " · ".join(_source(citation))
        yield "\n".join(f"> {line}".rstrip() for line in _block(citation.quote))


def _source(citation: Citation) -> Iterator[str]:
    """Title, publisher, day, address and copies, as far as they are known."""
    if title := _line(citation.title):
        yield f"*{title}*"
    if publisher := _line(citation.publisher or ""):
        yield publisher
    if citation.published:
        yield day(citation.published)
    address = address_of(citation.source)
    yield f"<{address}>" if address else _line(origin_of(citation.source))
    if citation.also_in:
        names = dict.fromkeys(map(_copy, citation.also_in))
        yield _line(text("also in: {names}", names=", ".join(names)))


def _copy(article: Article) -> str:
    """What a copy is told apart by: the paper, else its title or where it comes from."""
    return article.publisher or article.title or origin_of(article.source)


def _time_limit(limit: TimeLimit) -> str:
    if limit.applied:
        return text(
            'Only articles published {when} (because of "{phrase}").',
            when=period(limit),
            phrase=limit.phrase,
        )
    return text(
        'Articles of any time: those published {when} answer no better (because of "{phrase}").',
        when=period(limit),
        phrase=limit.phrase,
    )


# ---- text that is no markup ----------------------------------------------------------------------


def _line(told: str) -> str:
    """Text of unknown origin in one line of a paragraph, heading or item."""
    return _escaped(one_line(told))


def _block(told: str) -> Iterator[str]:
    """Text of unknown origin in its lines; blank ones part paragraphs."""
    for line in visible(told).split("\n"):
        yield _escaped(line.strip(" \t"))


def _escaped(line: str) -> str:
    """One line in which nothing marks up: it has the backslashes that Markdown takes away."""
    inline = _NUMBER.sub(r"[\1]", _INLINE.sub(r"\\\g<0>", line))
    return _LEADING.sub(r"\\", _NUMBERED.sub(r"\1\\\2", inline))
