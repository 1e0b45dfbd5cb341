"""Compounds, forms and other languages: which words find each other in a vocabulary."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from index import Article, Index, make_article
from index.legs.lexical import CompiledBM25
from index.legs.postings import compile_postings
from index.search.expand import Expander, Vocabulary
from index.text.analysis import terms
from tests.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]
PAIRS = ROOT / "tests" / "golden" / "word_pairs.tsv"

# What a corpus says anyway: the words that the pairs' compounds are made of, in ordinary sentences,
# and as many that only look like parts of one.
BACKGROUND = {
    "de": """
        Der Betrieb senkt die Preise für Strom und für Gas. Im Bundestag streiten sie über den
        Haushalt des Bundes und über die Verfassung. Kranke warten lange. Die Finanzen der Stadt
        sind schlecht, sagt der Bürgermeister. Wer sein Auto verkauft, zahlt keine Steuer. Das Hirn
        eines Kindes wächst schnell. Im letzten Jahr lief es besser. Man kann das Wasser trinken.
        Aus diesem Grund blieb das Kloster geschlossen. Die Unternehmen planen das Training der
        Mannschaft. Eine Milliarde reicht nicht. Die Versorger warnen. Die Warnung kam zu spät. Wer
        arbeitslos ist, sucht. Der Kurs einer Aktie fällt. Die Software läuft. Die Firma ist neu.
        Ein Stau am Tunnel. Das Becken ist voll. Die Ecken sind rund. Der Part ist schwer. Ein
        Schwimmer und ein Hai. Die Uni ist weit weg. Vor dem Spiel, nach dem Spiel, über dem Dach
        und unter dem Tisch. Ein Start in der Frühe. Die Hausse hielt an. Der Trans-Europ-Express.
        Mit der Hand, ohne Not, bei Nacht, auf dem Land. Soft ist das Gegenteil von hart.
        """,
    "nl": "Een ziekte kost geld. De verzekering betaalt.",
    "sv": "Hans inkomst är hög. Skatten är låg.",
    "da": "En forsikring koster penge. Selskabet betaler.",
    "no": "Inntekten er høy. Skatten er lav.",
    "fi": "Sairaus tuli äkkiä. Vakuutus maksaa.",
    "en": "The corporation rates the airport. The air is clear. Ports are open.",
    "fr": "Le port est ouvert. Le transport est cher.",
}


def pairs() -> list[dict[str, str]]:
    with PAIRS.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def passages() -> list[tuple[str, str]]:
    """Texts with their languages: the examples, the background, and each word of the pairs."""
    found = []
    for path in sorted((ROOT / "examples" / "articles").glob("*.*")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [(line, "de") for line in lines if line.strip()]
    for language, text in BACKGROUND.items():
        found += [(sentence, language) for sentence in text.split(".")]
    for pair in pairs():
        found.append((pair["query"], pair["query_language"]))
        found.append((pair["text"], pair["text_language"]))
    return list(dict.fromkeys(found))


def corpus(
    texts: Sequence[tuple[str, str]], per_segment: int = 100
) -> tuple[CompiledBM25, Expander]:
    analysed = [terms(text, language) for text, language in texts]
    segments = [
        compile_postings(analysed[i : i + per_segment])
        for i in range(0, len(analysed), per_segment)
    ]
    live = np.ones(len(texts), dtype=np.bool_)
    languages = {language: 1 for _, language in texts}
    bm25 = CompiledBM25(segments, live, k1=0.9, b=0.4)
    return bm25, Expander(Vocabulary(segments, live), languages)


@cache
def pair_corpus() -> tuple[dict[tuple[str, str], int], CompiledBM25, Expander]:
    texts = passages()
    bm25, expander = corpus(texts)
    return {text: row for row, text in enumerate(texts)}, bm25, expander


def test_there_are_sixty_pairs_of_each_kind() -> None:
    relations = [pair["relation"] for pair in pairs()]
    assert relations.count("finds") == relations.count("apart") == 60


@pytest.mark.parametrize("pair", pairs(), ids=lambda p: f"{p['relation']} {p['query']}-{p['text']}")
def test_pair(pair: dict[str, str]) -> None:
    rows, bm25, expander = pair_corpus()
    row = rows[pair["text"], pair["text_language"]]
    scores = bm25.get_group_scores(expander.groups(pair["query"], pair["query_language"]))
    assert (scores[row] > 0.0) == (pair["relation"] == "finds")


GERMAN = [("Die Bewertung steigt.", "de"), ("Eine Milliardenbewertung überrascht.", "de")]


def weight_of(expander: Expander, query: str, language: str, term: str) -> float:
    return max((g.weight for g in expander.groups(query, language) if g.term == term), default=0.0)


class TestCompounds:
    def test_are_told_by_the_vocabulary_as_it_is_now(self) -> None:
        texts = [("Der Klosterbrunnen ist alt.", "de")]
        assert corpus(texts)[1].found_by("brunn", "de") == {}
        texts.append(("Das Kloster steht.", "de"))
        assert corpus(texts)[1].found_by("brunn", "de") == {"klosterbrunn": 0.5}

    def test_removed_passages_are_no_evidence(self) -> None:
        analysed = [terms("Klosterbrunnen", "de"), terms("Kloster", "de")]
        live = np.array([True, False])
        expander = Expander(Vocabulary([compile_postings(analysed)], live), {"de": 1})
        assert expander.found_by("brunn", "de") == {}

    def test_count_less_than_the_word_and_are_no_rarer(self) -> None:
        texts = [*GERMAN, ("Viele Milliarden.", "de"), ("Nichts davon steht hier drin.", "de")]
        bm25, expander = corpus(texts)
        scores = bm25.get_group_scores(expander.groups("Bewertung", "de"))
        assert scores[0] > scores[1] > 0.0
        assert scores[2] == scores[3] == 0.0

    def test_parts_of_the_querys_own(self) -> None:
        _, expander = corpus([*GERMAN, ("Viele Milliarden.", "de")])
        assert expander.parts("milliardenbewert", "de") == ("10^9", "bewert")
        assert expander.parts("bewert", "de") == ()
        assert weight_of(expander, "Milliardenbewertung", "de", "bewert") == 0.4

    def test_belong_to_languages_that_write_them(self) -> None:
        texts = [("A corporate rate.", "en"), ("The corpo met.", "en")]
        assert corpus(texts)[1].found_by("rate", "en") == {}

    def test_links_show_short_heads(self) -> None:
        texts = [("Trainingsdaten", "de"), ("Training", "de"), ("Motor Autor", "de")]
        _, expander = corpus(texts)
        assert expander.found_by("dat", "de") == {"trainingsdat": 0.5}
        assert expander.found_by("tor", "de") == {}

    def test_at_most_64_and_those_of_most_passages(self) -> None:
        firsts = [f"{a}{b}ndel" for a in "bdfghklmnprstw" for b in "aeiou"]
        texts = [(f"{first} {first}haus", "de") for first in firsts]
        texts += [(f"{firsts[-1]}haus", "de"), *[("Haus", "de")] * 4]
        found = corpus(texts)[1].found_by("haus", "de")
        assert len(found) == 64
        assert terms(f"{firsts[-1]}haus", "de")[0] in found


class TestLanguages:
    def test_other_languages_of_the_articles_count_half(self) -> None:
        _, expander = corpus([("It is valued.", "en"), ("Städte wachsen.", "de")])
        assert weight_of(expander, "valued", "de", "valu") == 0.5
        assert weight_of(expander, "valued", "en", "valu") == 1.0

    def test_question_words_do_not_come_back(self) -> None:
        _, expander = corpus([("Die Stadt.", "de"), ("The city.", "en")])
        found = [group.term for group in expander.groups("Which of the two is valued?", "en")]
        assert found == ["2", "valu", *terms("valued", "de")]

    def test_a_german_billion_is_no_english_one(self) -> None:
        _, expander = corpus([("A billion.", "en"), ("Eine Billion.", "de")])
        assert [group.term for group in expander.groups("Billion", "de")] == ["10^12"]


def test_single_characters_find_their_pairs() -> None:
    bm25, expander = corpus([("富士山に登る", "ja"), ("川を渡る", "ja")])
    scores = bm25.get_group_scores(expander.groups("山", "ja"))
    assert scores[0] > 0.0
    assert scores[1] == 0.0


def expanded(index: Index) -> dict[str, dict[str, float]]:
    with index.snapshot() as snapshot:
        return snapshot.expand(["brunn"], "de")


def test_index_learns_and_forgets_compounds(tmp_path: Path) -> None:
    def article(text: str) -> Article:
        return make_article(text, source=text, language="de")

    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as index:
        index.add_articles([article("Der Klosterbrunnen ist alt.")])
        assert expanded(index) == {"brunn": {}}
        assert index.search("Brunnen")[0].lexical is None
        index.add_articles([article("Das Kloster steht leer.")])
        assert expanded(index) == {"brunn": {"klosterbrunn": 0.5}}
        found = {hit.passage.text: hit.lexical for hit in index.search("Brunnen")}
        assert found["Der Klosterbrunnen ist alt."] is not None
        assert found["Das Kloster steht leer."] is None
        index.remove("Das Kloster steht leer.")
        assert expanded(index) == {"brunn": {}}


def test_an_empty_index_has_nothing_to_find() -> None:
    expander = Expander(Vocabulary([], np.zeros(0, np.bool_)), {})
    assert expander.found_by("bewert", "de") == {}
    assert [group.term for group in expander.groups("Bewertung", "de")] == ["bewert"]
    assert expander.groups("", "de") == []
