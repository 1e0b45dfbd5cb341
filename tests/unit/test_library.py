"""The library of the page: rows and totals as JSON, changes, removals and their undoing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index import (
    Article,
    ArticleNotFoundError,
    Failure,
    Index,
    IndexBusyError,
    UsageError,
    Withdrawn,
    make_article,
)
from index.translation import speaking
from qa.web import library, removals
from qa.web.library import MOST_ON_A_PAGE, Library
from qa.web.removals import MOST, SECONDS, Removals
from qa.web.turns import Turns, turns_of
from tests.fakes import WordEmbedder

SEA = "Das Meer ist tief. Im Meer leben Wale und Delfine."


def article(source: str, text: str, **details: object) -> Article:
    details = {"language": "de", **details}
    return make_article(text, source=source, **details)  # type: ignore[arg-type]


ARTICLES = [
    article(
        "https://www.zeitung.example/meer",
        SEA,
        title="Ozean \u202e",
        publisher="Bote",
        published=date(2024, 5, 1),
    ),
    article("file:///home/archiv/berge.txt", "# Die Alpen\n\nSie sind hoch."),
    article("upload:zug.txt", "The train is late.", language="en"),
]
SEA_ID, ALPS_ID, TRAIN_ID = (entry.id for entry in ARTICLES)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        index.add_articles(ARTICLES)
        yield index


@pytest.fixture
def shelf(opened: Index) -> Library:
    return Library(opened)


def ids(page: dict[str, Any]) -> list[str]:
    return [row["article_id"] for row in page["articles"]]


class TestListing:
    def test_a_row(self, shelf: Library) -> None:
        with speaking("de"):
            [row] = shelf.page([("query", "ozean")])["articles"]
        assert row == {
            "article_id": SEA_ID,
            "title": "Ozean \u202e",
            "headline": "Ozean \\u202e",
            "has_title": True,
            "publisher": "Bote",
            "published": "2024-05-01",
            "published_words": "01.05.2024",
            "language": "de",
            "passages": 1,
            "copy": False,
            "link": "https://www.zeitung.example/meer",
            "name": "zeitung.example",
        }

    def test_an_untitled_row_is_headed_by_its_text_and_shows_no_path(self, shelf: Library) -> None:
        page = shelf.page([("query", "berge")])
        [row] = page["articles"]
        assert (row["headline"], row["has_title"], row["title"]) == ("Die Alpen", False, "")
        assert (row["name"], row["link"]) == ("berge.txt", None)
        assert "archiv" not in json.dumps(page)

    def test_the_whole_is_json_and_newest_first_on_wish(self, shelf: Library) -> None:
        page = shelf.page([("sort", "added"), ("descending", "1"), ("size", "2")])
        assert (page["total"], page["page"], page["size"]) == (3, 1, 2)
        assert ids(page) == [TRAIN_ID, ALPS_ID]
        assert json.loads(json.dumps(page)) == page

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ([], [SEA_ID, ALPS_ID, TRAIN_ID]),
            ([("query", ""), ("since", ""), ("publisher", ""), ("page", "")], None),
            ([("page", "2"), ("size", "2")], [TRAIN_ID]),
            ([("language", "en"), ("language", "fr")], [TRAIN_ID]),
            ([("publisher", "Bote")], [SEA_ID]),
            ([("since", "2024-05-01"), ("until", "2024-05-01")], [SEA_ID]),
            ([("since", "2024-05-02")], []),
            ([("sort", "title")], [SEA_ID, ALPS_ID, TRAIN_ID]),
            ([("unknown", "x")], None),
        ],
    )
    def test_what_an_address_asks_for(
        self, shelf: Library, wanted: list[tuple[str, str]], expected: list[str] | None
    ) -> None:
        everything = [SEA_ID, ALPS_ID, TRAIN_ID]
        assert ids(shelf.page(wanted)) == (everything if expected is None else expected)

    @pytest.mark.parametrize(
        "wanted",
        [
            *(("sort", "size"), ("page", "0"), ("page", "-1"), ("page", "²"), ("page", "9" * 400)),
            *(("size", "0"), ("size", str(MOST_ON_A_PAGE + 1)), ("size", "1e2")),
            *(("since", "gestern"), ("until", "2024-02-30")),
        ],
    )
    def test_what_cannot_be_asked_for(self, shelf: Library, wanted: tuple[str, str]) -> None:
        with pytest.raises(UsageError, match=wanted[0]):
            shelf.page([wanted])

    def test_copies_are_named(self, opened: Index, shelf: Library) -> None:
        copies = [
            article("https://blatt.example/meer", SEA),
            article("file:///home/archiv/meer.txt", SEA, publisher="Kurier"),
        ]
        opened.add_articles(copies)
        assert shelf.also_in(SEA_ID) == [
            {"article_id": copies[0].id, "name": "blatt.example"},
            {"article_id": copies[1].id, "name": "Kurier"},
        ]
        assert shelf.also_in(ALPS_ID) == []

    def test_holdings(self, opened: Index, shelf: Library) -> None:
        opened.add_articles([Failure("upload:x.txt", "why"), article("x", "?", language="und")])
        with speaking("de"):
            held = shelf.holdings()
        assert held == {
            "articles": 4,
            "passages": 4,
            "since": "2024-05-01",
            "until": "2024-05-01",
            "publishers": [{"name": "Bote", "articles": 1}],
            "languages": [
                {"code": "de", "name": "Deutsch", "articles": 2},
                {"code": "en", "name": "Englisch", "articles": 1},
                {"code": "und", "name": held["languages"][2]["name"], "articles": 1},
            ],
            "failures": 1,
            "writer": None,
        }
        assert shelf.holdings()["languages"][0]["name"] == "German"


class TestEditing:
    def test_the_row_comes_back(self, shelf: Library, opened: Index) -> None:
        row = shelf.edit(
            ALPS_ID, {"title": " Die\n Alpen ", "publisher": "Kurier", "published": "2023-01-02"}
        )
        assert (row["title"], row["has_title"]) == ("Die Alpen", True)
        assert (row["publisher"], row["published"]) == ("Kurier", "2023-01-02")
        assert opened.article(ALPS_ID).title == "Die Alpen"

    def test_null_takes_away_and_what_is_absent_stays(self, shelf: Library) -> None:
        row = shelf.edit(SEA_ID, {"title": None, "published": None})
        assert (row["has_title"], row["published"], row["publisher"]) == (False, None, "Bote")
        assert row["headline"] == "Das Meer ist tief."
        assert shelf.edit(SEA_ID, {"publisher": " "})["publisher"] is None
        assert shelf.edit(SEA_ID, {})["publisher"] is None

    @pytest.mark.parametrize(
        "changes",
        [
            *({"text": "anders"}, {"source": "file:///etc/passwd"}, {"title": 7}),
            *({"title": ["a"]}, {"title": "x" * 1_001}, {"title": "\ud800"}),
            *({"published": "gestern"}, {"published": 20240101}, {"publisher": False}),
        ],
    )
    def test_what_cannot_be_changed(
        self, shelf: Library, opened: Index, changes: dict[str, object]
    ) -> None:
        with pytest.raises(UsageError):
            shelf.edit(SEA_ID, changes)
        assert opened.article(SEA_ID) == ARTICLES[0]

    def test_one_that_is_not_there(self, shelf: Library) -> None:
        with pytest.raises(ArticleNotFoundError):
            shelf.edit("0" * 12, {"title": "x"})


class TestRemoving:
    def test_and_undoing(self, shelf: Library, opened: Index) -> None:
        before = opened.articles()
        told = shelf.remove([SEA_ID, ALPS_ID, "0" * 12])
        assert (told["removed"], told["seconds"]) == (2, 600)
        assert ids(shelf.page([])) == [TRAIN_ID]
        assert shelf.restore(told["undo"]) == {"restored": 2}
        assert opened.articles() == before
        assert opened.verify().damage == ()
        with pytest.raises(ArticleNotFoundError):
            shelf.restore(told["undo"])

    def test_none_of_them_is_there(self, shelf: Library) -> None:
        with pytest.raises(ArticleNotFoundError):
            shelf.remove(["0" * 12])
        with pytest.raises(ArticleNotFoundError):
            shelf.restore("")

    def test_an_undoing_that_fails_can_be_tried_again(
        self, shelf: Library, opened: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def busy(taken: Withdrawn) -> tuple[str, ...]:
            raise IndexBusyError("another process")

        told = shelf.remove([SEA_ID])
        with monkeypatch.context() as patch:
            patch.setattr(opened, "put_back", busy)
            with pytest.raises(IndexBusyError):
                shelf.restore(told["undo"])
        assert shelf.restore(told["undo"]) == {"restored": 1}

    def test_too_much_is_not_held(self, shelf: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(removals, "MOST_CHARACTERS", len(SEA) - 1)
        assert shelf.remove([SEA_ID])["undo"] is None
        assert shelf.remove([TRAIN_ID])["undo"] is not None


class TestHeldRemovals:
    @pytest.fixture
    def taken(self, opened: Index) -> Withdrawn:
        return opened.withdraw([SEA_ID])

    def is_held(self, held: Removals, token: str | None) -> bool:
        assert token is not None
        try:
            with held.taken(token):
                raise KeyError  # so that it stays
        except ArticleNotFoundError:
            return False
        except KeyError:
            return True

    def test_for_a_while(self, taken: Withdrawn) -> None:
        now = 0.0
        held = Removals(lambda: now)
        token = held.hold(taken)
        now = SECONDS
        assert self.is_held(held, token)
        now = SECONDS + 1
        assert not self.is_held(held, token)

    def test_so_many_of_them(self, taken: Withdrawn) -> None:
        held = Removals()
        tokens = [held.hold(taken) for _ in range(MOST + 1)]
        assert [self.is_held(held, token) for token in tokens] == [False] + [True] * MOST

    def test_so_much_text(self, taken: Withdrawn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(removals, "MOST_CHARACTERS", 2 * len(SEA))
        held = Removals()
        tokens = [held.hold(taken) for _ in range(3)]
        assert [self.is_held(held, token) for token in tokens] == [False, True, True]


class TestFailures:
    @pytest.fixture(autouse=True)
    def _failures(self, opened: Index, tmp_path: Path) -> None:
        (tmp_path / "leer.txt").write_text("", "utf-8")
        opened.add([tmp_path / "leer.txt"])
        opened.add_articles([Failure("upload:a.txt", "no\x1b text"), Failure("file:///x/b", "?")])

    def test_are_named_and_say_whether_they_can_be_tried_again(
        self, shelf: Library, tmp_path: Path
    ) -> None:
        told = {entry["name"]: entry for entry in shelf.failures()}
        assert {name: entry["again"] for name, entry in told.items()} == {
            "leer.txt": True,
            "a.txt": False,
            "b": False,
        }
        assert told["a.txt"] == {
            "source": "upload:a.txt",
            "name": "a.txt",
            "reason": "no\\x1b text",
            "again": False,
        }

    def test_are_forgotten(self, shelf: Library) -> None:
        assert shelf.forget(["upload:a.txt", "upload:nie.txt"]) == {"forgotten": 1}
        assert {entry["name"] for entry in shelf.failures()} == {"leer.txt", "b"}
        assert shelf.forget(["upload:a.txt"]) == {"forgotten": 0}


class TestTurns:
    def test_come_in_the_order_of_asking(self) -> None:
        turns, order = Turns(), list[int]()
        with turns.turn():
            waiting = [
                threading.Thread(target=self._take, args=(turns, order, number))
                for number in range(5)
            ]
            for number, thread in enumerate(waiting, start=2):
                thread.start()
                while len(turns._waiting) < number:
                    pass
            assert order == []
        for thread in waiting:
            thread.join(10)
        assert order == [0, 1, 2, 3, 4]

    def _take(self, turns: Turns, order: list[int], number: int) -> None:
        with turns.turn():
            order.append(number)

    def test_who_waits_too_long_is_told_and_nobody_else_is_held_up(self) -> None:
        turns = Turns()
        told = pytest.raises(IndexBusyError, match="again in a moment")
        with turns.turn(), told, turns.turn(0.01):
            raise AssertionError
        with turns.turn(0.01):
            pass

    def test_an_error_ends_a_turn(self) -> None:
        turns = Turns()
        with pytest.raises(KeyError), turns.turn():
            raise KeyError
        with turns.turn(0.01):
            pass

    def test_are_one_for_an_index(self, opened: Index, tmp_path: Path) -> None:
        assert turns_of(opened) is turns_of(opened)
        with Index.open(tmp_path / "other", embedder=WordEmbedder()) as other:
            assert turns_of(other) is not turns_of(opened)

    def test_changes_wait_for_theirs(
        self, shelf: Library, opened: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(library, "PATIENCE", 0.01)
        changes: Sequence[Any] = (
            lambda: shelf.edit(SEA_ID, {"title": "x"}),
            lambda: shelf.remove([SEA_ID]),
            lambda: shelf.forget(["x"]),
        )
        with turns_of(opened).turn():
            for change in changes:
                with pytest.raises(IndexBusyError):
                    change()
        assert shelf.edit(SEA_ID, {"title": "x"})["title"] == "x"
