"""Verdicts on answers: lines that ``qa eval`` reads as they were meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from index import ArticleNotFoundError, Index, UsageError, beside, make_article
from qa.evaluation import evaluate
from qa.evaluation.gold import Gold, read_gold
from qa.evaluation.judge import Judged, judge
from qa.feedback import LONGEST_PLACE, MarkedPlace, store
from qa.records import Answer, Citation, View
from tests.fakes import WordEmbedder

FIRST = "Die Brücke kostet statt 48 nun 71 Millionen Euro."
LAST = "Gebaut wird ab 2,5 Metern Wasserstand (geplant)."
ARTICLE = make_article(f"{FIRST} {LAST}", source="upload:bruecke.txt", language="de")
OTHER = make_article("Etwas anderes kostet 5 Euro. " * 60, source="x", language="de")
QUESTION = "Was kostet die Brücke?"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("feedback") / "index"
    with Index.open(folder, embedder=WordEmbedder()) as opened:
        opened.add_articles([ARTICLE, OTHER])
        yield opened


@pytest.fixture
def index(opened: Index) -> Index:
    """An index of which nobody has said anything yet."""
    (opened.path / beside.FEEDBACK).unlink(missing_ok=True)
    return opened


def _answer(value: str = "71 Millionen Euro") -> Answer:
    citation = Citation(1, ARTICLE.id, "", ARTICLE.source, None, None, 0, len(FIRST), FIRST, 0.9)
    return Answer(
        *(QUESTION, "de", "amount", True, f"{value} [1]", 0.9, (View(value, (1,)),), (citation,)),
        timings_ms={"total": 1.0},
    )


REFUSAL = Answer(QUESTION, "de", "amount", False, "Nein.", 0.1, timings_ms={"total": 1.0})


def _gold(index: Index) -> Gold:
    """The one question of the file, which has no line that cannot be used."""
    questions, bad = read_gold(index.path / beside.FEEDBACK, index)
    assert bad == []
    [gold] = questions
    return gold


def test_a_right_answer_is_expected_from_then_on(index: Index) -> None:
    store(index, _answer(), "right")
    gold = _gold(index)
    assert (gold.question, gold.sentences, gold.values) == (QUESTION, (FIRST,), (_value(),))
    assert gold.article_ids == (ARTICLE.id,)
    judged = judge(gold, _answer(), index)
    assert (judged.answerable, judged.first, judged.value) == (True, True, True)
    assert judge(gold, _answer("5 Euro"), index).value is False
    assert judge(gold, REFUSAL, index).first is False


def test_all_values_of_a_right_answer_are_right(index: Index) -> None:
    start = ARTICLE.text.index(LAST)
    second = Citation(2, ARTICLE.id, "", "", None, None, start, start + len(LAST), LAST, 0.5)
    answer = _answer()
    answer = replace(
        answer,
        citations=(*answer.citations, second),
        views=(*answer.views, View("2,5 Metern", (2,)), View("71 Mio. Euro", (1, 2))),
    )
    store(index, answer, "right")
    gold = _gold(index)
    assert (gold.sentences, gold.article_ids) == ((FIRST, LAST), (ARTICLE.id,))
    judged = judge(gold, answer, index)
    assert judged.views
    assert all(view.right for view in judged.views)


def test_a_wrong_answer_must_not_come_again_and_nothing_is_expected(index: Index) -> None:
    store(index, _answer("48 Millionen Euro"), "wrong")
    gold = _gold(index)
    assert gold.wrong == ("48 Millionen Euro",)
    assert (gold.answerable, gold.is_expected) == (None, False)
    again = judge(gold, _answer("48 Millionen Euro"), index)
    better = judge(gold, _answer(), index)
    refused = judge(gold, REFUSAL, index)
    assert [entry.wrong for entry in (again, better, refused)] == [True, False, False]
    for judged in (again, better, refused):
        assert judged.answerable is None
        figures = {figure.name: figure.value for figure in evaluate.figures([judged])}
        assert figures["wrong_again"] == float(bool(judged.wrong))
        told = {name for name, value in figures.items() if value is not None}
        assert told <= {"wrong_again", "citation_validity", "p50_ms", "p95_ms"}
        assert evaluate.calibrations([judged]) == {}
        assert evaluate.confidences([judged]) == ([], [])


def test_a_refusal_that_is_right_is_a_question_without_an_answer(index: Index) -> None:
    store(index, REFUSAL, "right")
    assert _gold(index).answerable is False
    assert judge(_gold(index), REFUSAL, index).answerable is False


def test_a_refusal_that_is_wrong_is_a_question_with_an_answer(index: Index) -> None:
    store(index, REFUSAL, "wrong")
    gold = _gold(index)
    assert (gold.answerable, gold.is_expected) == (True, False)
    judged = judge(gold, REFUSAL, index)
    assert (judged.answerable, judged.rank, judged.first) == (True, None, None)
    figures = {figure.name: figure.value for figure in evaluate.figures([judged])}
    assert figures["answerable_answered"] == 0.0
    assert figures["recall_at_1"] is None


@pytest.mark.parametrize("answer", [_answer("48 Euro"), REFUSAL], ids=["answer", "refusal"])
def test_a_better_place_is_expected(index: Index, answer: Answer) -> None:
    start = ARTICLE.text.index(LAST)
    store(index, answer, "better", MarkedPlace(ARTICLE.id, start, start + len(LAST)))
    gold = _gold(index)
    assert (gold.sentences, gold.values, gold.article_ids) == ((LAST,), (), (ARTICLE.id,))
    quote = Citation(
        *(1, ARTICLE.id, "", "", None, None, start, start + len(LAST), LAST, 0.9),
    )
    assert judge(gold, replace(_answer(), citations=(quote,)), index).first is True
    assert judge(gold, _answer(), index).first is False


@pytest.mark.parametrize(
    ("marked", "kept"),
    [
        ("illionen Eu", "Millionen Euro"),
        ("5", "2,5"),
        (" ab 2", "ab 2,5"),
        ("(geplant)", "(geplant)"),
        ("Euro. ", "Euro."),
    ],
)
def test_a_place_that_is_marked_by_hand_has_whole_words(
    index: Index, marked: str, kept: str
) -> None:
    start = ARTICLE.text.rindex(marked)
    store(index, _answer(), "better", MarkedPlace(ARTICLE.id, start, start + len(marked)))
    assert _gold(index).sentences == (kept,)


def test_any_place_that_is_taken_can_be_read(index: Index) -> None:
    length = len(ARTICLE.text)
    for start in range(0, length, 3):
        for end in (start + 1, start + 7, length):
            if end <= length and re.search(r"\w", ARTICLE.text[start:end]):
                store(index, _answer(), "better", MarkedPlace(ARTICLE.id, start, end))
                assert _gold(index).sentences


@pytest.mark.parametrize(
    ("verdict", "place", "reason"),
    [
        ("good", None, "'good' is no verdict on an answer; there are: right, wrong, better"),
        ("better", None, "Mark the better sentence"),
        ("better", MarkedPlace(ARTICLE.id, 5, 5), "no place from 5 to 5"),
        ("better", MarkedPlace(ARTICLE.id, -1, 5), "no place from -1"),
        ("better", MarkedPlace(ARTICLE.id, 0, 10_000), "no place from 0 to 10,000"),
        ("better", MarkedPlace(ARTICLE.id, len(FIRST), len(FIRST) + 1), "No word is marked"),
        ("better", MarkedPlace(OTHER.id, 0, LONGEST_PLACE + 1), "1,000 are the most"),
    ],
)
def test_what_is_no_feedback_is_refused(
    index: Index, verdict: str, place: MarkedPlace | None, reason: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)):
        store(index, _answer(), verdict, place)
    assert not (index.path / beside.FEEDBACK).exists()


def test_a_place_in_no_article_is_refused(index: Index) -> None:
    with pytest.raises(ArticleNotFoundError):
        store(index, _answer(), "better", MarkedPlace("f" * 12, 0, 5))


def test_the_last_verdict_on_a_question_counts(index: Index) -> None:
    store(index, replace(_answer(), question="Wann?"), "right")
    store(index, _answer(), "wrong")
    store(index, replace(_answer(), question="was  KOSTET die Brücke?"), "right")
    rows = beside.rows(index.path / beside.FEEDBACK)
    assert [(row["question"], row["verdict"]) for row in rows] == [
        ("Wann?", "right"),
        ("was  KOSTET die Brücke?", "right"),
    ]


def test_lines_that_somebody_wrote_there_stay(index: Index) -> None:
    file = index.path / beside.FEEDBACK
    file.write_text('{"question": 5}\nkein JSON\n{"question": "Wer?", "answers": null}\n', "utf-8")
    store(index, _answer(), "right")
    lines = file.read_text("utf-8").splitlines()
    assert lines[:2] == ['{"question": 5}', "kein JSON"]
    assert len(lines) == 4
    questions, bad = read_gold(file, index)
    assert [gold.question for gold in questions] == ["Wer?", QUESTION]
    assert [line.line for line in bad] == [1, 2]


class TestFields:
    """What a line may say beside what is expected."""

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ('{"question": "Was?", "wrong": 5}', '"wrong" is not a text'),
            ('{"question": "Was?", "answerable": "true"}', "neither true nor false"),
            ('{"question": "Was?", "answerable": false, "answers": ["a"]}', "keep one of the two"),
        ],
    )
    def test_lines_that_cannot_be_used(
        self, index: Index, tmp_path: Path, line: str, reason: str
    ) -> None:
        (tmp_path / "q.jsonl").write_text(line, "utf-8")
        questions, [bad] = read_gold(tmp_path / "q.jsonl", index)
        assert questions == []
        assert reason in bad.reason

    @pytest.mark.parametrize(
        ("said", "wrong", "is_wrong"),
        [
            ("14 Mrd. Dollar", "14 Milliarden Dollar", True),
            ("rund 14 Mrd. Dollar", "14 Milliarden Dollar", True),
            ("5 Millionen Euro", "5", False),
            ("5", "5 Millionen Euro", False),
            ("im Herbst", "Im  Herbst", True),
            ("Iris Vollrath", "Vollrath", False),
        ],
    )
    def test_a_value_is_wrong_where_it_says_the_same(
        self, index: Index, said: str, wrong: str, is_wrong: bool
    ) -> None:
        judged = judge(Gold(1, QUESTION, wrong=(wrong,)), _answer(said), index)
        assert judged.wrong is is_wrong

    def test_an_expected_answer_is_judged_beside_a_wrong_one(self, index: Index) -> None:
        gold = Gold(1, QUESTION, ("71 Millionen Euro",), ("71 Millionen Euro",), wrong=("48",))
        judged = judge(gold, _answer(), index)
        assert (judged.answerable, judged.value, judged.wrong) == (True, True, False)

    def test_what_is_not_known_is_in_no_count(self) -> None:
        unknown = Judged(
            *(1, "Was?", None, True, "49", 0.9, None, None, None, None, None, None, 1, 1, 9.0),
            kind="amount",
            wrong=True,
        )
        [counted] = evaluate.refusals([unknown]).values()
        assert (counted.answerable, counted.unanswerable) == (0, 0)


def _value() -> str:
    return _answer().views[0].value
