"""Questions with what the product sees of them: the cases that what it shows is fitted on.

They come from four corpora, none of whose questions the reader was trained on: clusters of
invented news, paragraphs of the reader's data that its training holds back, paragraphs that are
asked of in another language, both among others of their kind, and the examples.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tokenizers import Tokenizer

from corpora.clusters import articles_of, own_clusters
from corpora.examples import EXAMPLES, example_questions, judging_questions
from corpora.folder import data_file
from corpora.indexes import kept_index
from index import Article, Hit, Index, make_article, read_sources
from index.encoder.models import resolve
from qa.answer import asked, to_read
from qa.evaluation.gold import Place
from qa.question.analyse import Question
from qa.reading.base import Reader
from qa.scoring.again import read_again
from qa.scoring.candidates import Candidate, candidate_sentences, read_passages
from qa.scoring.claims import Claim
from training.reader_data import ReaderData
from training.reader_sources import CLUSTERS as READ_CLUSTERS
from training.reader_sources import Paragraph, read_rows

CLUSTERS = "clusters"
"""The corpus of the clusters of our own."""

ACROSS = "across"
"""That of questions in one language on paragraphs of another; the folder of this name has them."""

DEPTH = 16
"""Passages that are searched for a question, as many as ``qa.ask`` searches."""

HELD_BACK_DEPTH = 60
"""The same where the answering articles' are held back."""

BESIDE = 500
"""Paragraphs of a source that stand in the corpus beside those that are asked of."""

ALL_ANSWERED = frozenset({"squad-part", "squadshifts-new-wiki", "norquad"})
"""Sources whose paragraphs answer all questions: these are asked without their paragraph too. Else
what is learnt from them is that there is always an answer."""

TODAY = date(2026, 1, 1)

OWN = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Case:
    """One asking of one question; ``views`` are its answers, each with its places."""

    question: Question
    group: str
    corpus: str
    views: tuple[tuple[Place, ...], ...]
    candidates: list[Candidate]

    @property
    def answerable(self) -> bool:
        return bool(self.views)

    def holds(self, candidate: Candidate) -> bool:
        """Whether a sentence holds an answer at its own place."""
        text = candidate.hit.passage.article.sha256
        return any(
            place.sha256 == text and candidate.span.start <= place.start < candidate.span.end
            for view in self.views
            for place in view
        )

    def view_of(self, claim: Claim) -> int | None:
        """The number of the view at whose place a claim stands; None where at none."""
        there = Place(claim.scored.candidate.hit.passage.article.sha256, *claim.place)
        return next(
            (
                number
                for number, view in enumerate(self.views)
                if any(there.coincides(place) for place in view)
            ),
            None,
        )

    def views_of(self, found: Sequence[Claim]) -> list[int | None]:
        """For each claim its view: by its place, or because it says what one at a place says."""
        by_place = [self.view_of(claim) for claim in found]
        said = {
            claim.key: view for claim, view in zip(found, by_place, strict=True) if view is not None
        }
        return [
            said.get(claim.key) if view is None else view
            for claim, view in zip(found, by_place, strict=True)
        ]


def cluster_cases(folder: Path, reader: Reader | None) -> Iterator[Case]:
    """The clusters of our own, all in one index; each question is asked of all of them."""
    found = own_clusters()
    texts = {article.source: article.sha256 for article in articles_of(found)}
    with Index.open(folder) as index:
        index.add_articles(articles_of(found))
        for cluster in found:
            for asked in cluster.questions:
                views = tuple(
                    tuple(Place(texts[place.source], place.start, place.end) for place in view)
                    for view in asked.views
                )
                yield case(index, asked.question, cluster.name, CLUSTERS, views, reader)


@dataclass(frozen=True, slots=True)
class _Asking:
    """A question on a paragraph; its answer is a place there, or None."""

    question: str
    answer: tuple[int, int] | None
    paragraph: Article
    group: str
    corpus: str

    @property
    def views(self) -> tuple[tuple[Place, ...], ...]:
        return () if self.answer is None else ((Place(self.paragraph.sha256, *self.answer),),)


