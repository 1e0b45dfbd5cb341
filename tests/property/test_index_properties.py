"""What must hold for any articles: exact offsets, exact scores, a store that forgets nothing."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from index import AS_IT_IS, Article, Failure, Filters, Index, Withdrawn, make_article
from index.ingest import read_sources
from index.legs.dense import DenseIndex, SegmentVectors
from index.legs.lexical import CompiledBM25, top
from index.legs.postings import compile_postings
from index.search.near_duplicates import are_copies
from index.storage.store import Store
from qa import ask
from qa.scoring.logistic import load_scorer
from tests.fakes import WordEmbedder

K1, B = 0.9, 0.4

# --- offsets: everything that is stored and cited equals its slice --------------------------------


def real_articles(data: Path) -> Iterator[Article | Failure]:
    """Every article of the development data, the pages and seeds through the readers."""
    yield from read_sources([data / "seeds", data / "html"])
    with (data / "gnad/articles.dev.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield make_article(row["text"], source=f"gnad:{row['id']}", language="de")
    for language in ("de", "en"):
        stored = json.loads((data / f"xquad-r/{language}.dev.json").read_text("utf-8"))
        for a, entry in enumerate(stored["data"]):
            for p, paragraph in enumerate(entry["paragraphs"]):
                yield make_article(
                    paragraph["context"], source=f"xquad:{language}/{a}/{p}", language=language
                )


def real_questions(data: Path) -> list[str]:
    """Some questions of each language, far apart."""
    questions = []
    for language in ("de", "en"):
        stored = json.loads((data / f"xquad-r/{language}.dev.json").read_text("utf-8"))
        asked = [q["question"] for e in stored["data"] for p in e["paragraphs"] for q in p["qas"]]
        questions += asked[:: len(asked) // 30]
    return questions


@pytest.fixture(scope="module")
def originals(data: Path) -> dict[str, Article]:
    """By source, as they were before they were stored."""
    return {a.source: a for a in real_articles(data) if isinstance(a, Article)}


@pytest.fixture(scope="module")
def real_index(
    originals: dict[str, Article], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("real") / "index"
    with Index.open(folder, embedder=WordEmbedder()) as index:
        index.add_articles(originals.values())
    with Index.open(folder, read_only=True, embedder=WordEmbedder()) as index:
        yield index


def test_every_article_of_the_data_comes_back(
    real_index: Index, originals: dict[str, Article]
) -> None:
    assert len(originals) > 750
    assert real_index.status().articles == len(originals)
    for article in originals.values():
        assert real_index.article(article.id) == article


def test_every_passage_of_the_data_equals_its_slice(
    real_index: Index, originals: dict[str, Article]
) -> None:
    with closing(Store(real_index.path / "articles.db", read_only=True)) as store:
        passages = store.texts.passages(store.texts.passage_ids())
        owners = store.articles.of_texts(list({p.text_id for p in passages.values()}), Filters())
    ends: dict[int, int] = Counter()
    for number, passage in sorted(passages.items()):
        article, *_ = owners[passage.text_id]
        text = originals[article.source].text
        assert article.text == text
        # In order of their numbers, and not overlapping.
        assert ends[passage.text_id] <= passage.start < passage.end <= len(text), number
        ends[passage.text_id] = passage.end
        whole = text[passage.start : passage.end]
        assert whole == whole.strip() != ""
        assert passage.start == passage.sentences[0].start
        assert passage.end == passage.sentences[-1].end
        at = passage.start
        for sentence in passage.sentences:
            assert at <= sentence.start < sentence.end
            at = sentence.end
            assert sentence.of(text) == sentence.of(text).strip() != ""
    assert set(ends) == set(owners)
    texts = {owner.text for group in owners.values() for owner in group}
    assert texts == {article.text for article in originals.values()}


def test_every_hit_and_citation_over_the_data_equals_its_slice(
    data: Path,
    real_index: Index,
    originals: dict[str, Article],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whatever may be cited, however unlikely: word vectors know too little to be sure of anything.
    never_unsure = replace(load_scorer("plain"), threshold=0.0)
    monkeypatch.setattr("qa.answer.load_scorer", lambda name: never_unsure)
    cited = 0
    for question in real_questions(data):
        answer = ask(question, real_index, reader=None)
        for hit in answer.passages:
            passage = hit.passage
            text = originals[passage.article.source].text
            assert text[passage.start : passage.end] == passage.text
        for citation in answer.citations:
            text = originals[citation.source].text
            assert text[citation.start : citation.end] == citation.quote
            cited += 1
    assert cited > 60


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [
                "Die Firma zahlt 14 Mrd. Euro. ",
                "\r\n\r\n",
                "\n\n",
                "Mu\u0308nchen ist groß. ",
                "👩‍👩‍👧‍👦🏽 lacht. ",
                "\u2028",
                "\0",
                "# Titel\n\n",
            ]
        ),
    ),
    max_size=12,
).map("".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_any_text_survives_the_store(texts: list[str]) -> None:
    assume(all(is_encodable(text) for text in texts))
    articles = [
        make_article(text, source=f"s{n}", language="de", title=text[:9])
        for n, text in enumerate(texts)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        Index.open(folder, embedder=WordEmbedder()) as index,
    ):
        index.add_articles(articles)
        for article in articles:
            assert index.article(article.id) == article
        for hit in index.search("Die Firma", k=50):
            original = texts[int(hit.passage.article.source[1:])]
            assert original[hit.passage.start : hit.passage.end] == hit.passage.text


def is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


# --- BM25 ----------------------------------------------------------------------------------------

TERM = st.sampled_from(["berg", "see", "zug", "äpfel", "a", "aa", "漢字", "x\0y", "wal"])
PASSAGE = st.lists(TERM, max_size=12)
SEGMENTS = st.lists(st.lists(PASSAGE, min_size=1, max_size=8), min_size=1, max_size=4)
QUERY = st.lists(st.one_of(TERM, st.just("absent")), min_size=1, max_size=6)


def plain_bm25(passages: Sequence[Sequence[str]], query: Sequence[str]) -> list[float]:
    """BM25 as it is written down: Robertson and Zaragoza 2009, with log(1 + odds)."""
    if not passages:
        return []
    average = sum(len(passage) for passage in passages) / len(passages)
    scores = [0.0] * len(passages)
    for term in query:
        containing = sum(term in passage for passage in passages)
        idf = math.log(1 + (len(passages) - containing + 0.5) / (containing + 0.5))
        for row, passage in enumerate(passages):
            count = list(passage).count(term)
            if count:
                length = 1 - B + B * len(passage) / average
                scores[row] += idf * count * (K1 + 1) / (count + K1 * length)
    return scores


def compiled(
    segments: Sequence[Sequence[Sequence[str]]], live: Sequence[bool], query: Sequence[str]
) -> NDArray[np.float32]:
    postings = [compile_postings(segment) for segment in segments]
    bm25 = CompiledBM25(postings, np.array(live, dtype=np.bool_), k1=K1, b=B)
    return bm25.get_scores({term: float(n) for term, n in Counter(query).items()})


@settings(deadline=None)
@given(SEGMENTS, QUERY, st.data())
def test_bm25_equals_the_formula(
    segments: list[list[list[str]]], query: list[str], draw: st.DataObject
) -> None:
    passages = [passage for segment in segments for passage in segment]
    live = draw.draw(st.lists(st.booleans(), min_size=len(passages), max_size=len(passages)))
    scores = compiled(segments, live, query)
    kept = [passage for passage, is_live in zip(passages, live, strict=True) if is_live]
    mask = np.array(live, dtype=np.bool_)
    assert scores[mask] == pytest.approx(plain_bm25(kept, query), abs=1e-5)
    assert not scores[~mask].any()
    # An index that never had the removed ones gives the same, whatever its segments.
    if kept:
        assert scores[mask] == pytest.approx(compiled([kept], [True] * len(kept), query), abs=1e-5)


@settings(deadline=None)
@given(SEGMENTS, QUERY)
def test_bm25_equals_rank_bm25(segments: list[list[list[str]]], query: list[str]) -> None:
    """Its own get_scores, with nothing but the inverse document frequencies replaced."""
    passages = [passage for segment in segments for passage in segment]
    assume(any(passages))
    theirs = BM25Okapi(passages, k1=K1, b=B)
    for term in theirs.idf:
        containing = sum(term in passage for passage in passages)
        theirs.idf[term] = math.log(1 + (len(passages) - containing + 0.5) / (containing + 0.5))
    expected = theirs.get_scores(query)
    assert compiled(segments, [True] * len(passages), query) == pytest.approx(expected, abs=1e-5)


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5]), max_size=30), st.integers(1, 40), st.data()
)
def test_top_equals_a_full_sort(values: list[float], k: int, draw: st.DataObject) -> None:
    allowed = draw.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    expected = sorted(
        ((row, value) for row, value in enumerate(values) if value > 0 and allowed[row]),
        key=lambda entry: (-entry[1], entry[0]),
    )[:k]
    assert top(np.array(values, np.float32), k, np.array(allowed, np.bool_)) == expected


# --- FAISS ---------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 40), max_size=4),
    st.integers(1, 150),
    st.integers(0, 2**32 - 1),
    st.one_of(st.none(), st.floats(0, 1)),
)
def test_flat_search_equals_numpy(sizes: list[int], k: int, seed: int, share: float | None) -> None:
    random = np.random.default_rng(seed)
    dimension = 16
    rows = random.standard_normal((sum(sizes), dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    stored = rows.astype(np.float16)
    query = random.standard_normal(dimension).astype(np.float32)
    query /= np.linalg.norm(query)
    allowed = None if share is None else random.random(len(rows)) < share
    parts = np.split(stored, np.cumsum(sizes)[:-1]) if sizes else []
    found = DenseIndex([SegmentVectors({"vectors": part}) for part in parts], dimension).search(
        query, k, allowed
    )

    cosines = stored.astype(np.float32) @ query
    places = np.arange(len(rows)) if allowed is None else np.flatnonzero(allowed)
    best = places[np.argsort(-cosines[places], kind="stable")][:k]
    assert len(found) == len(best)
    assert [score for _, score in found] == pytest.approx(cosines[best].tolist(), abs=1e-5)
    for (row, score), expected in zip(found, best, strict=True):
        # Another order only where rounding decides.
        assert row == expected or score == pytest.approx(cosines[row], abs=1e-6)
        assert abs(cosines[row] - cosines[expected]) < 1e-5
    assert len({row for row, _ in found}) == len(found)


# --- the store against a dict ----------------------------------------------------------------------

WORDS = ["Berge", "Züge", "Wale", "Äpfel", "Schnee", "Gleise", "Birnen", "Robben"]
SOURCES = st.sampled_from([f"https://quelle.de/{n}" for n in range(6)])
SENTENCE = st.tuples(*[st.sampled_from(WORDS)] * 2).map(
    lambda words: f"{words[0]} und {words[1]} sind hier."
)


@st.composite
def some_article(draw: st.DrawFn) -> Article:
    return make_article(
        "\n\n".join(draw(st.lists(SENTENCE, min_size=1, max_size=2))),
        source=draw(SOURCES),
        language=draw(st.sampled_from(["de", "en"])),
        title=draw(st.sampled_from(["", "Obst", "Reise"])),
        published=draw(st.sampled_from([None, date(2023, 5, 1), date(2024, 5, 1)])),
    )


@dataclass
class Model:
    """What the index should hold: articles by source, and the sources that failed."""

    articles: dict[str, Article]
    failures: dict[str, str]


class StoreAgreesWithDict(RuleBasedStateMachine):
    """Random additions, updates, edits, copies, removals, some undone, and re-openings."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.model = Model({}, {})
        self.taken: list[Withdrawn] = []
        self.index = self.open()

    def open(self) -> Index:
        return Index.open(self.folder.name, embedder=WordEmbedder())

    @initialize(articles=st.lists(some_article(), max_size=3))
    def begin(self, articles: list[Article]) -> None:
        self.add(articles)

    @rule(articles=st.lists(some_article(), min_size=1, max_size=4))
    def add(self, articles: list[Article]) -> None:
        before = self.model.articles.copy()
        last = {article.source: article for article in articles}
        report = self.index.add_articles(articles)
        self.model.articles.update(last)
        for source in last:
            self.model.failures.pop(source, None)
        same = {a.id for s, a in last.items() if s in before and is_same(before[s], a)}
        assert set(report.unchanged) == same
        assert set(report.updated) == {a.id for s, a in last.items() if s in before} - same
        new = {a.id for s, a in last.items() if s not in before}
        assert set(report.added) | set(report.copies) == new
        for article in last.values():
            if article.id in report.copies:
                texts = Counter(a.text for a in self.model.articles.values())
                texts.update(a.text for a in before.values())
                assert texts[article.text] > 1

    @rule(source=SOURCES, reason=st.sampled_from(["kaputt", "leer"]))
    def fail(self, source: str, reason: str) -> None:
        self.index.add_articles([Failure(source, reason)])
        self.model.failures[source] = reason

    @precondition(lambda self: self.model.articles)
    @rule(draw=st.data())
    def remove(self, draw: st.DataObject) -> None:
        source = draw.draw(st.sampled_from(sorted(self.model.articles)))
        article = self.model.articles.pop(source)
        name = draw.draw(st.sampled_from([source, article.id, article.id[:10]]))
        assert self.index.remove([name]) == (article.id,)

    @precondition(lambda self: self.model.articles)
    @rule(
        draw=st.data(),
        title=st.sampled_from([AS_IT_IS, "", "Obst", "Neues"]),
        publisher=st.sampled_from([AS_IT_IS, None, "Bote"]),
    )
    def edit(self, draw: st.DataObject, title: Any, publisher: Any) -> None:
        source = draw.draw(st.sampled_from(sorted(self.model.articles)))
        told = {"title": title, "publisher": publisher}
        changes = {name: value for name, value in told.items() if value is not AS_IT_IS}
        edited = replace(self.model.articles[source], **changes)
        assert is_same(self.index.edit(source, title=title, publisher=publisher), edited)
        self.model.articles[source] = edited

    @precondition(lambda self: self.model.articles)
    @rule(draw=st.data())
    def withdraw(self, draw: st.DataObject) -> None:
        chosen = draw.draw(
            st.lists(st.sampled_from(sorted(self.model.articles)), unique=True, min_size=1)
        )
        articles = [self.model.articles.pop(source) for source in chosen]
        taken = self.index.withdraw([article.id for article in articles])
        assert [article.source for article in taken.articles] == chosen
        self.taken.append(taken)

    @precondition(lambda self: self.taken)
    @rule()
    def put_back(self) -> None:
        taken = self.taken.pop()
        missing = [a for a in taken.articles if a.source not in self.model.articles]
        assert set(self.index.put_back(taken)) == {article.id for article in missing}
        self.model.articles |= {article.source: article for article in missing}

    @precondition(lambda self: self.model.articles)
    @rule(draw=st.data(), source=SOURCES)
    def copy(self, draw: st.DataObject, source: str) -> None:
        original = draw.draw(st.sampled_from(sorted(self.model.articles)))
        article = self.model.articles[original]
        self.add([make_article(article.text, source=source, language="de")])

    @precondition(lambda self: self.model.articles)
    @rule(draw=st.data())
    def add_the_same_again(self, draw: st.DataObject) -> None:
        source = draw.draw(st.sampled_from(sorted(self.model.articles)))
        segments = self.index.status().segments
        report = self.index.add_articles([self.model.articles[source]])
        self.model.failures.pop(source, None)
        assert report.unchanged == (self.model.articles[source].id,)
        assert report.passages == 0
        assert self.index.status().segments == segments

    @rule()
    def open_again(self) -> None:
        before = self.index.search("Berge und Wale", k=50)
        self.index.close()
        self.index = self.open()
        assert self.index.search("Berge und Wale", k=50) == before

    @invariant()
    def holds_what_it_should(self) -> None:
        summaries = {summary.source: summary for summary in self.index.articles()}
        assert summaries.keys() == self.model.articles.keys()
        for source, article in self.model.articles.items():
            assert is_same(self.index.article(source), article)
            assert summaries[source].title == article.title
            assert summaries[source].characters == len(article.text)
        status = self.index.status()
        assert status.articles == len(self.model.articles)
        assert status.texts == len({a.text for a in self.model.articles.values()})
        assert {f.source: f.reason for f in status.failures} == self.model.failures
        assert status.languages == Counter(a.language for a in self.model.articles.values())
        assert sum(not s.copy for s in summaries.values()) == status.texts

    @invariant()
    def finds_every_text_and_no_other(self) -> None:
        hits = self.index.search("Berge und Wale", k=50)
        assert len({hit.passage.id for hit in hits}) == len(hits)
        found = []
        for hit in hits:
            for owner in (hit.passage.article, *hit.also_in):
                found.append(owner.source)
                assert is_same(owner, self.model.articles[owner.source])
                assert are_copies(owner.text, hit.passage.article.text, owner.language)
        assert sorted(found) == sorted(self.model.articles)

    @invariant()
    def filters_as_it_should(self) -> None:
        for filters in (Filters(languages=("en",)), Filters(since=date(2024, 1, 1))):
            passing = {
                source
                for source, article in self.model.articles.items()
                if (not filters.languages or article.language in filters.languages)
                and (not filters.since or (article.published or date.min) >= filters.since)
            }
            found = {
                owner.source
                for hit in self.index.search("Berge", k=50, filters=filters)
                for owner in (hit.passage.article, *hit.also_in)
            }
            assert found == passing

    def teardown(self) -> None:
        assert self.index.verify().damage == ()
        self.index.close()
        self.folder.cleanup()


def is_same(one: Article, other: Article) -> bool:
    """Equal but for the time at which they were fetched."""
    return replace(one, fetched=other.fetched) == other


StoreAgreesWithDict.TestCase.settings = settings(
    max_examples=25, stateful_step_count=12, deadline=None
)
TestStoreAgreesWithDict = StoreAgreesWithDict.TestCase
