"""What a question asks for, learned, in languages of which some had no question in the data."""

from __future__ import annotations

import numpy as np
import pytest

from index.encoder.embedder import open_embedder
from index.text.analysis import detect
from qa.answer_types import Kind
from qa.question.analyse import Question, without_names
from qa.question.kinds import UNTOLD, chances, load_kinds
from qa.scoring.claims import LEAST_CHANCE

ASKED = [
    ("Wie hoch ist die Inflation?", Kind.PERCENT),
    ("Wie hoch ist der Umsatz von Siemens?", Kind.AMOUNT),
    ("Für wie viel übernahm Oracle die Firma?", Kind.AMOUNT),
    ("Wie viele Menschen kamen?", Kind.COUNT),
    ("Wann wurde Bosch gegründet?", Kind.YEAR),
    ("Wer leitet Bosch?", Kind.PERSON),
    ("Wo liegt das Werk?", Kind.PLACE),
    ("Warum fiel der Kurs?", Kind.REASON),
    ("Wie lange dauerte der Krieg?", Kind.DURATION),
    ("Wie hoch ist der Mount Everest?", Kind.MEASURE),
    ("How much did Oracle pay for it?", Kind.AMOUNT),
    ("How many people came?", Kind.COUNT),
    ("What year was it founded?", Kind.YEAR),
    ("How tall is Mount Everest?", Kind.MEASURE),
    ("Qui a fondé Bosch ?", Kind.PERSON),
    ("Combien de personnes sont venues ?", Kind.COUNT),
    ("Combien coûte le billet ?", Kind.AMOUNT),
    ("¿En qué año se fundó Bosch?", Kind.YEAR),
    ("¿Cuántos habitantes tiene la ciudad?", Kind.COUNT),
    ("¿Cuánto cuesta la entrada?", Kind.AMOUNT),
    ("Сколько человек пришло?", Kind.COUNT),
    ("В каком году была основана компания?", Kind.YEAR),
    ("Кто возглавляет компанию?", Kind.PERSON),
    ("门票多少钱?", Kind.AMOUNT),
    ("这座城市有多少居民?", Kind.COUNT),
    ("公司成立于哪一年?", Kind.YEAR),
    ("كم عدد سكان المدينة؟", Kind.COUNT),
    ("في أي عام تأسست الشركة؟", Kind.YEAR),
    ("Şehrin kaç nüfusu var?", Kind.COUNT),
    ("Şirket hangi yılda kuruldu?", Kind.YEAR),
    ("Bilet ne kadar?", Kind.AMOUNT),
    ("Ile osób przyszło?", Kind.COUNT),
]


@pytest.fixture(scope="module")
def asked() -> list[tuple[Question, Kind]]:
    embedder = open_embedder()
    vectors = embedder.embed_queries([without_names(text, detect(text)) for text, _ in ASKED])
    return [
        (Question(text, "de", chances(vector, embedder.fingerprint)), kind)
        for (text, kind), vector in zip(ASKED, vectors, strict=True)
    ]


def test_nine_in_ten_are_told(asked: list[tuple[Question, Kind]]) -> None:
    wrong = {
        question.text: str(question.kind) for question, kind in asked if not _fits(question, kind)
    }
    assert len(wrong) <= len(ASKED) // 10, wrong


def _fits(question: Question, kind: Kind) -> bool:
    times = {Kind.DATE, Kind.YEAR}
    return question.kind is kind or {question.kind, kind} <= times


def test_what_is_asked_for_is_never_ruled_out(asked: list[tuple[Question, Kind]]) -> None:
    for question, kind in asked:
        assert question.chance(kind) > LEAST_CHANCE, question.text


def test_the_chances_are_those_of_all_kinds(asked: list[tuple[Question, Kind]]) -> None:
    for question, _ in asked:
        assert sum(question.chances.values()) == pytest.approx(1.0)


def test_of_another_encoder_nothing_is_told() -> None:
    found = chances(np.ones(5, np.float32), "another")
    assert found is UNTOLD
    assert sum(found.values()) == pytest.approx(1.0)
    assert load_kinds().encoder != "another"
