"""Values of one thing at several times: read again with the likeliest left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from index import Hit, Passage, Span, make_article
from qa.answer_types import Kind
from qa.question.analyse import Question, understand
from qa.reading.spans import Reading, Window, reading_of
from qa.scoring.again import LEFT_OUT, is_at_another_time, read_again
from qa.scoring.candidates import Candidate, read_passages
from qa.scoring.claims import Scored, claims
from qa.values.find import find_values
from tests.unit.test_claims import OF_SENTENCE

TODAY = date(2026, 1, 1)

VALUED = "Sie wurde 2024 auf 14 Millionen Euro geschätzt, heute auf rund 25 Millionen Euro."


class OneAnswer:
    """A reader that likes the first amount of a text by 6, and of all others it thinks −6."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        self.texts += passages
        return [reading_of([self._window(passage)]) for passage in passages]

    def _window(self, text: str) -> Window:
        tokens = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
        liked = re.search(r"\d+ Millionen Euro", text)
        logits = np.full((len(tokens), 2), -3.0, np.float32)
        for number, (begin, stop) in enumerate(tokens):
            logits[number, 0] += 6.0 * (liked is not None and begin == liked.start())
            logits[number, 1] += 6.0 * (liked is not None and stop == liked.end())
        return Window.of(text, tokens, logits, 0.0)


def read(question: str, text: str) -> tuple[dict[str, float], OneAnswer]:
    """The margin of each value in a sentence of an article below its title."""
    article = make_article(text, source="s", language="de", title="Die Brücke")
    hit = Hit(1, 1.0, Passage(1, article, 0, len(text), (Span(0, len(text)),)))
    asked = understand(question, today=TODAY)
    asked = replace(asked, chances={Kind.AMOUNT: 0.9, Kind.COUNT: 0.1})
    reader = OneAnswer()
    readings = read_passages(asked, [hit], reader)
    (told, reading), *_ = readings.items()
    candidate = Candidate(
        *(hit, 0, Span(0, len(text)), find_values(text, "de"), OF_SENTENCE),
        *(reading, told.index(text)),
    )
    found = read_again(asked, [candidate], reader)
    return {c.text: c.margin for c in claims(asked, [Scored(found[0], 1.0)])}, reader


def test_the_second_of_two_times_stands_for_itself() -> None:
    margins, reader = read("Wie hoch wurde die Brücke geschätzt?", VALUED)
    assert margins["14 Millionen Euro"] == pytest.approx(6.0)
    assert margins["25 Millionen Euro"] == pytest.approx(6.0)
    assert reader.texts[1:] == [f"Die Brücke\n{VALUED.replace('14 Millionen Euro', LEFT_OUT)}"]


def test_a_question_that_names_a_time_has_chosen() -> None:
    margins, reader = read("Wie hoch wurde die Brücke 2024 geschätzt?", VALUED)
    assert margins["25 Millionen Euro"] == pytest.approx(-6.0)
    assert len(reader.texts) == 1


def test_without_a_second_time_nothing_is_read_again() -> None:
    _, reader = read("Was kostet die Brücke?", "Sie kostet 14 Millionen Euro, der Weg 2 Millionen.")
    assert len(reader.texts) == 1


@pytest.mark.parametrize(
    ("text", "one", "other", "told"),
    [
        (VALUED, "14 Millionen Euro", "25 Millionen Euro", True),
        ("1919 kamen 63 Familien, heute sind es 11.200 Mitglieder.", "63", "11.200", False),
        ("2010 waren es 120 Mitglieder, heute sind es 340 Mitglieder.", "120", "340", True),
        ("2010 waren es 12 Euro, heute sind es 9 Prozent.", "12 Euro", "9 Prozent", False),
        ("2010 waren es 12 Euro und 9 Euro.", "12 Euro", "9 Euro", False),
    ],
)
def test_what_measures_the_same_at_another_time(
    text: str, one: str, other: str, told: bool
) -> None:
    values = {value.text: value for value in find_values(text, "de")}
    assert is_at_another_time(values[one], values[other], "de") is told
    assert is_at_another_time(values[other], values[one], "de") is told


def test_no_question_is_asked_of_nothing() -> None:
    assert read_again(Question("Wer?", "de"), [], OneAnswer()) == []
