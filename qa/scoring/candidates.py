"""The sentences of the best passages, each with the features by which it is judged.

A sentence rarely repeats what its article's title says: "das Startup" stands for the company. So
the question is compared with it twice, once whole and once without the names that the passage and
its title already give, and its context counts beside its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from index import TERM_SHARE_CAP, Hit, Snapshot, Span
from index.text.analysis import terms
from qa.answer_types import QUANTITIES
from qa.question.analyse import Question
from qa.reading.base import Reader
from qa.reading.spans import Reading, SpanScore
from qa.values.find import Value, find_values
from qa.values.names import find_names

AROUND = 30
"""Characters beside a value that a span of the reader may take in with it: "312 von 588 Stimmen"
is read where the value is "312"."""

REMEMBERED = 4_096
"""Sentences whose values and terms are kept: one question often follows another on the same
articles, and finding the values is a third of an answer."""

READ_FEATURES = frozenset({"reader", "reader_below_best", "reader_says_asked"})
"""What a sentence has by a reader alone."""

UNTOLD = 0.5
"""The coverage where a question in another language has no name and no number to look for: anything
from .25 to 1 gives the same answers, 0 loses one in twenty (``bench.sweep``)."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One sentence; ``span`` is its place in the article's text.

    ``reading`` is the reader's of its passage, where there is a reader; the sentence begins at
    ``reading_start`` of the text that was read. ``again`` has the margins of the values, by where
    they start, that were read again without the likeliest one: see ``qa.scoring.again``.
    """

    hit: Hit
    position: int
    span: Span
    values: tuple[Value, ...]
    features: Mapping[str, float] = field(default_factory=dict)
    reading: Reading | None = None
    reading_start: int = 0
    again: Mapping[int, float] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        return self.span.of(self.hit.passage.article.text)

    def read(self, start: int = 0, end: int | None = None) -> SpanScore | None:
        """The reader's best span inside ``text[start:end]``, counted from the sentence's start."""
        if self.reading is None:
            return None
        end = len(self.text) if end is None else end
        at = self.reading_start
        best = self.reading.best_within(at + start, at + end)
        return None if best is None else replace(best, start=best.start - at, end=best.end - at)

    def readings(self, limit: int) -> list[SpanScore]:
        """The reader's best spans of the sentence, counted from its start; at most ``limit``."""
        if self.reading is None:
            return []
        at = self.reading_start
        found = self.reading.spans_within(at, at + len(self.text), limit)
        return [replace(span, start=span.start - at, end=span.end - at) for span in found]

    def room_around(self, value: Value) -> tuple[int, int]:
        """Where a span of the reader at a value may reach from and to: it takes in no other."""
        others = [other for other in self.values if other is not value]
        low = max((o.end for o in others if o.end <= value.start), default=0)
        high = min((o.start for o in others if o.start >= value.end), default=len(self.text))
        return max(low, value.start - AROUND), min(high, value.end + AROUND)

    def best_around(self, start: int, end: int, low: int, high: int) -> SpanScore | None:
        """The reader's best span in ``text[start:end]``, or around it within ``low..high``."""
        if self.reading is None:
            return None
        at = self.reading_start
        best = self.reading.best_around(at + start, at + end, at + low, at + high)
        return None if best is None else replace(best, start=best.start - at, end=best.end - at)


def read_passages(question: Question, hits: Iterable[Hit], reader: Reader) -> dict[str, Reading]:
    """What the reader sees in each passage, by the text that it read, each text once."""
    texts = list(dict.fromkeys(text_read(hit) for hit in hits))
    return dict(zip(texts, reader.read(question.text, texts), strict=True))


def candidate_sentences(
    question: Question,
    hits: Sequence[Hit],
    snapshot: Snapshot,
    readings: Mapping[str, Reading] | None = None,
) -> list[Candidate]:
    """All sentences of ``hits`` with their features, in the order of the hits.

    ``readings`` are those of ``read_passages``; None where there is no reader.
    """
    if not hits:
        return []
    asked = _QuestionFeatures.of(question, snapshot)
    candidates = _compared(asked, hits, snapshot)
    return candidates if readings is None else _with_readings(asked, candidates, readings)


