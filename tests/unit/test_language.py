"""Which words find each other, and which language a line is in."""

from __future__ import annotations

import threading

import pytest

from index.text.analysis import detect, terms
from index.text.versions import analysis_version


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("München", "Muenchen", "de"),
        ("München", "Mu\u0308nchen", "de"),
        ("Bücher", "BUECHERN", "de"),
        ("Straße", "Strassen", "de"),
        ("Größe", "Groesse", "de"),
        ("bewertet", "Bewertung", "de"),
        ("Unternehmens", "Unternehmen", "de"),
        ("1.000", "1000", "de"),
        ("1 000", "1,000", "de"),
        ("1\u202f000\u00a0000", "1000000", "de"),
        ("1'000", "1000", "de"),
        ("2,7", "2.70", "de"),
        ("15.00", "15", "de"),
        ("14\u00a0Mrd.", "14 Milliarden", "de"),
        ("3 Mio.", "3 Millionen", "de"),
        ("49%", "49 Prozent", "de"),
        ("3,5 %", "3,5-Prozent", "de"),
        ("5km", "5 Kilometern", "de"),
        ("20 m", "20 Metern", "de"),
        ("100 m²", "100 Quadratmeter", "de"),
        ("1,5l", "1,5 Liter", "de"),
        ("2,5 Mio. EUR", "2,5 Millionen Euro", "de"),
        ("zwölf Monate", "12 Monate", "de"),
        ("Äpfel", "Aepfel", "de"),
        ("Äpfel", "Apfel", "de"),
        ("３,５％", "3,5 Prozent", "de"),
        ("Start-up", "Startup", "de"),
        ("E\u2011Mail", "Email", "de"),
        ("Un\u00adter\u200bnehmen", "Unternehmen", "de"),
        ("ﬁnden", "finden", "de"),
        ("$14bn", "14 billion dollars", "en"),
        ("$2.5bn", "2.5 billion dollars", "en"),
        ("£14m", "14 million pounds", "en"),
        ("$14B", "USD 14 billion", "en"),
        ("3.5 per cent", "3.5%", "en"),
        ("5 kilometres", "5 kilometers", "en"),
        ("14 млрд", "14 миллиардов", "ru"),
        ("3,5 pour cent", "3,5 %", "fr"),
        ("U.S.", "US", "en"),
        ("valued", "values", "en"),
        ("élections", "ELECTION", "fr"),
        ("ﾃｽﾄ", "テスト", "ja"),
    ],
)
def test_same_terms(one: str, other: str, language: str) -> None:
    found = set(terms(one, language))
    assert found
    assert found <= set(terms(other, language)) or found >= set(terms(other, language))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.000", "1,5"),
        ("2,7", "27"),
        ("2024", "2025"),
        ("C++", "C#"),
        ("14 Milliarden", "15 Millionen"),
        ("Bewertung", "Wertstoff"),
        ("6½", "61"),
        ("2024¹", "20241"),
    ],
)
def test_no_common_terms(one: str, other: str) -> None:
    assert not set(terms(one, "de")) & set(terms(other, "de"))


def test_a_german_and_an_english_amount_meet() -> None:
    assert set(terms("14 Milliarden Dollar", "de")) == set(terms("$14 billion", "en"))
    assert set(terms("10 Mio. Euro", "de")) == set(terms("€10 million", "en"))
    assert set(terms("fünf Kilometer", "de")) == set(terms("five kilometres", "en"))
    assert set(terms("3 Milliarden", "de")) == set(terms("3 miljarder", "sv"))
    assert set(terms("2 Billionen", "de")) == set(terms("2 trillion", "en"))


def test_hyphens_give_parts_and_compounds() -> None:
    assert terms("KI-Trainingsdaten", "de") == ["ki", "trainingsdat", "kitrainingsdat"]
    assert "startup" in terms("KI-Start-up", "de")
    assert terms("2024-05-03", "de") == ["2024", "5", "3"]


def test_a_letter_is_a_unit_only_after_a_number() -> None:
    assert terms("M. Müller, T-Shirt, 3 M. Meier", "de") == [
        "m", "mull", "t", "shirt", "tshirt", "3", "m", "meier",
    ]  # fmt: skip
    assert terms("G7, 3D und A4", "de") == ["g7", "3d", "und", "a4"]


def test_signs_of_programming_languages_stay() -> None:
    assert terms("C++ und C#", "de") == ["c++", "und", "c#"]


def test_words_that_only_ask_are_dropped_but_names_like_them_stay() -> None:
    assert terms("Wie hoch wurde es bewertet?", "de") == ["hoch", "wurd", "es", "bewert"]
    assert terms("What does it do?", "en") == []
    assert terms("WHO and IT", "en") == ["who", "it"]


def test_scripts_without_spaces_give_pairs() -> None:
    assert terms("東京都に", "ja") == ["東京", "京都", "都に"]
    assert terms("山", "zh") == ["山"]
    assert terms("GPT-4模型", "zh") == ["gpt", "4", "gpt4", "模型"]
    assert terms("１４０万人", "ja") == ["140", "万人"]
    assert terms("GPT4は新しい", "ja") == ["gpt4", "は新", "新し", "しい"]


def test_text_without_words_has_no_terms() -> None:
    assert terms("", "de") == terms(" … \n—", "de") == []


def test_long_text_keeps_every_word() -> None:
    assert terms("Haus " * 1000, "de") == ["haus"] * 1000


def test_threads_agree() -> None:
    text = "Die Bewertungen der Unternehmen stiegen 2024 auf 14 Milliarden Euro. " * 50
    expected = terms(text, "de")
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(terms(text, "de"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie hoch wurde Scale AI bewertet?", "de"),
        ("Scale AI", "de"),
        ("Muenchen", "de"),
        ("Who founded Scale AI?", "en"),
        ("Infineon earnings", "en"),
        ("¿Quién fundó la empresa?", "es"),
        ("Quelle est la capitale ?", "fr"),
        ("Jak się nazywa stolica Polski?", "pl"),
        ("Hva er hovedstaden i Norge?", "no"),
        ("日本の首都はどこですか", "ja"),
        ("中国的首都是哪里？", "zh"),
        ("", "und"),
        ("12345 %", "und"),
        ("👍", "und"),
    ],
)
def test_detect(text: str, language: str) -> None:
    assert detect(text) == language


def test_the_analysis_is_named_with_its_stemmer() -> None:
    assert analysis_version.startswith("2+snowball")
