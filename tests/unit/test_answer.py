"""Answers over the example articles, with the real model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from index import Filters, Hit, Index, Passage, Span, UsageError, make_article
from qa import Answer, Citation, Evidence, Normalized, TimeLimit, View, ask, ask_many
from qa.answer import READ_WITHIN, asked, to_read
from qa.citations import citation_holds
from qa.reading.base import DEFAULT_READER, loading
from qa.scoring.again import read_again
from qa.scoring.candidates import (
    READ_FEATURES,
    Candidate,
    candidate_sentences,
    read_passages,
)
from tests.fakes import WordEmbedder
from training.cases import Case
from training.fit_scorer import unread

ROOT = Path(__file__).parents[2]
QUESTION = "Wie hoch wurde Scale AI bewertet?"
NO_QUESTIONS = ['"a', "AND", "NEAR(", "C++", "' OR 1=1--", "(a+)+$", "3?", "a\0", "]]> a", "%s {x}"]

KEYS = {
    "question": str,
    "language": str,
    "kind": str,
    "found": bool,
    "answer": str,
    "confidence": float,
    "time_limit": (dict, type(None)),
    "views": list,
    "listed": bool,
    "citations": list,
    "nearest": list,
    "passages": list,
    "timings_ms": dict,
}
VIEW = {"value", "normalized", "citations", "time", "hedge", "evidence"} | {
    *("probability", "former", "is_text"),
}
CITATION = {
    "n", "article_id", "title", "source", "publisher", "published", "start", "end", "quote", "score",
    "also_in",
}  # fmt: skip
PASSAGE = {
    "rank", "article_id", "title", "source", "start", "end", "text", "score", "dense", "lexical",
    "reranker", "also_in",
}  # fmt: skip


@pytest.fixture(scope="module")
def answer(sample_index: Index) -> Answer:
    return ask(QUESTION, sample_index)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        yield opened


def check_citations(answer: Answer, opened: Index) -> None:
    """Every number leads to a citation, every citation to its words in the stored article."""
    numbers = [citation.n for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    named = {n for view in answer.views for n in view.citations}
    assert named | {citation.n for citation in answer.further} == set(numbers)
    assert not answer.further or max(named) < min(c.n for c in answer.further)
    for view in answer.views:
        assert {entry.citation for entry in view.evidence} <= set(view.citations)
        for entry in view.evidence:
            assert answer.citations[entry.citation - 1].quote[entry.start : entry.end].strip()
    for citation in answer.citations:
        article = opened.article(citation.article_id)
        assert article.text[citation.start : citation.end] == citation.quote
        assert citation.quote.strip()
        assert (citation.title, citation.source) == (article.title, article.source)
        assert (citation.publisher, citation.published) == (article.publisher, article.published)
    for hit in answer.passages:
        passage = hit.passage
        assert opened.article(passage.article.id).text[passage.start : passage.end] == passage.text
    assert answer.found == bool(answer.citations) == bool(answer.views)
    assert 0.0 <= answer.confidence <= 1.0


def test_views_where_sources_differ(answer: Answer) -> None:
    assert answer.found
    assert (answer.language, answer.kind) == ("de", "amount")
    amounts = {view.normalized.amount for view in answer.views if view.normalized}
    assert {29e9, 14e9} <= amounts
    for view in answer.views:
        assert view.normalized is not None
        assert view.normalized.unit == "USD"
        assert " ".join(view.value.split()) in answer.answer


def test_citations_are_true_for_every_example_question(sample_index: Index) -> None:
    lines = (ROOT / "examples/questions.jsonl").read_text("utf-8").splitlines()
    found = 0
    for line in lines:
        # Without the reader for speed: citing is the same with it.
        given = ask(json.loads(line)["question"], sample_index, reader=None)
        check_citations(given, sample_index)
        found += given.found
    assert found > 20


def test_citations_with_the_reader(answer: Answer, sample_index: Index) -> None:
    check_citations(answer, sample_index)


def test_k_limits_the_passages(sample_index: Index) -> None:
    one, many = (ask(QUESTION, sample_index, k=k, reader=None) for k in (1, 12))
    assert (len(one.passages), len(many.passages)) == (1, 12)
    assert one.passages[0].passage == many.passages[0].passage


def test_filters(sample_index: Index) -> None:
    early = ask(QUESTION, sample_index, filters=Filters(until=date(2024, 12, 31)), reader=None)
    assert early.passages
    for hit in early.passages:
        published = hit.passage.article.published
        assert published is not None
        assert published <= date(2024, 12, 31)
    nothing = ask(QUESTION, sample_index, filters=Filters(languages=("fr",)), reader=None)
    assert not nothing.found
    assert nothing.passages == ()


@pytest.mark.parametrize("question", ["", " ", "\n\t\u2003", "x" * 2001, "wort " * 401])
def test_refused_questions(empty: Index, question: str) -> None:
    with pytest.raises(UsageError, match=r"[Qq]uestion") as error:
        ask(question, empty)
    assert "Write one" in str(error.value) or "Shorten it" in str(error.value)


@pytest.mark.parametrize(
    "question", ["???", "*", '"', "\0", "]]>", "🙂", "\ufeff", "\u200b\u200d", "— … —", "\u0301"]
)
def test_a_question_without_a_word_or_number_is_refused(empty: Index, question: str) -> None:
    with pytest.raises(UsageError, match=r"no word and no number.*Write one"):
        ask(question, empty)


@pytest.mark.parametrize("question", ["🙂 Werk", "٣", "価格", "7"])
def test_one_word_or_number_is_a_question(empty: Index, question: str) -> None:
    assert not ask(question, empty, reader=None).found


def test_longest_question(empty: Index) -> None:
    assert ask("x" * 2000, empty).question == "x" * 2000


@pytest.mark.parametrize("question", NO_QUESTIONS)
def test_operators_are_plain_text(sample_index: Index, question: str) -> None:
    given = ask(question, sample_index)
    assert given.question == question
    assert given.passages
    check_citations(given, sample_index)


def test_white_space_in_a_question_does_not_matter(answer: Answer, sample_index: Index) -> None:
    again = ask("  Wie hoch\n wurde  Scale AI\tbewertet? ", sample_index)
    assert again.question == QUESTION
    assert again.citations == answer.citations


@pytest.mark.parametrize("question", [QUESTION, "What is this?", *NO_QUESTIONS])
def test_an_empty_index_answers_nothing(empty: Index, question: str) -> None:
    given = ask(question, empty, reader=None)
    assert not given.found
    assert (given.views, given.citations, given.passages) == ((), (), ())
    assert given.confidence == 0.0
    assert given.answer
    assert json.loads(json.dumps(given.to_json()))["found"] is False


def test_an_empty_index_answers_without_a_model(
    empty: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: object) -> None:
        raise AssertionError("a model was asked for")

    monkeypatch.setattr(WordEmbedder, "embed_queries", loaded)
    monkeypatch.setattr("qa.answer.loading", loaded)
    given = ask(QUESTION, empty)
    assert given.answer == "Es sind noch keine Artikel da, die das beantworten könnten."
    assert given.timings_ms["total"] >= 0, "as qa eval reads it"


def test_json_has_the_agreed_keys(answer: Answer) -> None:
    told = json.loads(json.dumps(answer.to_json(), allow_nan=False))
    assert told.keys() == KEYS.keys()
    for name, kind in KEYS.items():
        assert isinstance(told[name], kind), name  # type: ignore[arg-type]
    assert all(view.keys() == VIEW for view in told["views"])
    assert all(view["normalized"].keys() == {"amount", "unit", "upper"} for view in told["views"])
    assert all(citation.keys() == CITATION for citation in told["citations"])
    assert all(passage.keys() == PASSAGE for passage in told["passages"])
    for passage in told["passages"]:
        for leg in (passage["dense"], passage["lexical"]):
            assert leg is None or leg.keys() == {"rank", "score"}


def test_json_has_the_values_of_the_records(answer: Answer) -> None:
    told = json.loads(json.dumps(answer.to_json()))
    for name in ("question", "language", "kind", "found", "answer"):
        assert told[name] == getattr(answer, name)
    assert told["confidence"] == pytest.approx(answer.confidence, abs=1e-4)
    for view, record in zip(told["views"], answer.views, strict=True):
        assert (view["value"], view["citations"]) == (record.value, list(record.citations))
        assert record.normalized is not None
        assert view["normalized"] == {
            "amount": record.normalized.amount,
            "unit": record.normalized.unit,
            "upper": record.normalized.upper,
        }
    for citation, cited in zip(told["citations"], answer.citations, strict=True):
        for name in ("n", "article_id", "title", "source", "publisher", "start", "end", "quote"):
            assert citation[name] == getattr(cited, name)
        assert citation["published"] == (cited.published and cited.published.isoformat())
        assert citation["score"] == pytest.approx(cited.score, abs=1e-4)
    for passage, hit in zip(told["passages"], answer.passages, strict=True):
        assert passage["rank"] == hit.rank
        assert passage["article_id"] == hit.passage.article.id
        assert passage["text"] == hit.passage.text
        assert (passage["start"], passage["end"]) == (hit.passage.start, hit.passage.end)
        assert passage["score"] == pytest.approx(hit.score, abs=1e-6)
        for told_leg, leg in ((passage["dense"], hit.dense), (passage["lexical"], hit.lexical)):
            assert (told_leg and told_leg["rank"]) == (leg and leg.rank)


def test_json_of_every_field() -> None:
    """Fields that an answer over the examples need not have."""
    citation = Citation(1, "a", "T", "s", "P", date(2024, 5, 6), 3, 9, "„x“", 0.123456)
    full = Answer(
        question="q",
        language="de",
        kind="amount",
        found=True,
        answer="a",
        confidence=0.5,
        views=(
            View("1,5", (1,), Normalized(1.5, None), "2024", "rund", (Evidence(1, 0, 3),)),
            View("x", (1,), probability=0.987654, former=True, is_text=True),
        ),
        citations=(citation,),
        nearest=(citation,),
        listed=True,
        time_limit=TimeLimit("im Mai 2024", date(2024, 5, 1), None),
        timings_ms={"total": 1.234567},
    )
    told = json.loads(json.dumps(full.to_json()))
    assert told["views"] == [
        {
            "value": "1,5",
            "normalized": {"amount": 1.5, "unit": None, "upper": None},
            "time": "2024",
            "hedge": "rund",
            "citations": [1],
            "evidence": [{"citation": 1, "start": 0, "end": 3}],
            "probability": 0.0,
            "former": False,
            "is_text": False,
        },
        {
            "value": "x",
            "normalized": None,
            "time": None,
            "hedge": None,
            "citations": [1],
            "evidence": [],
            "probability": 0.9877,
            "former": True,
            "is_text": True,
        },
    ]
    assert told["listed"] is True
    assert [entry["n"] for entry in told["nearest"]] == [1]
    assert told["citations"][0]["published"] == "2024-05-06"
    assert told["time_limit"] == {
        "phrase": "im Mai 2024",
        "since": "2024-05-01",
        "until": None,
        "applied": True,
    }
    assert told["timings_ms"] == {"total": 1.23}


class TestVerification:
    ARTICLE = make_article("Ein Satz. Noch einer.", source="s", language="de")

    def test_a_quote_at_its_place(self) -> None:
        assert citation_holds(self.ARTICLE, Span(0, 9), "Ein Satz.")

    @pytest.mark.parametrize(
        ("start", "end", "quote"),
        [
            (0, 9, "Ein Satz!"),
            (1, 10, "Ein Satz."),
            (0, 0, ""),
            (9, 0, ""),
            (-12, 9, ""),
            (10, 22, "Noch einer."),
        ],
    )
    def test_anything_else(self, start: int, end: int, quote: str) -> None:
        assert not citation_holds(self.ARTICLE, Span(start, end), quote)

    def test_a_text_that_is_not_the_stored_one(self) -> None:
        forged = replace(self.ARTICLE, text="Ein Satz. Gefälscht.")
        assert not citation_holds(forged, Span(0, 9), "Ein Satz.")


class TestWhatIsRead:
    """The passages that an answer is looked for in."""

    @staticmethod
    def _hits(*scores: float) -> list[Hit]:
        articles = [make_article(f"Text {n}.", source=f"s{n}", language="de") for n in range(20)]
        return [
            Hit(rank, score, Passage(rank, article, 0, 7, ()))
            for rank, (score, article) in enumerate(zip(scores, articles, strict=False), start=1)
        ]

    def test_no_more_than_five(self) -> None:
        assert [hit.rank for hit in to_read(self._hits(*[1.0] * 8))] == [1, 2, 3, 4, 5]

    def test_what_lies_far_behind_the_first_is_left_out(self) -> None:
        near = 1.0 - READ_WITHIN
        hits = self._hits(1.0, near + 0.01, near + 0.001, near - 0.001, near - 0.1)
        assert [hit.rank for hit in to_read(hits)] == [1, 2, 3]

    def test_the_second_is_read_in_any_case(self) -> None:
        assert [hit.rank for hit in to_read(self._hits(1.0, 0.2, 0.1))] == [1, 2]
        assert [hit.rank for hit in to_read(self._hits(1.0))] == [1]
        assert to_read([]) == []


def test_further_citations_are_true_and_no_views(sample_index: Index) -> None:
    found = ask("Wer hat Scale AI gegründet?", sample_index)
    assert found.found
    named = {n for view in found.views for n in view.citations}
    assert found.further
    assert not named & {citation.n for citation in found.further}
    assert [c.n for c in found.citations] == list(range(1, len(found.citations) + 1))
    check_citations(found, sample_index)


def test_many_questions_have_the_answers_of_each(sample_index: Index) -> None:
    questions = [
        "Wie hoch wurde Scale AI bewertet?",
        "Who opened the Elbphilharmonie?",
        *(f"Was geschah im Jahr {year}?" for year in range(2014, 2022)),
    ]
    together = ask_many(questions, sample_index)
    for question, answer in zip(questions, together, strict=True):
        alone = ask(question, sample_index)
        assert (answer.question, answer.answer) == (question, alone.answer)
        assert answer.confidence == pytest.approx(alone.confidence, abs=1e-3)
        assert set(answer.timings_ms) == set(alone.timings_ms)
    assert ask_many([], sample_index) == []


def test_one_question_that_is_none_is_told_before_any_is_answered(sample_index: Index) -> None:
    with pytest.raises(UsageError, match="empty"):
        ask_many(["Wer?", " "], sample_index)


def test_a_case_without_its_reader_is_what_no_reader_sees(sample_index: Index) -> None:
    with sample_index.snapshot() as snapshot:
        (question,) = asked([QUESTION], snapshot, date(2026, 1, 1))
        hits = to_read(snapshot.search(QUESTION, k=8, language="de"))
        reader = loading(DEFAULT_READER).get()
        assert reader is not None
        readings = read_passages(question, hits, reader)
        read = read_again(question, candidate_sentences(question, hits, snapshot, readings), reader)
        plain = candidate_sentences(question, hits, snapshot)
    found = unread(Case(question, "group", "corpus", (), read)).candidates
    assert [vars_of(c) for c in found] == [vars_of(c) for c in plain]
    assert read[0].features.keys() - plain[0].features.keys() == READ_FEATURES


def vars_of(candidate: Candidate) -> tuple[object, ...]:
    return (candidate.span, candidate.values, candidate.features, candidate.reading)


class TestStages:
    def test_are_told_as_they_begin(self, sample_index: Index) -> None:
        told: list[str] = []
        answer = ask(QUESTION, sample_index, stage=told.append)
        assert told == ["understand", "search", "read"]
        assert answer.answer == ask(QUESTION, sample_index).answer

    @pytest.mark.parametrize("last", ["understand", "search", "read"])
    def test_one_that_raises_ends_the_question(self, sample_index: Index, last: str) -> None:
        told: list[str] = []

        def stage(name: str) -> None:
            told.append(name)
            if name == last:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            ask(QUESTION, sample_index, stage=stage)
        assert told[-1] == last

    def test_without_articles_none_begins(self, empty: Index) -> None:
        told: list[str] = []
        ask(QUESTION, empty, stage=told.append)
        assert told == []
