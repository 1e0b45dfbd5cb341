"""Follow-up questions: what a question leans on is taken from the one before, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.question.follow import LONGEST, followed

CASES = Path(__file__).parents[1] / "data" / "follow_ups.tsv"
ALONE = "-"
AT_LEAST = {"judged": 70 / 81, "tried": 68 / 72}
"""Of the questions that follow another: understood word for word as one of the forms given."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question after another one, and the forms in which it may be understood."""

    before: str
    question: str
    understood: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        found = followed(self.question, self.before).understood
        return (ALONE if found is None else _plain(found)) in map(_plain, self.understood)


def _plain(text: str) -> str:
    return text.casefold().replace("’", "'")


@cache
def cases(half: str) -> list[Case]:
    lines = CASES.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [
        Case(before, question, tuple(understood.split(" | ")))
        for of, _, before, question, understood in rows
        if of == half
    ]


@pytest.mark.parametrize("half", ["judged", "tried"])
def test_a_question_that_stands_for_itself_is_left_alone(half: str) -> None:
    alone = [case for case in cases(half) if case.understood == (ALONE,)]
    assert len(alone) >= 30
    assert [case for case in alone if not case.is_right] == []


@pytest.mark.parametrize("half", ["judged", "tried"])
def test_a_question_that_follows_is_completed(half: str) -> None:
    following = [case for case in cases(half) if case.understood != (ALONE,)]
    right = sum(case.is_right for case in following)
    assert right / len(following) >= AT_LEAST[half]


@pytest.mark.parametrize(
    ("before", "question", "understood"),
    [
        ("Wie hoch wurde Scale AI bewertet?", "wer leitet es?", "wer leitet Scale AI?"),
        ("Wie hoch ist der Mount Everest?", "und der K2?", "Wie hoch ist der K2?"),
        ("How tall is Ben Nevis?", "and Snowdon?", "How tall is Snowdon?"),
    ],
)
def test_examples(before: str, question: str, understood: str) -> None:
    assert followed(question, before).understood == understood


def test_a_chain_goes_on_from_what_was_understood() -> None:
    second = followed("und der K2?", "Wie hoch ist der Mount Everest?").understood
    assert second is not None
    third = followed("Wann wurde er bestiegen?", second).understood
    assert third is not None
    assert "K2" in third


@pytest.mark.parametrize("question", ["", "   ", "?", "x" * (LONGEST + 1)])
def test_what_is_no_question_is_left_alone(question: str) -> None:
    assert followed(question, "Wie hoch ist der K2?").understood is None
    assert followed("und der K2?", question).understood is None


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from([None, "de", "en", "fr", "pl"]))
def test_any_text_is_taken(question: str, before: str, language: str | None) -> None:
    found = followed(question, before, language=language)
    assert found.question == question
    assert found.understood is None or found.understood.strip()
