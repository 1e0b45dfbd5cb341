"""Newness and crowding: what may change the order of hits, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from index import Hit, Index, Passage, UsageError, make_article
from index.search.reorder import RECENCY, prefer_recent, spread
from tests.fakes import WordEmbedder

NEWEST = date(2024, 6, 1)


def hit(rank: int, score: float, published: date | None = None, source: str | None = None) -> Hit:
    article = make_article(
        f"Text {rank}.", source=source or f"s{rank}", language="de", published=published
    )
    return Hit(rank, score, Passage(rank, article, 0, len(article.text), ()))


def ids(hits: list[Hit]) -> list[int]:
    return [hit.passage.id for hit in hits]


class TestRecent:
    def test_a_newer_article_overtakes_one_that_is_a_little_better(self) -> None:
        hits = [hit(1, 1.0, date(2015, 1, 1)), hit(2, 0.99, NEWEST)]
        found = prefer_recent(hits)
        assert ids(found) == [2, 1]
        assert [entry.rank for entry in found] == [1, 2]
        assert found[0].score > found[1].score

    def test_never_one_that_is_far_better(self) -> None:
        hits = [hit(1, 1.0, date(1995, 1, 1)), hit(2, 1.0 - RECENCY - 0.001, NEWEST)]
        assert ids(prefer_recent(hits)) == [1, 2]

    def test_half_of_it_is_left_after_the_half_life(self) -> None:
        old = NEWEST - timedelta(days=30)
        first, second = prefer_recent([hit(1, 1.0, NEWEST), hit(2, 0.5, old)], half_life=30)
        assert first.score == pytest.approx(1.0 + RECENCY)
        assert second.score == pytest.approx(0.5 + RECENCY / 2)

    def test_no_date_is_neither_good_nor_bad(self) -> None:
        days = [NEWEST, NEWEST - timedelta(days=180), NEWEST - timedelta(days=3600)]
        found = prefer_recent([*(hit(n, 1.0, day) for n, day in enumerate(days)), hit(9, 1.0)])
        assert ids(found) == [0, 1, 9, 2]

    def test_a_date_to_come_does_not_make_all_others_old(self) -> None:
        future = date.today() + timedelta(days=3000)
        hits = [hit(1, 1.0, date(2015, 1, 1)), hit(2, 0.99, NEWEST), hit(3, 0.2, future)]
        assert ids(prefer_recent(hits)) == [2, 1, 3]

    def test_without_dates_nothing_changes(self) -> None:
        hits = [hit(1, 1.0), hit(2, 0.9)]
        assert prefer_recent(hits) == hits
        assert prefer_recent([]) == []

    @pytest.mark.parametrize("days", [0.0, -1.0, float("nan")])
    def test_a_half_life_that_is_none(self, days: float) -> None:
        with pytest.raises(UsageError, match="half-life"):
            prefer_recent([hit(1, 1.0)], days)


class TestSpread:
    def test_the_third_of_one_article_gives_way_to_others_nearly_as_good(self) -> None:
        scores = [1.0, 0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.2]
        sources = ["a", "a", "a", "a", "a", "b", "c", "d"]
        hits = [
            hit(rank, score, source=source)
            for rank, (score, source) in enumerate(zip(scores, sources, strict=True), start=1)
        ]
        assert ids(spread(hits, 4, 2)) == [1, 2, 6, 7]
        assert ids(spread(hits, 5, 2)) == [1, 2, 3, 6, 7], "what is left fills up"
        assert ids(spread(hits, 7, 2)) == [1, 2, 3, 4, 5, 6, 7], "others far worse stay behind"
        assert ids(spread(hits, 4, 9)) == [1, 2, 3, 4]

    def test_the_first_stays_the_first(self) -> None:
        hits = [hit(n, 1.0 / n, source="a") for n in range(1, 5)]
        assert ids(spread(hits, 1, 1)) == [1]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        yield opened


def test_a_long_article_does_not_crowd_out_the_others(index: Index) -> None:
    parts = [
        f"Der Turm von Hohenfels hat {n} Stufen. {'Der Turm von Hohenfels! ' * 25}{n}."
        for n in range(20, 26)
    ]
    index.add_articles(
        [
            make_article("\n\n".join(parts), source="lang", language="de"),
            make_article(
                "Vom Turm zu Hohenfels: Turm von Hohenfels.",
                source="b",
                language="de",
            ),
            make_article("Die Stadt zahlt den Turm im Tal.", source="c", language="de"),
        ]
    )
    plain = index.search("Turm von Hohenfels", k=4)
    mixed = index.search("Turm von Hohenfels", k=4, per_article=2)
    order = index.search("Turm von Hohenfels", k=20)
    sources = [entry.passage.article.source for entry in order]
    assert sources.index("b") > 3, "crowded out"
    assert [entry.passage.article.source for entry in plain] == ["lang"] * 4
    assert [entry.passage.article.source for entry in mixed] == ["lang", "lang", "lang", "b"]
    assert mixed[0] == plain[0]
    assert [entry.rank for entry in mixed] == list(range(1, 5))


def test_a_search_may_prefer_the_recent(index: Index) -> None:
    index.add_articles(
        make_article(f"Der Turm wird {n}.", source=name, language="de", published=day)
        for n, (name, day) in enumerate(
            {"alt": date(2010, 1, 1), "neu": NEWEST, "ohne": None}.items()
        )
    )
    index.add_articles(
        [make_article("Kein Wort davon.", source="fern", language="de", published=NEWEST)]
    )
    plain = index.search("Der Turm wird", k=4)
    recent = index.search("Der Turm wird", k=4, recent=True)
    order = [entry.passage.article.source for entry in recent]
    assert order[-1] == "fern" == plain[-1].passage.article.source
    assert order.index("neu") < order.index("alt")
    with pytest.raises(UsageError, match="half-life"):
        index.search("Der Turm", recent=-5.0)
