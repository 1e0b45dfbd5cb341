"""Numbers and amounts in many languages: right or absent, never another amount or unit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from index.text.words import FOLDER, languages, words_of
from qa.values.find import find_values

FORMS = Path(__file__).parents[1] / "data/number_forms.tsv"
NEEDED = Decimal("0.8")
"""Share of a language's forms, and of all, that must be read right; none may be wrong."""
FEW = 10
"""Forms of a language below which a share says nothing; none of them may be wrong either."""
UNITS = {"percent": "%", "-": None}


@dataclass(frozen=True)
class Form:
    language: str
    text: str
    amounts: tuple[Decimal, ...]
    unit: str | None


@cache
def forms() -> tuple[Form, ...]:
    """The table; ``none`` as an amount stands for a text with none, ``a..b`` for a range."""
    lines = [line.split("\t") for line in FORMS.read_text("utf-8").splitlines() if line[0] != "#"]
    return tuple(
        Form(
            language,
            text,
            () if amount == "none" else tuple(map(Decimal, amount.split(".."))),
            UNITS.get(unit, unit),
        )
        for language, text, amount, unit in lines
    )


def verdict(form: Form) -> str:
    """``right``, ``absent``, or what was read instead."""
    found = [v for v in find_values(form.text, form.language) if v.amount is not None]
    read = [((v.amount, v.upper) if v.upper is not None else (v.amount,), v.unit) for v in found]
    wanted = [(form.amounts, form.unit)] if form.amounts else []
    if read == wanted:
        return "right"
    return "wrong: " + ", ".join(v.text for v in found) if read else "absent"


def test_the_table_is_large_enough() -> None:
    many = Counter(form.language for form in forms())
    assert len(forms()) >= 150
    assert sum(count >= FEW for count in many.values()) >= 15


@pytest.mark.parametrize("language", sorted({form.language for form in forms()}))
def test_amounts_are_right_or_absent(language: str) -> None:
    verdicts = {f.text: verdict(f) for f in forms() if f.language == language}
    count = Counter(said.partition(":")[0] for said in verdicts.values())
    missed = {text: said for text, said in verdicts.items() if said != "right"}
    report = f"{count['right']} right, {count['absent']} absent, {count['wrong']} wrong: {missed}"
    assert count["wrong"] == 0, report
    assert len(verdicts) < FEW or count["right"] >= NEEDED * len(verdicts), report


def test_most_are_right() -> None:
    right = sum(verdict(form) == "right" for form in forms())
    assert right >= NEEDED * len(forms())


@pytest.mark.parametrize("language", languages())
def test_a_languages_file_can_be_read(language: str) -> None:
    words = words_of(language)
    assert words.known
    assert words.name
    assert words.scales
    find_values("29 123,4 %", language)  # compiles every pattern


def test_the_readme_names_every_key() -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    missing = {
        name
        for name in words_of("de").__dataclass_fields__
        if name not in {"code", "known"} and f"`{name}`" not in readme
    }
    assert missing == set()


@pytest.mark.parametrize(
    "text",
    [
        "Vrijednost je 29 milijardi dolara.",
        "Thamani ni dola bilioni 29.",
        "Il-valur huwa 29 biljun ewro.",
        "29 quux",
        "Quux 29.",
        "The price is 29 billion euros.",
    ],
)
def test_a_number_beside_an_unknown_word_has_no_amount(text: str) -> None:
    assert [v for v in find_values(text, "xx") if v.amount is not None] == []


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("29 %", 29, "%"),
        ("29 USD", 29, "USD"),
        ("€ 29", 29, "EUR"),
        ("29 Mrd. €", 29_000_000_000, "EUR"),
        ("29 km", 29, "km"),
    ],
)
def test_what_every_language_writes_is_read(text: str, amount: int, unit: str) -> None:
    (value,) = find_values(text, "xx")
    assert (value.amount, value.unit) == (Decimal(amount), unit)
