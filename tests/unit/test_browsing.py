"""Listings: what is searched, in which order it comes, how it is cut into pages; and the totals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from index import Article, ArticleQuery, Failure, Filters, Index, Order, UsageError, make_article
from tests.fakes import WordEmbedder


def article(source: str, text: str, **details: object) -> Article:
    details = {"language": "de", **details}
    return make_article(text, source=source, **details)  # type: ignore[arg-type]


ARTICLES = [
    article(
        "https://zeitung.example/kr%C3%B6ten",
        "Die Kröten wandern.",
        title="Ähren im Wind",
        publisher="Süddeutsche Nachrichten",
        published=date(2024, 5, 1),
    ),
    article(
        "file:///home/archiv/z%C3%BCge.txt",
        "Die Züge fahren. Sie fahren spät.",
        title="zuletzt gesehen",
        published=date(2023, 1, 31),
    ),
    article("upload:notiz.txt", "Ein Öltanker liegt vor Anker.", publisher="Bote"),
    article(
        "https://paper.example/3",
        "The tanker is at anchor.",
        title="Apples",
        publisher="bote",
        published=date(2025, 2, 2),
        language="en",
    ),
    article("https://zeitung.example/5", "Ein Öltanker liegt vor Anker.", title="50% \\ mehr_Öl"),
]
NAMES = ["toads", "trains", "note", "apples", "oil"]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        index.add_articles(ARTICLES)
        yield index


def shown(index: Index, **query: object) -> list[str]:
    page = index.article_page(ArticleQuery(**query))  # type: ignore[arg-type]
    ids = [entry.id for entry in ARTICLES]
    return [NAMES[ids.index(item.article_id)] for item in page.articles]


class TestSearching:
    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("", NAMES),
            (" \n", NAMES),
            ("ÄHREN", ["toads"]),
            ("ähren", ["toads"]),
            ("a\u0308hren", ["toads"]),
            ("ahren", ["toads"]),
            ("SÜDDEUTSCHE", ["toads"]),
            ("bote", ["note", "apples"]),
            ("zeitung.example", ["toads", "oil"]),
            ("zeitung ähren", ["toads"]),
            ("zeitung apples", []),
            ("kröten", ["toads"]),
            ("züge", ["trains"]),
            ("archiv", []),
            ("home", []),
            ("öltanker", ["note"]),
            ("%", ["oil"]),
            ("mehr_öl", ["oil"]),
            ("_____", []),
            ("\\", ["oil"]),
            ("' OR 1=1 --", []),
        ],
    )
    def test_title_publisher_and_source(
        self, opened: Index, words: str, expected: list[str]
    ) -> None:
        assert shown(opened, words=words) == expected

    def test_a_text_beyond_its_beginning_is_not_searched(self, opened: Index) -> None:
        opened.add_articles([article("upload:lang.txt", "Wort " * 100 + "Schluss")])
        assert opened.article_page(ArticleQuery(words="wort")).total == 1
        assert opened.article_page(ArticleQuery(words="schluss")).total == 0

    def test_many_words_end_soon(self, opened: Index) -> None:
        assert opened.article_page(ArticleQuery(words="e " * 10_000)).total == 5

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            (Filters(publishers=("Bote",)), ["note"]),
            (Filters(publishers=("Bote", "bote")), ["note", "apples"]),
            (Filters(publishers=("Bot",)), []),
            (Filters(languages=("en",)), ["apples"]),
            (Filters(since=date(2024, 5, 1)), ["toads", "apples"]),
            (Filters(until=date(2024, 5, 1), languages=("de",)), ["toads", "trains"]),
        ],
    )
    def test_with_filters(self, opened: Index, filters: Filters, expected: list[str]) -> None:
        assert shown(opened, filters=filters) == expected


def test_filters_on_publishers_hold_for_passages_too(opened: Index) -> None:
    hits = opened.search("Anker", filters=Filters(publishers=("bote",)))
    assert [hit.passage.article.title for hit in hits] == ["Apples"]


@pytest.mark.parametrize(
    ("order", "ascending", "descending"),
    [
        (Order.ADDED, NAMES, NAMES[::-1]),
        (
            *(Order.PUBLISHED, ["trains", "toads", "apples", "note", "oil"]),
            ["apples", "toads", "trains", "oil", "note"],
        ),
        (
            *(Order.TITLE, ["oil", "toads", "apples", "trains", "note"]),
            ["trains", "apples", "toads", "oil", "note"],
        ),
        (
            *(Order.PUBLISHER, ["note", "apples", "toads", "trains", "oil"]),
            ["toads", "apples", "note", "oil", "trains"],
        ),
        (
            *(Order.LANGUAGE, ["toads", "trains", "note", "oil", "apples"]),
            ["apples", "oil", "note", "trains", "toads"],
        ),
    ],
)
def test_orders_with_what_is_missing_last(
    opened: Index, order: Order, ascending: list[str], descending: list[str]
) -> None:
    assert shown(opened, order=order) == ascending
    assert shown(opened, order=order, descending=True) == descending


class TestPages:
    def test_pages_together_are_the_whole(self, opened: Index) -> None:
        pages = [shown(opened, order=Order.TITLE, page=page, size=2) for page in (1, 2, 3)]
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [name for page in pages for name in page] == shown(opened, order=Order.TITLE)

    def test_beyond_the_last_page_it_is_the_last(self, opened: Index) -> None:
        page = opened.article_page(ArticleQuery(page=99, size=2))
        assert (page.total, page.page, page.size, len(page.articles)) == (5, 3, 2, 1)

    def test_an_empty_one(self, opened: Index) -> None:
        page = opened.article_page(ArticleQuery(words="nirgends", page=3))
        assert (page.total, page.page, page.articles, page.beginnings) == (0, 1, (), {})

    @pytest.mark.parametrize("size", [0, -1])
    def test_of_no_size_is_refused(self, opened: Index, size: int) -> None:
        with pytest.raises(UsageError, match="at least one"):
            opened.article_page(ArticleQuery(size=size))

    def test_has_what_a_listing_has(self, opened: Index) -> None:
        page = opened.article_page(ArticleQuery())
        assert list(page.articles) == opened.articles()
        assert [item.copy for item in page.articles] == [False, False, False, False, True]

    def test_untitled_articles_of_the_page_come_with_their_beginning(self, opened: Index) -> None:
        page = opened.article_page(ArticleQuery(size=3))
        assert page.beginnings == {ARTICLES[2].id: "Ein Öltanker liegt vor Anker."}
        assert opened.article_page(ArticleQuery(size=2)).beginnings == {}


def test_copies(opened: Index) -> None:
    assert opened.copies(ARTICLES[2].id) == (ARTICLES[4],)
    assert opened.copies(ARTICLES[4].id) == (ARTICLES[2],)
    assert opened.copies(ARTICLES[0].id) == ()


def test_holdings(opened: Index) -> None:
    opened.add_articles([Failure("https://bad", "why")])
    held = opened.holdings()
    assert (held.articles, held.passages, held.failures) == (5, 4, 1)
    assert (held.since, held.until) == (date(2023, 1, 31), date(2025, 2, 2))
    assert held.publishers == {"Bote": 1, "Süddeutsche Nachrichten": 1, "bote": 1}
    assert list(held.languages.items()) == [("de", 4), ("en", 1)]
    assert held.writer is None


def test_holdings_of_an_empty_index(tmp_path: Path) -> None:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        held = index.holdings()
    assert (held.articles, held.since, held.until, held.publishers) == (0, None, None, {})


def test_publishers_by_their_number_of_articles(opened: Index) -> None:
    opened.add_articles([article("x", "Neu.", publisher="bote"), article("y", "N.", publisher="")])
    assert next(iter(opened.holdings().publishers)) == "bote"
    assert "" not in opened.holdings().publishers