def _compared(asked: _QuestionFeatures, hits: Sequence[Hit], snapshot: Snapshot) -> list[Candidate]:
    """The sentences with the features that need no reader."""
    residuals = [asked.without_known_names(hit) for hit in hits]
    texts = list(dict.fromkeys([asked.question.text, *residuals]))
    cosines = snapshot.sentence_cosines(
        [hit.passage for hit in hits], snapshot.embed_queries(texts)
    )
    whole = [found[0] for found in cosines]
    rest = [found[texts.index(text)] for found, text in zip(cosines, residuals, strict=True)]
    best = (max(float(s.max()) for s in whole), max(float(s.max()) for s in rest))
    return [
        candidate
        for hit, hit_whole, hit_rest in zip(hits, whole, rest, strict=True)
        for candidate in _of_passage(asked, hit, hits[0], hit_whole, hit_rest, best)
    ]


def _with_readings(
    asked: _QuestionFeatures, candidates: Sequence[Candidate], readings: Mapping[str, Reading]
) -> list[Candidate]:
    """The sentences with the reader's features."""
    read = []
    for candidate in candidates:
        hit = candidate.hit
        start = len(_head(hit)) + candidate.span.start - hit.passage.start
        read.append(replace(candidate, reading=readings[text_read(hit)], reading_start=start))
    spans = [candidate.read() for candidate in read]
    best = max(reader_margin(span) for span in spans)
    return [
        replace(
            candidate,
            features={
                **candidate.features,
                "reader": reader_margin(span),
                "reader_below_best": reader_margin(span) - best,
                "reader_says_asked": _share_asked(asked, candidate, span),
            },
        )
        for candidate, span in zip(read, spans, strict=True)
    ]


def _share_asked(asked: _QuestionFeatures, candidate: Candidate, span: SpanScore | None) -> float:
    """The share of a span's terms that the question itself holds: "Wang" is no answer to Wang."""
    if span is None:
        return 0.0
    said = _terms_of(candidate.hit, candidate.text[span.start : span.end])
    return len(said & asked.all_terms) / len(said) if said else 0.0


def text_read(hit: Hit) -> str:
    """The passage below its title."""
    return _head(hit) + hit.passage.text


def _head(hit: Hit) -> str:
    """The title that is read before a passage, so that "das Startup" has a name."""
    title = hit.passage.article.title
    return f"{title}\n" if title and not hit.passage.text.startswith(title) else ""


NO_MARGIN = -20.0


def reader_margin(span: SpanScore | None) -> float:
    """How far a span is above "no answer here", within -20..20; -20 where there is no span."""
    return NO_MARGIN if span is None else max(NO_MARGIN, min(-NO_MARGIN, span.margin))


@dataclass(frozen=True, slots=True)
class _QuestionFeatures:
    """What the features need of the question."""

    question: Question
    all_terms: frozenset[str]
    terms: frozenset[str]  # of its content words
    names: tuple[tuple[int, int, frozenset[str]], ...]  # (start, end, terms)
    idf: Mapping[str, float]
    equivalents: Mapping[str, Mapping[str, float]]  # compounds that hold a term, with weights

    @classmethod
    def of(cls, question: Question, snapshot: Snapshot) -> _QuestionFeatures:
        content = " ".join(question.terms) or question.text
        own = frozenset(terms(content, question.language))
        names = tuple(
            (name.start, name.end, frozenset(terms(name.of(question.text), question.language)))
            for name in find_names(question.text, question.language)
        )
        everything = frozenset(terms(question.text, question.language))
        idf, equivalents = snapshot.idf(own), snapshot.expand(own, question.language)
        return cls(question, everything, own, names, idf, equivalents)

    def without_known_names(self, hit: Hit) -> str:
        """The question without the names that the passage or its title holds."""
        known = _terms_of(hit, hit.passage.text) | _terms_of(hit, hit.passage.article.title)
        text = self.question.text
        for start, end, name in reversed(self.names):
            if name and name <= known:
                text = text[:start] + text[end:]
        return " ".join(text.split())

    @property
    def name_terms(self) -> frozenset[str]:
        return frozenset(term for _, _, name in self.names for term in name) & self.terms

    def coverage(self, found: frozenset[str], language: str) -> float:
        """The share of the question's terms in ``found``, weighted by their idf; 0..1.

        In a text of another language only names and numbers can be the question's: they count
        alone there, and ``UNTOLD`` where there are none.
        """
        if language == self.question.language:
            return self._share(self.terms, found, 0.0)
        numbers = frozenset(term for term in self.terms if term[0].isdecimal())
        return self._share(self.name_terms | numbers, found, UNTOLD)

    def name_coverage(self, found: frozenset[str]) -> float:
        """The same for the terms of the question's names alone; 1 where it names nothing."""
        return self._share(self.name_terms, found, 1.0)

    def _share(self, wanted: frozenset[str], found: frozenset[str], otherwise: float) -> float:
        total = sum(self.idf[term] for term in wanted)
        said = sum(self.idf[term] * self._presence(term, found) for term in wanted)
        return said / total if total else otherwise

    def _presence(self, term: str, found: frozenset[str]) -> float:
        """1 where a term is found, the weight of its best equivalent where one is, else 0."""
        if term in found:
            return 1.0
        return max(
            (w for other, w in self.equivalents[term].items() if other in found), default=0.0
        )


