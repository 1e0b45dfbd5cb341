"""What sentences claim, by which features that is judged, and which of it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from index import Hit, Passage, Span, make_article
from qa.answer_types import Kind
from qa.question.analyse import Question
from qa.reading.spans import Window, reading_of
from qa.scoring.candidates import Candidate
from qa.scoring.claims import Claim, Scored, claims, judged
from qa.scoring.logistic import LogisticModel, Scorer
from qa.scoring.shown import shown
from qa.values.find import find_values

OF_SENTENCE = dict.fromkeys(
    (
        *("near_coverage", "passage_coverage", "passage_name_coverage", "dense", "similarity"),
        "question_mark",
    ),
    0.5,
)
AMOUNT = Question("Was kostet die Brücke 2024?", "de", {Kind.AMOUNT: 0.9, Kind.NAME: 0.1})
PERSON = Question("Wer baut die Brücke?", "de", {Kind.AMOUNT: 0.0, Kind.PERSON: 1.0})


def sentence(
    text: str, liked: str | None = None, source: str = "s", published: date | None = None
) -> Scored:
    """A sentence of an article of its own; the reader likes ``liked`` and nothing else in it."""
    article = make_article(text, source=source, language="de", published=published)
    span = Span(0, len(text))
    hit = Hit(1, 1.0, Passage(1, article, 0, len(text), (span,)))
    candidate = Candidate(hit, 0, span, find_values(text, "de"), OF_SENTENCE)
    if liked is not None:
        candidate = replace(candidate, reading=reading_of([_window(text, liked)]))
    return Scored(candidate, 1.0)


def _window(text: str, liked: str) -> Window:
    tokens = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    start = text.index(liked)
    logits = np.full((len(tokens), 2), -5.0, np.float32)
    for number, (begin, stop) in enumerate(tokens):
        logits[number, 0] += 10.0 * (begin == start)
        logits[number, 1] += 10.0 * (stop == start + len(liked))
    return Window.of(text, tokens, logits, 0.0)


def found(question: Question, *sentences: Scored) -> dict[str, Claim]:
    return {claim.text: claim for claim in claims(question, sentences)}


def test_values_and_what_the_reader_likes_are_claims() -> None:
    told = found(AMOUNT, sentence("Die Stadt zahlt Anna Berg 48 Euro.", "Anna Berg"))
    assert told["48 Euro"].value is not None
    assert told["Anna Berg"].value is None
    assert told["Anna Berg"].margin == pytest.approx(10.0)
    assert told["48 Euro"].margin < 5.0


def test_a_value_takes_what_the_reader_likes_around_it() -> None:
    """The reader's "rund 48 Euro" is the value's "48 Euro", and no second claim."""
    told = found(AMOUNT, sentence("Sie kostet rund 48 Euro, der Turm 9 Euro.", "rund 48 Euro"))
    assert told["48 Euro"].margin == pytest.approx(10.0)
    assert told["9 Euro"].margin < 0.0
    assert "rund 48 Euro" not in told


def test_no_value_is_claimed_where_none_is_asked_for() -> None:
    told = found(PERSON, sentence("Anna Berg zahlt 48 Euro.", "Anna Berg"))
    assert "Anna Berg" in told
    assert all(claim.value is None for claim in told.values())


def test_what_the_question_says_itself_is_no_claim() -> None:
    asked = replace(AMOUNT, text="Warum kostet die Brücke 48 Euro?")
    assert "48 Euro" not in found(asked, sentence("Sie kostet 48 Euro, nicht 9 Euro.", "9 Euro"))


def test_a_value_within_a_number_of_the_question_is_a_claim() -> None:
    asked = Question("Wie viele Tore fielen 2014?", "de", {Kind.COUNT: 1.0})
    assert any(claim.value for claim in found(asked, sentence("Es fielen 4 Tore.", "4")).values())


def test_the_same_words_in_another_order_are_another_claim() -> None:
    asked = Question("Wie ging es aus?", "de", {Kind.NAME: 1.0})
    won = found(asked, sentence("Es ging 2:1 aus.", "2:1"))["2:1"]
    lost = found(asked, sentence("Es ging 1:2 aus.", "1:2"))["1:2"]
    assert won.key != lost.key


def test_without_a_reader_names_and_values_are_claims_alike() -> None:
    assert "Anna Berg" in found(PERSON, sentence("Gebaut wird sie von Anna Berg."))
    told = found(AMOUNT, sentence("Die Stadt zahlt 48 Euro an Anna Berg."))
    assert told["48 Euro"].margin == told["Anna Berg"].margin == 0.0


def features(question: Question, text: str, *sentences: Scored) -> Mapping[str, float]:
    return found(question, *sentences)[text].features


def test_another_year_than_the_question_s_is_told() -> None:
    own = features(AMOUNT, "48 Euro", sentence("2024 kostete sie 48 Euro.", "48 Euro"))
    other = features(AMOUNT, "48 Euro", sentence("2019 kostete sie 48 Euro.", "48 Euro"))
    assert (own["own_time"], own["other_time"]) == (1.0, 0.0)
    assert (other["own_time"], other["other_time"]) == (0.0, 1.0)
    published = sentence("Sie kostete 48 Euro.", "48 Euro", published=date(2024, 5, 1))
    assert features(AMOUNT, "48 Euro", published)["own_time"] == 1.0


def test_a_second_value_of_a_sentence_lies_behind_the_first() -> None:
    one = sentence("Sie kostet 48 Euro, der Turm 9 Euro.", "48 Euro")
    assert features(AMOUNT, "48 Euro", one)["sentence_lead"] > 0.0
    assert features(AMOUNT, "9 Euro", one)["sentence_lead"] < 0.0


def test_others_who_say_the_same_support_a_claim() -> None:
    one = sentence("Sie kostet 48 Euro.", "48 Euro", "a")
    two = sentence("Bezahlt wurden am Ende 48 Euro für den Bau.", "48 Euro", "b")
    assert features(AMOUNT, "48 Euro", one)["support"] == 0.0
    assert features(AMOUNT, "48 Euro", one, two)["support"] > 0.5


def test_the_likeliest_comes_first() -> None:
    model = LogisticModel(0.0, {"margin": 1.0})
    told = judged(AMOUNT, [sentence("Sie kostet 48 Euro, der Turm 9 Euro.", "9 Euro")], model)
    assert told[0].text == "9 Euro"
    assert told[0].probability > 0.99
    assert [c.probability for c in told] == sorted((c.probability for c in told), reverse=True)


def scorer(threshold: float, further: float = 0.0, elsewhere: float = 0.0) -> Scorer:
    model = LogisticModel(0.0, {})
    further = max(threshold, further)
    return Scorer(model, model, threshold, elsewhere or further, further)


class TestShown:
    def claim(self, text: str, probability: float, scored: Scored | None = None) -> Claim:
        scored = scored or sentence(f"Sie kostet {text}.", source=text)
        start = scored.candidate.text.index(text)
        value = next((v for v in scored.candidate.values if v.start == start), None)
        return Claim(scored, Span(start, start + len(text)), value, probability=probability)

    def test_what_is_not_likely_enough_is_not_shown(self) -> None:
        told = [self.claim("48 Euro", 0.9), self.claim("9 Euro", 0.4)]
        assert shown(told, scorer(0.5)) == told[:1]
        assert shown(told, scorer(0.95)) == []

    def test_another_view_must_be_likelier_than_the_first(self) -> None:
        told = [self.claim(text, p) for text, p in (("48 Euro", 0.5), ("9 Euro", 0.4))]
        assert shown(told, scorer(0.3, 0.6)) == told[:1]
        same = self.claim("48 Euro", 0.4, sentence("Bezahlt wurden 48 Euro.", source="b"))
        assert shown([*told, same], scorer(0.3, 0.6)) == [told[0], same]

    def test_what_another_article_says_of_a_number_needs_less(self) -> None:
        first = self.claim("48 Euro", 0.5)
        other = self.claim("9 Euro", 0.4)
        assert shown([first, other], scorer(0.3, further=0.6, elsewhere=0.35)) == [first, other]
        assert shown([first, other], scorer(0.3, further=0.6, elsewhere=0.45)) == [first]
        scored = sentence("Der Turm kostet 48 Euro, der Weg 9 Euro.")
        same = [self.claim("48 Euro", 0.5, scored), self.claim("9 Euro", 0.4, scored)]
        assert shown(same, scorer(0.3, further=0.6, elsewhere=0.35)) == same[:1]
        names = [self.claim("Anna Berg", 0.5), self.claim("Ute Klein", 0.4)]
        assert shown(names, scorer(0.3, further=0.6, elsewhere=0.35)) == names[:1]

    def test_the_same_at_another_time_is_told_with_it(self) -> None:
        scored = sentence("2024 kostete sie 48 Euro, heute kostet sie 71 Euro.")
        told = [self.claim("48 Euro", 0.6, scored), self.claim("71 Euro", 0.1, scored)]
        assert shown(told, scorer(0.3, 0.7)) == told[:1], "it was not read for it"
        scored = replace(scored, candidate=replace(scored.candidate, again={44: -2.0}))
        told = [self.claim("48 Euro", 0.6, scored), self.claim("71 Euro", 0.1, scored)]
        assert shown(told, scorer(0.3, 0.7)) == told
        hardly = replace(told[1], probability=0.01)
        assert shown([told[0], hardly], scorer(0.3, 0.7)) == told[:1]

    def test_views_of_one_thing_are_of_one_dimension(self) -> None:
        told = [self.claim(text, 0.9) for text in ("48 Euro", "12 Prozent", "Anna", "9 Euro")]
        assert [claim.text for claim in shown(told, scorer(0.5))] == ["48 Euro", "9 Euro"]

    def test_of_what_overlaps_the_likeliest_is_shown(self) -> None:
        scored = sentence("Gebaut von Anna Berg.")
        told = [self.claim("Anna Berg", 0.9, scored), self.claim("Berg", 0.8, scored)]
        assert [claim.text for claim in shown(told, scorer(0.5))] == ["Anna Berg"]

    def test_what_now_holds_is_shown_with_what_it_replaces(self) -> None:
        scored = sentence("Sie kostet statt 48 Euro nun 71 Euro.")
        told = [self.claim("48 Euro", 0.6, scored), self.claim("71 Euro", 0.4, scored)]
        assert told[0].is_former
        assert shown(told, scorer(0.3, 0.5)) == told
        elsewhere = self.claim("71 Euro", 0.4)
        assert shown([told[0], elsewhere], scorer(0.3, 0.5)) == told[:1]


def test_more_of_the_same_words_is_no_rival() -> None:
    text = (
        "Der Vertrag kostet 29 Millionen Euro (mit allen Gebühren und Abgaben der Stadt), heißt es."
    )
    ranked = [sentence(text, "29 Millionen Euro (mit allen Gebühren und Abgaben der Stadt")]
    found = claims(AMOUNT, ranked)
    (value,) = [claim for claim in found if claim.value is not None]
    longer = [c for c in found if c.value is None and c.span.start <= value.span.start < c.span.end]
    assert longer
    assert all(claim.margin > value.margin for claim in longer)
    assert value.features["sentence_lead"] > 0.0
