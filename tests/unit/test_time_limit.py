"""A time in a question limits the date of publication, where there are such dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index import Filters, Hit, Index, Snapshot, make_article
from index.encoder.embedder import Embedder
from index.loaded import Loaded
from qa import ask
from qa.reading.spans import Reading
from qa.retrieval.search import asks_for_reports, choose
from tests.fakes import WordEmbedder

TODAY = date(2026, 1, 15)
QUESTION = "Wer gewann letzte Woche das Rennen?"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        yield opened


def put(index: Index, *published: date | None) -> None:
    index.add_articles(
        make_article(
            f"Das Rennen Nummer {number} gewann ein Fahrer aus dem Ort.",
            source=f"test:{number}",
            language="de",
            published=day,
        )
        for number, day in enumerate(published)
    )


def test_only_articles_of_that_time_are_found(index: Index) -> None:
    put(index, date(2026, 1, 7), date(2025, 3, 1))
    answer = ask(QUESTION, index, today=TODAY, reader=None)
    assert answer.time_limit is not None
    assert answer.time_limit.phrase == "letzte Woche"
    assert [hit.passage.article.source for hit in answer.passages] == ["test:0"]


def test_it_can_be_switched_off(index: Index) -> None:
    put(index, date(2026, 1, 7), date(2025, 3, 1))
    answer = ask(QUESTION, index, today=TODAY, reader=None, use_time_limit=False)
    assert answer.time_limit is None
    assert len(answer.passages) == 2


def test_articles_of_that_time_are_searched_alone(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, date(2026, 1, 7), date(2025, 3, 1))
    searched: list[Filters | None] = []
    search = Snapshot.search

    def counted(snapshot: Snapshot, query: str, **options: Any) -> list[Hit]:
        searched.append(options["filters"])
        return search(snapshot, query, **options)

    monkeypatch.setattr(Snapshot, "search", counted)
    assert ask(QUESTION, index, today=TODAY, reader=None).time_limit is not None
    assert searched == [Filters(since=date(2026, 1, 5), until=date(2026, 1, 11))]


def test_a_passage_of_two_attempts_is_read_once(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, date(2024, 5, 7), date(2025, 3, 1))
    read: list[str] = []

    class Counting:
        def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
            read.extend(passages)
            return [Reading((), 0.0) for _ in passages]

    monkeypatch.setattr("qa.answer.loading", lambda name: Loaded(Counting))
    answer = ask(EVENT, index, today=TODAY)
    assert answer.time_limit is not None
    assert len(read) == len(set(read)) == 2


def test_articles_without_dates_are_not_hidden(index: Index) -> None:
    put(index, None, None)
    answer = ask(QUESTION, index, today=TODAY, reader=None)
    assert answer.time_limit is None
    assert len(answer.passages) == 2


def test_a_company_s_year_is_no_limit(index: Index) -> None:
    put(index, date(2024, 1, 7))
    question = "Wer gewann im laufenden Geschäftsjahr das Rennen?"
    assert ask(question, index, today=TODAY, reader=None).time_limit is None


REPORT = "Was wurde im Mai 2024 über das Rennen berichtet?"
EVENT = "Wer gewann im Mai 2024 das Rennen?"


@pytest.mark.parametrize(
    ("question", "reports"),
    [
        (REPORT, True),
        ("Artikel von 2023 über das Rennen", True),
        ("Welche Meldungen seit März gibt es über das Rennen?", True),
        ("What did the news say about the race in 2023?", True),
        ("Which articles since 2023 name the winner?", True),
        ("Was stand 2023 in den Artikeln über das Rennen?", True),
        (EVENT, False),
        ("Welches Buch wurde 1859 veröffentlicht?", False),
        ("Wie viele Fälle wurden 2020 gemeldet?", False),
        ("Wer widersprach den Angaben des Artikels von 1999?", False),
        ("Who wrote the article of 1999?", False),
        ("Wie viele Einwohner hatte die Stadt im Jahr 2014?", False),
        ("How many people lived there in 2014?", False),
    ],
)
def test_what_was_written_and_what_happened(question: str, reports: bool) -> None:
    assert asks_for_reports(question) == reports


def test_a_question_about_reports_is_answered_from_that_time_alone(index: Index) -> None:
    put(index, date(2024, 5, 7), date(2025, 3, 1), None)
    answer = ask(REPORT, index, today=TODAY, reader=None)
    assert answer.time_limit is not None
    assert answer.time_limit.applied
    assert (answer.time_limit.since, answer.time_limit.until) == (
        date(2024, 5, 1),
        date(2024, 5, 31),
    )
    assert [hit.passage.article.source for hit in answer.passages] == ["test:0"]
    nothing = ask(REPORT.replace("2024", "2019"), index, today=TODAY, reader=None)
    assert not nothing.found
    assert nothing.passages == ()
    free = ask(REPORT, index, today=TODAY, reader=None, use_time_limit=False)
    assert (free.time_limit, len(free.passages)) == (None, 3)


def test_where_that_time_does_not_answer_all_articles_count(index: Index) -> None:
    put(index, date(2024, 5, 7), date(2025, 3, 1))
    for question in (EVENT.replace("2024", "2019"), "Wie hoch ist der Everest im Mai 2024?"):
        answer = ask(question, index, today=TODAY, reader=None)
        assert len(answer.passages) == 2
        assert answer.time_limit is not None
        assert not answer.time_limit.applied
        assert answer.to_json()["time_limit"]["applied"] is False


@pytest.mark.parametrize(
    ("narrow", "wide", "chosen"),
    [(0.8, 0.85, 0), (0.8, 0.95, 1), (0.4, 0.45, 1), (0.6, 0.2, 0)],
)
def test_the_question_s_own_time_wins_where_it_answers_about_as_well(
    narrow: float, wide: float, chosen: int
) -> None:
    assert choose([narrow, wide], threshold=0.5) == chosen


def test_one_attempt_is_the_answer() -> None:
    assert choose([0.1], threshold=0.5) == choose([0.9], threshold=0.5) == 0


@pytest.mark.parametrize("reader", [None, "default"])
def test_a_fixed_time_chooses_between_articles(
    embedder: Embedder, tmp_path: Path, reader: str | None
) -> None:
    """The same question of two years has two answers, each from the articles of its year."""
    told = (
        "Die Stadtwerke Hohenfels haben ihr Ergebnis vorgelegt. "
        "Der Umsatz der Stadtwerke Hohenfels betrug {} Millionen Euro."
    )
    rounds = {"2023": told.format(41), "2024": told.format(58)}
    with Index.open(tmp_path / "index", embedder=embedder) as index:
        index.add_articles(
            make_article(text, source=year, language="de", published=date(int(year), 3, 1))
            for year, text in rounds.items()
        )
        question = "Wie hoch war der Umsatz der Stadtwerke Hohenfels {}?"
        for year, amount in (("2023", 41e6), ("2024", 58e6)):
            answer = ask(question.format(year), index, today=TODAY, reader=reader)
            assert answer.time_limit is not None
            assert answer.time_limit.applied
            assert [v.normalized.amount for v in answer.views if v.normalized] == [amount]
        both = ask(question.format("2024"), index, use_time_limit=False, reader=reader)
        assert len(both.passages) == 2, "texts with different numbers are no copies"
