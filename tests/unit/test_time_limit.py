"""A relative time in a question limits the date of publication, where there are such dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from index import Index, make_article
from qa import ask
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


def test_articles_without_dates_are_not_hidden(index: Index) -> None:
    put(index, None, None)
    answer = ask(QUESTION, index, today=TODAY, reader=None)
    assert answer.time_limit is None
    assert len(answer.passages) == 2


def test_a_company_s_year_is_no_limit(index: Index) -> None:
    put(index, date(2024, 1, 7))
    question = "Wer gewann im laufenden Geschäftsjahr das Rennen?"
    assert ask(question, index, today=TODAY, reader=None).time_limit is None
