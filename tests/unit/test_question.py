"""Questions: kind of answer, unit, content words, limits of time; and candidate names."""

from __future__ import annotations

from datetime import date

import pytest

from qa.question.analyse import Question, understand
from qa.values.names import find_names

TODAY = date(2024, 6, 12)


def ask(question: str, language: str = "de") -> Question:
    return understand(question, today=TODAY, language=language)


@pytest.mark.parametrize(
    ("question", "unit", "noun"),
    [
        ("Wie viele Quadratkilometer sind bewaldet?", "km²", None),
        ("Wie viel Euro kostet es?", "EUR", None),
        ("Wie viel Prozent sind es?", "%", None),
        ("Wie viele verschiedene Teams gibt es?", None, "Teams"),
        ("Wie viel investiert Bosch?", None, None),
    ],
)
def test_unit_and_noun(question: str, unit: str | None, noun: str | None) -> None:
    asked = ask(question)
    assert (asked.unit, asked.noun) == (unit, noun)


def test_terms() -> None:
    asked = ask("Wie hoch wurde Scale AI im Mai 2024 bewertet?")
    assert asked.terms == ("Scale", "AI", "Mai", "2024", "bewertet")


def test_a_relative_time_is_no_term() -> None:
    assert ask("Was kündigte Bosch letzte Woche an?").terms == ("kündigte", "Bosch")


@pytest.mark.parametrize(
    ("question", "language", "since", "until", "phrase"),
    [
        ("Was geschah im Mai 2024?", "de", date(2024, 5, 1), date(2024, 5, 31), "im Mai 2024"),
        ("Was gilt seit 2023?", "de", date(2023, 1, 1), None, "seit 2023"),
        ("Was galt vor 2020?", "de", None, date(2019, 12, 31), "vor 2020"),
        ("Was gilt nach 2020?", "de", date(2021, 1, 1), None, "nach 2020"),
        ("Was galt bis Mai 2020?", "de", None, date(2020, 5, 31), "bis Mai 2020"),
        ("Was geschah letzte Woche?", "de", date(2024, 6, 3), date(2024, 6, 9), "letzte Woche"),
        ("What happened last month?", "en", date(2024, 5, 1), date(2024, 5, 31), "last month"),
        ("What happened in 2019?", "en", date(2019, 1, 1), date(2019, 12, 31), "in 2019"),
        (
            "Was geschah zwischen 2010 und 2015?",
            "de",
            date(2010, 1, 1),
            date(2015, 12, 31),
            "zwischen 2010 und 2015",
        ),
        (
            "Was geschah in den letzten drei Monaten?",
            "de",
            date(2024, 3, 12),
            TODAY,
            "in den letzten drei Monaten",
        ),
    ],
)
def test_limit(
    question: str, language: str, since: date | None, until: date | None, phrase: str
) -> None:
    limit = ask(question, language).limit
    assert limit is not None
    assert (limit.since, limit.until, limit.phrase) == (since, until, phrase)


@pytest.mark.parametrize("question", ["Wer leitet Bosch?", "Wie viele Panther 99 gibt es?"])
def test_no_limit(question: str) -> None:
    assert ask(question).limit is None


def test_relative_limits_are_marked() -> None:
    relative, fixed = ask("Was geschah gestern?").limit, ask("Was geschah 2020?").limit
    assert relative is not None
    assert fixed is not None
    assert (relative.relative, fixed.relative) == (True, False)


@pytest.mark.parametrize(
    ("text", "language", "strong", "weak"),
    [
        (
            "Das Unternehmen SpaceX übernahm die Firma xAI.",
            "de",
            ["Unternehmen SpaceX", "SpaceX", "Firma xAI", "xAI"],
            [],
        ),
        ("Die Therapie AADvac1 hilft.", "de", ["Therapie AADvac1", "AADvac1"], []),
        ("Angela von der Leyen kam nach Graz.", "de", ["Angela von der Leyen"], ["Graz"]),
        ("Wang und Altman trafen sich.", "de", [], ["Wang", "Altman"]),
        ('Das Buch "der Punkt" erschien.', "de", ["der Punkt"], ["Buch", "Punkt"]),
        ("In 2015 Peter Smith of Acme left.", "en", ["Peter Smith of Acme"], []),
        ("The city of London grew.", "en", ["London"], []),
        ("Aber Siemens wuchs. Dass Anna Berger ging, half.", "de", ["Anna Berger"], ["Siemens"]),
        ("Heute liest man Der Spiegel.", "de", ["Der Spiegel"], []),
        ("Many people left Harvard University.", "en", ["Harvard University"], []),
        ("Mais Air France a grandi.", "fr", ["Air France"], []),
    ],
)
def test_names(text: str, language: str, strong: list[str], weak: list[str]) -> None:
    found = find_names(text, language)
    assert [s.of(text) for s in found if not s.weak] == strong
    assert [s.of(text) for s in found if s.weak] == weak
