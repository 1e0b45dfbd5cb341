"""Near copies of one text, and what must never be taken for one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Article, Hit, Index, Passage, Span, make_article
from index.search.near_duplicates import Shingled, are_copies, distinct
from qa import ask
from qa.scoring.candidates import Candidate
from qa.scoring.claims import Claim, Scored, support
from tests.fakes import WordEmbedder

AGENCY = (
    "Das Startup Scale AI aus San Francisco wird nach dem Einstieg von Meta mit 29 Milliarden "
    "Dollar bewertet. Gründer Alexandr Wang wechselt mit einigen Mitarbeitern zu dem Konzern und "
    "soll dort ein neues Labor leiten. Die Geschäfte führt künftig Jason Droege, bisher Leiter der "
    "Strategie. Zu den Kunden gehören Microsoft und OpenAI, die nun über die Zusammenarbeit "
    "nachdenken wollen."
)
INDEPENDENT = (
    "Der Facebook-Konzern steigt bei Scale AI ein. Für 49 Prozent der Anteile zahlt Meta gut 14 "
    "Milliarden Dollar, womit das Unternehmen auf einen Wert von 29 Milliarden Dollar kommt. Chef "
    "Alexandr Wang geht zu Meta, sein Nachfolger wird Jason Droege."
)


def adds_nothing(text: str, to: str, language: str = "de") -> bool:
    return Shingled.of(text, language).adds_nothing_to(Shingled.of(to, language))


@pytest.mark.parametrize(
    "copy",
    [
        AGENCY,
        "Hamburg (Eigener Bericht) – " + AGENCY,
        AGENCY.replace("Das Startup", "Das Unternehmen").replace("künftig", "von nun an"),
        AGENCY.replace("29 Milliarden Dollar", "29 Mrd. Dollar"),
        AGENCY.partition(" Zu den Kunden")[0],
        AGENCY.replace(" soll dort ein neues", "\nsoll dort ein ganz neues"),
        AGENCY.upper(),
    ],
)
def test_a_copy(copy: str) -> None:
    assert adds_nothing(copy, AGENCY)


@pytest.mark.parametrize(
    "other",
    [
        INDEPENDENT,
        AGENCY.replace("29 Milliarden", "25 Milliarden"),
        AGENCY.replace("29 Milliarden", "29 Millionen"),
        AGENCY.replace("einigen Mitarbeitern", "drei Mitarbeitern"),
        AGENCY.replace("wechselt mit", "wechselt nicht mit"),
        AGENCY.replace("ein neues Labor", "kein neues Labor"),
        AGENCY.replace("künftig Jason Droege,", "künftig Mira Holm,"),
        AGENCY + " Ein Insider nannte 25 Milliarden Dollar.",
        AGENCY + " " + INDEPENDENT,
    ],
)
def test_no_copy(other: str) -> None:
    assert not adds_nothing(other, AGENCY)


def test_a_lone_negation_that_is_lost_turns_the_sense() -> None:
    denied = AGENCY.replace("wechselt mit", "wechselt nicht mit")
    assert not adds_nothing(AGENCY, denied)
    assert adds_nothing(AGENCY, AGENCY + " Meta äußerte sich dazu bisher nicht.")


def test_names_in_english() -> None:
    text = "The race through the old town was won by Berg in the last second of a very long day."
    assert not adds_nothing(text.replace("Berg", "Holm"), text, "en")
    assert adds_nothing(text.replace("very long", "rather long"), text, "en")


def test_a_longer_text_adds_something_to_its_beginning() -> None:
    teaser = AGENCY.partition(" Zu den Kunden")[0]
    whole = f"{teaser} {INDEPENDENT}"
    assert adds_nothing(teaser, whole)
    assert not adds_nothing(whole, teaser + " Ende.")
    assert are_copies(teaser, whole, "de")


def test_short_texts_must_be_equal_word_for_word() -> None:
    assert are_copies("Die Brücke ist offen.", "die Brücke ist offen", "de")
    assert not are_copies("Die Brücke ist seit gestern offen.", "Die Brücke ist heute offen.", "de")
    assert not are_copies("Ja.", "Nein.", "de")
    assert are_copies("", "", "de")


def _hit(rank: int, text: str, source: str) -> Hit:
    article = make_article(text, source=source, language="de")
    return Hit(rank, 1.0 / rank, Passage(rank, article, 0, len(text), ()))


def _sources(articles: tuple[Article, ...]) -> list[str]:
    return [article.source for article in articles]


def test_copies_are_folded_into_the_better_hit() -> None:
    hits = [
        _hit(1, AGENCY, "a"),
        _hit(2, "Köln. " + AGENCY, "b"),
        _hit(3, INDEPENDENT, "c"),
        _hit(4, AGENCY.replace("29 Milliarden", "25 Milliarden"), "d"),
        _hit(5, AGENCY.replace("künftig", "nun"), "b"),
        _hit(6, "Etwas anderes steht hier.", "e"),
    ]
    found = distinct(hits, 3)
    assert [hit.passage.article.source for hit in found] == ["a", "c", "d"]
    assert [hit.rank for hit in found] == [1, 2, 3]
    assert [_sources(hit.also_in) for hit in found] == [["b"], [], []]
    assert found[0].score == 1.0


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        yield opened


def put(index: Index, **texts: str) -> None:
    index.add_articles(
        make_article(text, source=source, language="de", publisher=source.title())
        for source, text in texts.items()
    )


def test_a_search_returns_different_things(index: Index) -> None:
    papers = {f"blatt{n}": f"Aus Ort {'x' * n}. {AGENCY}" for n in range(30)}
    put(index, **papers, eigen=INDEPENDENT)
    hits = index.search("Wie hoch wird Scale AI bewertet?", k=2)
    assert len(hits) == 2
    found = {hit.passage.article.source: _sources(hit.also_in) for hit in hits}
    assert found.pop("eigen") == []
    ((first, others),) = found.items()
    assert {first, *others} == set(papers)


def _claim(rank: int, sentence: str, value: str) -> Claim:
    """A value in a sentence of an article of its own, which the reader takes for an answer."""
    candidate = Candidate(_hit(rank, sentence, str(rank)), 0, Span(0, len(sentence)), ())
    start = sentence.index(value)
    return Claim(Scored(candidate, 0.0), Span(start, start + len(value)), margin=20.0)


def test_what_was_copied_supports_a_view_once() -> None:
    """Three papers print one sentence; two others have words of their own for another value."""
    sentence = (
        "Die neue Brücke über den Harlund kostet die Stadt nach dem Bericht viel mehr als Anton."
    )
    printed = [
        _claim(1, sentence, "Anton"),
        _claim(2, sentence, "Anton"),
        _claim(3, "Wie es heißt: „" + sentence + "“", "Anton"),
    ]
    own = [
        _claim(4, "Nach Ansicht aller Fachleute am Ort heißt der Sieger Berta.", "Berta"),
        _claim(5, "Berta hat gewonnen, das steht nun fest.", "Berta"),
    ]
    assert support(printed[0], printed) == 0.0
    assert support(own[0], own) == pytest.approx(math.log(2))


def test_the_answer_names_the_other_papers(index: Index) -> None:
    put(index, morgen=f"Berlin. {AGENCY}", abend=f"Hamburg. {AGENCY}")
    answer = ask("Mit wie viel Dollar wird Scale AI bewertet?", index, reader=None)
    assert len(answer.passages) == 1
    told = answer.to_json()
    (other,) = told["passages"][0]["also_in"]
    assert {told["passages"][0]["source"], other["source"]} == {"morgen", "abend"}
    assert other.keys() == {"article_id", "title", "source", "publisher", "published"}
    for citation in answer.citations:
        assert all(citation.quote in article.text for article in citation.also_in)
