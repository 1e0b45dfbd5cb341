"""Questions with what the product sees of them: the cases that what it shows is fitted on.

They come from three corpora, none of whose questions the reader was trained on: clusters of
invented news, paragraphs of the reader's data that its training holds back, among others of their
kind, and the examples.
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
from training.reader_sources import Paragraph

CLUSTERS = "clusters"
"""The corpus of the clusters of our own."""

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

OWN_DATA = Path(__file__).resolve().parent / "data"


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


def paragraph_cases(reader: Reader | None) -> Iterator[Case]:
    """The questions that the reader's training holds back, over paragraphs of all its sources."""
    tokenizer = Tokenizer.from_file(str(resolve().path / "tokenizer.json"))
    data = ReaderData([data_file("reader"), OWN_DATA], tokenizer, seed=1)
    held_back = [number for number in data.held_back if data.source(number) != READ_CLUSTERS]
    asked_of = {data.questions[number].paragraph for number in held_back}
    with _paragraphs_index(data, asked_of) as index:
        for number in held_back:
            question = data.questions[number]
            paragraph = data.paragraphs[question.paragraph]
            text = hashlib.sha256(paragraph.context.encode("utf-8")).hexdigest()
            places = () if question.answer is None else ((Place(text, *question.answer),),)
            group = f"{paragraph.source}:{paragraph.group}"
            yield case(index, question.text, group, paragraph.source, places, reader)
            if paragraph.source in ALL_ANSWERED:
                without = frozenset([text])
                yield case(index, question.text, group, paragraph.source, (), reader, without)


def _paragraphs_index(data: ReaderData, asked_of: set[int]) -> Index:
    """The paragraphs that are asked of, and others of their sources; built once and kept."""
    sources = {data.paragraphs[number].source for number in asked_of}
    chosen = set(asked_of)
    for source in sources:
        others = [n for n, p in enumerate(data.paragraphs) if p.source == source]
        chosen |= set(others[:: max(1, len(others) // BESIDE)])
    return kept_index("fit", [_article(data.paragraphs[number]) for number in sorted(chosen)])


def _article(paragraph: Paragraph) -> Article:
    return make_article(
        paragraph.context,
        source=f"{paragraph.source}:{hashlib.sha256(paragraph.context.encode()).hexdigest()[:16]}",
        language=paragraph.lang,
        title=paragraph.title,
    )


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
