"""Sentence ends that punctuation alone gets wrong."""

from __future__ import annotations

from typing import Any

import pytest
import sentencex

from index.text.sentences import sentences


def parts(text: str, language: str = "de") -> list[str]:
    return [span.of(text) for span in sentences(text, language)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Im 19. Jahrhundert war das anders.",
        "Am 3. Spieltag verlor der 1. FC Köln.",
        "Sie kam am 14. März 2024 zur Welt.",
        "Der 2. Senat entschied um 15.00 Uhr.",
        "Die Fa. Meier zahlt rd. 3 Mrd. Euro bzw. 4 Mio. Franken.",
        "Man nehme z. B. Äpfel, d. h. Obst, u. a. Birnen.",
        "In St. Gallen steht Haus Nr. 5.",
        "George W. Bush traf J. R. R. Tolkien nie.",
        "Prof. Dr. Anna Weber sprach mit Hrn. Kaiser.",
        "Kaiser Friedrich II. von Preußen spielte Flöte.",
        "„Das ist neu. Sehr neu!“, sagte sie.",
        "Er fragte: „Warum?“ und ging.",
        "Die Zeile bricht\nmitten im Satz um.",
    ],
)
def test_one_sentence(sentence: str) -> None:
    assert parts(sentence) == [sentence]
    after = "Danach kam nichts."
    assert parts(f"{sentence} {after}") == [sentence, after]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Er wurde 36. Danach zog er um.", ["Er wurde 36.", "Danach zog er um."]),
        ("Das war 2014. Es regnete.", ["Das war 2014.", "Es regnete."]),
        ("„Gut so.“ Er lachte.", ["„Gut so.“", "Er lachte."]),
        (
            "Es gab viele Haushalte. 11.698 waren klein.",
            ["Es gab viele Haushalte.", "11.698 waren klein."],
        ),
        ("Wirklich? Ja! Gut.", ["Wirklich?", "Ja!", "Gut."]),
    ],
)
def test_two_sentences(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


def test_english() -> None:
    text = "Dr. Smith moved to the U.K. in 1999. He liked it, e.g. the rain. Mr. Jones did not."
    assert parts(text, "en") == [
        "Dr. Smith moved to the U.K. in 1999.",
        "He liked it, e.g. the rain.",
        "Mr. Jones did not.",
    ]


def test_offsets_are_code_points_of_the_original() -> None:
    text = "\r\n👩‍👧 lacht.\u00a0 Mu\u0308nchen\r\nwa\u0308chst.  "
    assert parts(text) == ["👩‍👧 lacht.", "Mu\u0308nchen\r\nwa\u0308chst."]


def test_nothing_but_space_has_no_sentence() -> None:
    assert parts(" \n\t") == []


def test_a_language_that_nobody_knows() -> None:
    assert parts("One thing. Another thing.", "und") == ["One thing.", "Another thing."]


@pytest.mark.parametrize(
    "line", ["東。", "„", "Wort ", "x", "Ein Satz steht hier. ", "\u0301", " "]
)
def test_a_long_line_is_divided_block_by_block(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    segment = sentencex.segment

    def counted(language: str, text: str) -> Any:
        given.append(len(text))
        return segment(language, text)

    monkeypatch.setattr(sentencex, "segment", counted)
    text = line * (60_000 // len(line))
    found = list(sentences(text, "de"))
    assert max(given) <= 4_000  # it takes time with the square of what it gets
    assert sum(given) <= 2.5 * len(text)
    assert "".join("".join(span.of(text).split()) for span in found) == "".join(text.split())


def test_where_a_block_ends_no_sentence_is_cut() -> None:
    whole = [f"Satz Nummer {number} steht in einer Zeile ohne Ende." for number in range(600)]
    assert parts(" ".join(whole)) == whole


def test_a_sentence_without_end_is_cut_at_white_space_or_between_characters() -> None:
    assert all(part.endswith("Wort") for part in parts("Wort " * 5_000))
    pieces = parts("e\u0301" * 5_000)
    assert "".join(pieces) == "e\u0301" * 5_000
    assert not any(piece.startswith("\u0301") for piece in pieces)


def test_what_sentencex_changes_is_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentencex, "segment", lambda language, text: ["Etwas. ", "Anderes."])
    assert parts("Erster Satz. Zweiter Satz.") == ["Erster Satz. Zweiter Satz."]
