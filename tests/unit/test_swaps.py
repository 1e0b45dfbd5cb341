"""Questions that are made unanswerable by another year or name."""

from __future__ import annotations

from training.swaps import swapped

CONTEXT = (
    "Die Bank verlor 2018 sieben Millionen Euro. Gerold Utz ist 46 Jahre alt, sein Vorgänger war "
    "Harald Bessler. 2019 waren es drei Millionen."
)


def _place(words: str) -> tuple[int, int]:
    start = CONTEXT.index(words)
    return start, start + len(words)


def test_another_year_is_none_of_the_paragraph() -> None:
    made = swapped("Was verlor die Bank 2018?", CONTEXT, _place("sieben Millionen Euro"), "de")
    assert made is not None
    assert made.startswith("Was verlor die Bank 20")
    assert made[-5:-1] not in CONTEXT


def test_another_name_is_one_of_the_paragraph() -> None:
    made = swapped("Wie alt ist Gerold Utz?", CONTEXT, _place("46 Jahre alt"), "de")
    assert made == "Wie alt ist Harald Bessler?"


def test_the_answer_is_not_put_into_the_question() -> None:
    assert swapped("Wem folgte Gerold Utz?", CONTEXT, _place("Harald Bessler"), "de") is None


def test_a_question_without_year_and_name_stays() -> None:
    assert swapped("Was verlor die Bank?", CONTEXT, _place("sieben Millionen Euro"), "de") is None


def test_it_is_the_same_each_time() -> None:
    asked = ("Was verlor die Bank 2018?", CONTEXT, _place("sieben Millionen Euro"), "de")
    assert len({swapped(*asked) for _ in range(5)}) == 1
