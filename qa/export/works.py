"""The cited articles as bibliographies name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from qa.export.names import Name, name_of_author
from qa.export.origins import address_of
from qa.export.slug import slug
from qa.show.sanitize import one_line
from qa.show.sources import headline, name_of

if TYPE_CHECKING:
    from index import Article
    from qa.records import Answer, Citation

LONGEST_KEY = 24
"""Letters of a key before its year."""


@dataclass(frozen=True, slots=True)
class Work:
    """A cited article. ``key`` is no other's; ``file`` is a name where there is no ``address``.

    ``seen`` is the day on which the text was fetched from its address.
    """

    key: str
    title: str
    authors: tuple[Name, ...]
    publisher: str | None
    published: date | None
    language: str | None
    address: str | None
    file: str
    seen: date


def cited_works(answer: Answer, articles: Mapping[str, Article], asked: date) -> list[Work]:
    """The articles that the answer's citations are of, each once, in the order of their numbers.

    ``articles`` by their ids know what a citation does not: authors, language, the day of fetching.
    """
    first = {citation.article_id: citation for citation in reversed(answer.citations)}
    cited = [first[name] for name in dict.fromkeys(c.article_id for c in answer.citations)]
    used: Counter[str] = Counter()
    return [_work(citation, articles.get(citation.article_id), asked, used) for citation in cited]


def _work(citation: Citation, article: Article | None, asked: date, used: Counter[str]) -> Work:
    known = map(one_line, article.authors if article else ())
    authors = tuple(name_of_author(name) for name in known if name)
    publisher = one_line(citation.publisher or "") or None
    file = one_line(name_of(citation.source))
    name = authors[0].family if authors else publisher or file
    key = slug(name, LONGEST_KEY, between="") or "article"
    key += str(citation.published.year) if citation.published else ""
    used[key] += 1
    return Work(
        key=key if used[key] == 1 else f"{key}-{used[key]}",
        title=one_line(citation.title) or _beginning(citation, article),
        authors=authors,
        publisher=publisher,
        published=citation.published,
        language=article.language if article and article.language != "und" else None,
        address=address_of(citation.source),
        file=file,
        seen=article.fetched.date() if article else asked,
    )


def _beginning(citation: Citation, article: Article | None) -> str:
    """What an untitled article is called; of one that is not known, by the quote."""
    title, _ = headline("", article.text if article else citation.quote)
    return title
