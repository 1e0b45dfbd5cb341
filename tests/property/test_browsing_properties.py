"""A listing is what sorting and searching in memory give, whatever the articles are."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from index import Article, ArticleQuery, Filters, Index, Order, make_article
from index.storage.rows import folded
from tests.fakes import WordEmbedder

WORD = st.sampled_from(
    ["", "Ähre", "ähre", "A\u0308hre", "ahre", "Straße", "STRASSE", "İstanbul", "%", "_", "\\", "'"]
)
LINE = st.lists(WORD, max_size=3).map(" ".join).map(str.strip)


@st.composite
def some_articles(draw: st.DrawFn) -> list[Article]:
    return [
        make_article(
            draw(LINE) or "Text",
            source=f"{draw(st.sampled_from(['https://a.example/', 'upload:', 'file:///x/']))}{n}",
            language=draw(st.sampled_from(["de", "en"])),
            title=draw(LINE),
            publisher=draw(st.one_of(st.none(), LINE)),
            published=draw(st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2020, 1, 4)))),
        )
        for n in range(draw(st.integers(0, 7)))
    ]


KEYS: dict[Order, Callable[[Article], Any]] = {
    Order.ADDED: lambda article: 0,
    Order.PUBLISHED: lambda article: article.published,
    Order.TITLE: lambda article: folded(article.title) or None,
    Order.PUBLISHER: lambda article: folded(article.publisher or "") or None,
    Order.LANGUAGE: lambda article: article.language,
}


def expected(articles: list[Article], query: ArticleQuery) -> list[Article]:
    """All pages' articles, by Python's own means."""

    def is_found(article: Article) -> bool:
        named = article.source.rpartition("/")[2] if "file:" in article.source else article.source
        where = folded("\n".join([article.title or article.text, article.publisher or "", named]))
        return all(word in where for word in folded(query.words).split()) and (
            not query.filters.languages or article.language in query.filters.languages
        )

    key = KEYS[query.order]
    found = [entry for entry in enumerate(articles) if is_found(entry[1])]
    found = [entry for entry in found if key(entry[1]) is not None]
    lacking = [e for e in enumerate(articles) if is_found(e[1]) and key(e[1]) is None]
    found.sort(key=lambda entry: (key(entry[1]), entry[0]), reverse=query.descending)
    lacking.sort(key=lambda entry: entry[0], reverse=query.descending)
    return [article for _, article in (*found, *lacking)]


@settings(max_examples=60, deadline=None)
@given(
    some_articles(), LINE, st.sampled_from(Order), st.booleans(), st.integers(1, 4), st.booleans()
)
def test_a_listing_is_the_sorted_articles(
    articles: list[Article],
    words: str,
    order: Order,
    descending: bool,
    size: int,
    of_one_language: bool,
) -> None:
    filters = Filters(languages=("de",)) if of_one_language else Filters()
    with (
        tempfile.TemporaryDirectory() as folder,
        Index.open(folder, embedder=WordEmbedder()) as index,
    ):
        index.add_articles(articles)
        query = ArticleQuery(words=words, order=order, descending=descending, filters=filters)
        whole = [article.id for article in expected(articles, query)]
        listed: list[str] = []
        for number in range(1, max(1, -(-len(whole) // size)) + 1):
            page = index.article_page(
                ArticleQuery(words, order, descending, number, size, filters=filters)
            )
            assert (page.total, page.page) == (len(whole), number)
            listed += [item.article_id for item in page.articles]
            untitled = {item.article_id for item in page.articles if not item.title}
            assert page.beginnings.keys() == untitled
        assert listed == whole
        assert index.article_ids(query, len(whole) + 1) == whole
        assert index.article_ids(query, 2) == whole[:2]


@given(st.text(max_size=20))
def test_case_and_form_do_not_count(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, text)) == folded(text)
    if text.isascii():
        assert folded(text.upper()) == folded(text) == folded(text.lower())