def _of_passage(
    asked: _QuestionFeatures,
    hit: Hit,
    first: Hit,
    whole: NDArray[np.float32],
    rest: NDArray[np.float32],
    best: tuple[float, float],
) -> list[Candidate]:
    passage = hit.passage
    language = passage.article.language
    texts = [span.of(passage.article.text) for span in passage.sentences]
    own = [_terms_of(hit, text) for text in texts]
    title = _terms_of(hit, passage.article.title)
    everything = title.union(*own)
    found = []
    for i, span in enumerate(passage.sentences):
        near = title.union(*own[max(0, i - 1) : i + 2])
        values = _values_of(texts[i], language)
        features = {
            "similarity": float(whole[i]),
            "similarity_below_best": float(whole[i]) - best[0],
            "rest_similarity": float(rest[i]),
            "rest_similarity_below_best": float(rest[i]) - best[1],
            "coverage": asked.coverage(own[i], language),
            "near_coverage": asked.coverage(near, language),
            "passage_coverage": asked.coverage(everything, language),
            "name_coverage": asked.name_coverage(own[i]),
            "passage_name_coverage": asked.name_coverage(everything),
            "holds_kind": _holds_kind(asked, texts[i], values, language),
            "dense": hit.cosine,
            "term_share": min(hit.term_share, TERM_SHARE_CAP),
            "passage_below_first": hit.score - first.score,
            "first_passage": float(hit.rank == first.rank),
            "first_sentence": float(i == 0),
            "length": min(len(texts[i]), 600) / 100.0,
            "question_mark": float(texts[i].rstrip('"”“» ').endswith("?")),
        }
        found.append(Candidate(hit, i, span, values, features))
    return found


def _holds_kind(
    asked: _QuestionFeatures, text: str, values: Sequence[Value], language: str
) -> float:
    """How likely it is that the kind asked for is one that the sentence holds."""
    question = asked.question
    value = max(
        (question.chance(value.kind) for value in values if not asked_itself(value, question)),
        default=0.0,
    )
    name = 1.0 if _names_beside(asked.all_terms, text, language) else 0.5
    return value + name * question.chance_of_text


def asked_itself(value: Value, question: Question) -> bool:
    """Whether the question names a value itself, which is no answer then."""
    named = rf"(?<![\w.,]){re.escape(value.text)}(?!\w|[.,]\d)"
    return re.search(named, question.text, re.IGNORECASE) is not None


_DIFFERENCE = re.compile(
    r"\s*(?:mehr|weniger|höher|niedriger|größer|kleiner|teurer|billiger|more|less|fewer|higher|lower|"
    r"larger|smaller)\b",
    re.IGNORECASE,
)


def is_difference(value: Value, text: str) -> bool:
    """Whether a value says by how much something differs: "eine halbe Milliarde mehr"."""
    return value.kind in QUANTITIES and _DIFFERENCE.match(text, value.end) is not None


def new_names(question: Question, text: str, language: str) -> list[Span]:
    """The names in a sentence that the question does not hold itself."""
    return _names_beside(frozenset(terms(question.text, question.language)), text, language)


def _names_beside(said: frozenset[str], text: str, language: str) -> list[Span]:
    return [
        Span(name.start, name.end)
        for name in find_names(text, language)
        if not name.weak and not frozenset(terms(name.of(text), language)) <= said
    ]


def _terms_of(hit: Hit, text: str) -> frozenset[str]:
    return _terms_in(text, hit.passage.article.language)


@lru_cache(maxsize=REMEMBERED)
def _terms_in(text: str, language: str) -> frozenset[str]:
    return frozenset(terms(text, language))


@lru_cache(maxsize=REMEMBERED)
def _values_of(text: str, language: str) -> tuple[Value, ...]:
    return find_values(text, language)
