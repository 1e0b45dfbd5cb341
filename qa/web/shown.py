"""What the page shows of an answer and its articles in words, in the language spoken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from index.translation import day, text
from qa.show.sources import headline, link_of, name_of
from qa.show.sureness import sureness
from qa.show.terminal import period
from qa.wording import said

if TYPE_CHECKING:
    from index import Article
    from qa.records import Answer, TimeLimit


def shown(answer: Answer) -> dict[str, Any]:
    """The words that go with ``answer.to_json()``, and the articles that it is taken from."""
    return {
        "sure": sureness(answer.confidence),
        "views": [
            {"said": said(view), "sure": sureness(view.probability)} for view in answer.views
        ],
        "time_limit": _time_limit(answer.time_limit) if answer.time_limit else None,
        "sources": {
            article.id: {**facts_of(article), "also_in": [_named(other) for other in others]}
            for article, others in _articles(answer)
        },
    }


def facts_of(article: Article) -> dict[str, Any]:
    """What an article is called, whose it is, from when, and where it is from."""
    title, has_title = headline(article.title, article.text)
    return {
        "headline": title,
        "has_title": has_title,
        "publisher": article.publisher,
        "published": article.published.isoformat() if article.published else None,
        "published_words": day(article.published) if article.published else None,
        "language": article.language,
        "link": link_of(article.source),
        "name": name_of(article.source),
    }


def _named(article: Article) -> dict[str, str]:
    return {"article_id": article.id, "name": article.publisher or name_of(article.source)}


def _articles(answer: Answer) -> Iterable[tuple[Article, Iterable[Article]]]:
    """The articles of the passages, each with its copies; the sentences that are cited stand in
    passages too."""
    found: dict[str, tuple[Article, dict[str, Article]]] = {}
    for hit in answer.passages:
        article = hit.passage.article
        _, others = found.setdefault(article.id, (article, {}))
        others.update((other.id, other) for other in hit.also_in)
    return [(article, others.values()) for article, others in found.values()]


def _time_limit(limit: TimeLimit) -> str:
    when, phrase = period(limit), limit.phrase
    if limit.applied:
        return text(
            'Only articles published {when} (because of "{phrase}").', when=when, phrase=phrase
        )
    return text(
        'Articles of any time: those published {when} answer no better (because of "{phrase}").',
        when=when,
        phrase=phrase,
    )
