"""Development questions with what the product sees of them: the cases the scorer is fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from corpora.data import xquad
from corpora.examples import EXAMPLES, example_questions, judging_questions
from corpora.indexes import open_corpus
from index import Article, Hit, Index, read_sources
from qa.answer import to_read
from qa.question.analyse import Question, understand
from qa.reading.base import Reader
from qa.reading.spans import Reading
from qa.scoring.candidates import Candidate, candidate_sentences, read_passages
from qa.values.find import Value

HELD_BACK_DEPTH = 60
"""Passages searched, so that five remain when a whole article's are held back."""

TODAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer stands: a text, by its checksum, and a range in it."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Case:
    """One asking of one question; ``places`` are its answers', empty where nothing answers it."""

    question: Question
    group: str
    places: tuple[Place, ...]
    candidates: list[Candidate]
    answerable: bool

    def holds(self, candidate: Candidate) -> bool:
        """Whether a sentence holds an answer at its own place."""
        return any(
            candidate.span.start <= place.start and place.end <= candidate.span.end
            for place in self._in_text_of(candidate)
        )

    def is_value(self, candidate: Candidate, value: Value) -> bool:
        """Whether a value overlaps an answer."""
        start, end = candidate.span.start + value.start, candidate.span.start + value.end
        return any(start < place.end and place.start < end for place in self._in_text_of(candidate))

    def _in_text_of(self, candidate: Candidate) -> Iterator[Place]:
        text = candidate.hit.passage.article.sha256
        return (place for place in self.places if place.text == text)


class Memory:
    """A reader that reads the same passage for the same question once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._question = ""
        self._known: dict[str, Reading] = {}

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        if question != self._question:
            self._question, self._known = question, {}
        new = [passage for passage in passages if passage not in self._known]
        self._known.update(zip(new, self._reader.read(question, new), strict=True))
        return [self._known[passage] for passage in passages]


def xquad_cases(language: str, asked: str, reader: Reader | None, *, every: int = 1) -> list[Case]:
    """XQuAD-R's questions in ``asked`` over its paragraphs in ``language`` and the distractors.

    Of the questions every n-th is taken. Each is asked three times: as it is, without its
    paragraph, and without its whole article.
    """
    memory = Memory(reader) if reader else None
    found = []
    questions = {q.id: q.text for p in xquad(asked) for q in p.questions}
    paragraphs = xquad(language)
    texts = {p.name: sha256(p.text.encode("utf-8")).hexdigest() for p in paragraphs}
    number = -1
    with open_corpus(language) as index:
        for paragraph in paragraphs:
            text = texts[paragraph.name]
            article = frozenset(texts[p.name] for p in paragraphs if p.article == paragraph.article)
            for gold in paragraph.questions:
                number += 1
                if number % every:
                    continue
                found += _askings(
                    index,
                    understand(questions[gold.id], today=TODAY, language=asked),
                    paragraph.article,
                    (Place(text, gold.start, gold.end),),
                    (frozenset([text]), article),
                    memory,
                )
    return found


def example_cases(folder: Path, reader: Reader | None) -> list[Case]:
    """The examples' questions to fit on, each also without the articles that answer it."""
    memory = Memory(reader) if reader else None
    found = []
    with Index.open(folder) as index:
        index.add([EXAMPLES / "articles"])
        for entry in example_questions():
            if entry["question"] in judging_questions():
                continue
            answering = {a.sha256: a for name in entry["articles"] for a in _articles_in(name)}
            places = tuple(
                place for a in answering.values() for place in _places(a, entry["answers"])
            )
            question = understand(entry["question"], today=TODAY)
            group = "examples:" + (entry["articles"] or [entry["question"]])[0]
            if places:
                found += _askings(index, question, group, places, (frozenset(answering),), memory)
            else:
                hits = index.search(question.text, k=HELD_BACK_DEPTH, language=question.language)
                found.append(_case(index, question, group, (), hits, memory))
    return found


def _askings(
    index: Index,
    question: Question,
    group: str,
    places: tuple[Place, ...],
    held_back: Sequence[frozenset[str]],
    reader: Reader | None,
) -> list[Case]:
    """The question as it is, then once for each set of texts that is held back."""
    hits = index.search(question.text, k=HELD_BACK_DEPTH, language=question.language)
    found = [_case(index, question, group, places, hits, reader)]
    for texts in held_back:
        rest = [hit for hit in hits if hit.passage.article.sha256 not in texts]
        found.append(_case(index, question, group, (), rest, reader))
    return found


def _case(
    index: Index,
    question: Question,
    group: str,
    places: tuple[Place, ...],
    hits: Sequence[Hit],
    reader: Reader | None,
) -> Case:
    with index.snapshot() as snapshot:
        read = to_read(hits)
        readings = None if reader is None else read_passages(question, read, reader)
        candidates = candidate_sentences(question, read, snapshot, readings)
    return Case(question, group, places, candidates, bool(places))


def _articles_in(name: str) -> list[Article]:
    """The articles of a file of the examples; ``name`` may go on with "#" and a row's id."""
    path = EXAMPLES / "articles" / name.partition("#")[0]
    return [a for a in read_sources([path]) if isinstance(a, Article)]


def _places(article: Article, answers: Sequence[str]) -> Iterator[Place]:
    text = article.text.replace("\u00a0", " ")
    for answer in answers:
        at = text.find(answer.replace("\u00a0", " "))
        while at >= 0:
            yield Place(article.sha256, at, at + len(answer))
            at = text.find(answer.replace("\u00a0", " "), at + 1)