def paragraph_cases(reader: Reader | None) -> Iterator[Case]:
    """Questions that no reader's training shows, over paragraphs of all its sources: those that it
    holds back, and those in one language on paragraphs of another."""
    tokenizer = Tokenizer.from_file(str(resolve().path / "tokenizer.json"))
    data = ReaderData([data_file("reader"), OWN / "data"], tokenizer, seed=1)
    askings = [*_held_back(data), *_across()]
    with _paragraphs_index(data, askings) as index:
        for asking in askings:
            told = index, asking.question, asking.group, asking.corpus
            yield case(*told, asking.views, reader)
            if asking.corpus in ALL_ANSWERED:
                yield case(*told, (), reader, frozenset([asking.paragraph.sha256]))


def _held_back(data: ReaderData) -> Iterator[_Asking]:
    for number in data.held_back:
        question = data.questions[number]
        paragraph = data.paragraphs[question.paragraph]
        source, group = paragraph.source, f"{paragraph.source}:{paragraph.group}"
        if source != READ_CLUSTERS:
            yield _Asking(question.text, question.answer, _article(paragraph), group, source)


def _across() -> Iterator[_Asking]:
    for _, rows in read_rows([OWN / ACROSS]):
        for row in rows:
            article = _as_article(row.context, ACROSS, row.lang, row.title)
            for question, answer, _ in row.asked:
                yield _Asking(question, answer, article, f"{ACROSS}:{row.group}", ACROSS)


def _paragraphs_index(data: ReaderData, askings: Sequence[_Asking]) -> Index:
    """The paragraphs that are asked of, and others of their sources; built once and kept."""
    asked_of = {asking.paragraph.source: asking.paragraph for asking in askings}
    for source in {asking.corpus for asking in askings}:
        others = [paragraph for paragraph in data.paragraphs if paragraph.source == source]
        beside = map(_article, others[:: max(1, len(others) // BESIDE)])
        asked_of |= {article.source: article for article in beside}
    return kept_index("fit", [asked_of[source] for source in sorted(asked_of)])


def _article(paragraph: Paragraph) -> Article:
    return _as_article(paragraph.context, paragraph.source, paragraph.lang, paragraph.title)


def _as_article(text: str, corpus: str, language: str, title: str) -> Article:
    name = hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
    return make_article(text, source=f"{corpus}:{name}", language=language, title=title)


def example_cases(folder: Path, reader: Reader | None) -> Iterator[Case]:
    """The examples' questions to fit on, each also without the articles that answer it."""
    with Index.open(folder) as index:
        index.add([EXAMPLES / "articles"])
        for entry in example_questions():
            if entry["question"] in judging_questions():
                continue
            answering = {a.sha256: a for name in entry["articles"] for a in _articles_in(name)}
            views = tuple(
                places
                for answer in entry["answers"]
                if (places := tuple(p for a in answering.values() for p in _places(a, answer)))
            )
            group = "examples:" + (entry["articles"] or [entry["question"]])[0]
            yield case(index, entry["question"], group, "examples", views, reader)
            if views:
                yield case(
                    index, entry["question"], group, "examples", (), reader, frozenset(answering)
                )


def case(
    index: Index,
    text: str,
    group: str,
    corpus: str,
    views: tuple[tuple[Place, ...], ...],
    reader: Reader | None,
    held_back: frozenset[str] = frozenset(),
) -> Case:
    """A question asked, as if there were no articles with the texts that are ``held_back``."""
    with index.snapshot() as snapshot:
        (question,) = asked([text], snapshot, TODAY)
        found: Iterable[Hit] = snapshot.search(
            text, k=HELD_BACK_DEPTH if held_back else DEPTH, language=question.language
        )
        read = to_read([hit for hit in found if hit.passage.article.sha256 not in held_back])
        readings = None if reader is None else read_passages(question, read, reader)
        candidates = candidate_sentences(question, read, snapshot, readings)
        if reader is not None:
            candidates = read_again(question, candidates, reader)
        return Case(question, group, corpus, views, candidates)


def _articles_in(name: str) -> list[Article]:
    """The articles of a file of the examples; ``name`` may go on with "#" and a row's id."""
    path = EXAMPLES / "articles" / name.partition("#")[0]
    return [a for a in read_sources([path]) if isinstance(a, Article)]


def _places(article: Article, answer: str) -> Iterator[Place]:
    text, wanted = article.text.replace("\u00a0", " "), answer.replace("\u00a0", " ")
    for found in re.finditer(rf"(?<!\w){re.escape(wanted)}(?!\w)", text):
        yield Place(article.sha256, *found.span())
