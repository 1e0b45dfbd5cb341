"""A question in, a cited answer out. Reads from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain

from index import Filters, Hit, Index, Snapshot, UsageError, renumbered, spread, translation
from index.translation import numeral, speaking
from qa.answer_types import NAMES, Kind
from qa.citations import CITED_SENTENCES, in_words, present
from qa.question.analyse import Question, understand
from qa.reading.base import Reader, load_reader
from qa.records import Answer, TimeLimit
from qa.retrieval.rerank import load_reranker
from qa.retrieval.search import Attempt, Retrieval, choose
from qa.scoring.candidates import Candidate, candidate_sentences, read_passages
from qa.scoring.extract import (
    Extract,
    Scored,
    name_extract,
    sentence_extract,
    span_extract,
    value_extracts,
)
from qa.scoring.logistic import Scorer, load_scorer

DEFAULT_READER = "default"

MAXIMUM_QUESTION = 2_000
"""Characters."""

READ_PASSAGES = 5
"""Passages whose sentences are judged at most: the right one is among them for .987 of the German
questions."""

READ_AT_LEAST = 2
READ_WITHIN = 0.12
"""How far a passage's score may lie behind the first one's. On German and English questions no
right passage among the first five lies further behind, and three are read instead of five."""

READ_OF_ARTICLE = 2

SPAN_SENTENCES_WITHIN = 0.5
"""The share of the best sentence's probability that another sentence needs to give a view too:
between .25 and 1 the views' F1 changes by .015 (``bench.sweep``)."""


def ask(  # noqa: PLR0913  # its options have names and defaults
    question: str,
    index: Index,
    *,
    k: int = 8,
    filters: Filters | None = None,
    today: date | None = None,
    use_time_limit: bool = True,
    reader: str | None = DEFAULT_READER,
    reranker: str | None = None,
    recent: bool | float = False,
) -> Answer:
    """Answer ``question`` from the articles of ``index``, with citations.

    ``k`` is how many passages the answer lists. A time in the question limits the date of
    publication, unless ``use_time_limit`` is False: a relative one ("letzte Woche") in any case, a
    fixed one ("2014") where the question asks for reports, or where articles of that time answer as
    well as all do, since it may be that of an event told of much later. The answer's ``time_limit``
    says whether it was applied. ``reader`` is "default", None for none, or an extractive
    question-answering model: a folder or a name on the hub. ``reranker`` names a cross-encoder in
    the same way, which orders the 20 best passages before they are read. ``recent`` prefers newer
    articles a little: True, or the days in which newness loses half its worth.

    Every citation's quote was compared with the stored text. Raises UsageError for a question that
    is empty or longer than 2,000 characters.
    """
    timings: dict[str, float] = {}
    with _timed(timings, "understand"):
        understood = understand(_checked(question), today=today or date.today())
    asked_limit = understood.limit if use_time_limit else None
    with index.snapshot() as snapshot:
        with _timed(timings, "search"):
            retrieval = Retrieval(
                snapshot,
                2 * max(k, READ_PASSAGES),
                filters or Filters(),
                recent,
                None if reranker is None else load_reranker(reranker),
            )
            attempts = retrieval.attempts(understood, asked_limit)
        with _timed(timings, "judge"):
            scorer = load_scorer("plain" if reader is None else "reader")
            judged = _judged(understood, attempts, snapshot, _reader(reader), scorer)
    timings["total"] = sum(timings.values())
    chosen = choose([verdict.confidence for verdict in judged], scorer.threshold)
    return _answer(understood, attempts, chosen, judged[chosen], k, scorer.threshold, timings)


def _answer(
    question: Question,
    attempts: Sequence[Attempt],
    chosen: int,
    verdict: _Verdict,
    k: int,
    threshold: float,
    timings: dict[str, float],
) -> Answer:
    """The answer that a verdict allows; below the ``threshold`` the nearest passages alone."""
    found = verdict.confidence >= threshold and bool(verdict.extracts)
    citations, views = present(verdict.ranked, verdict.extracts) if found else ((), ())
    return Answer(
        question=question.text,
        language=question.language,
        kind=str(question.kind),
        found=found and bool(citations),
        answer=in_words(views) if views else _not_found(question.language),
        confidence=verdict.confidence,
        views=views,
        citations=citations,
        passages=tuple(_listed(attempts[chosen].hits, k)),
        time_limit=_time_limit(attempts, chosen),
        timings_ms=timings,
    )


def _not_found(language: str) -> str:
    """In the question's language: it is part of the answer."""
    with speaking(language):
        return translation.text("The articles do not answer this.")


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The sentences of some passages and what in them may be the answer, both the likeliest first,
    and the confidence in it."""

    ranked: Sequence[Scored]
    extracts: Sequence[Extract]
    confidence: float


def _judged(
    question: Question,
    attempts: Sequence[Attempt],
    snapshot: Snapshot,
    reader: Reader | None,
    scorer: Scorer,
) -> list[_Verdict]:
    """A verdict on each attempt; a passage that is in both is read once."""
    read = [to_read(attempt.hits) for attempt in attempts]
    readings = None
    if reader is not None:
        readings = read_passages(question, chain.from_iterable(read), reader)
    return [
        _verdict(question, candidate_sentences(question, hits, snapshot, readings), scorer)
        for hits in read
    ]


def _verdict(question: Question, candidates: Sequence[Candidate], scorer: Scorer) -> _Verdict:
    ranked = rank_sentences(candidates, scorer)
    extracts = extract(question, ranked, scorer)
    return _Verdict(ranked, extracts, confidence_of(ranked, extracts, scorer))


def _time_limit(attempts: Sequence[Attempt], chosen: int) -> TimeLimit | None:
    """The question's limit of time, with whether the answer keeps to it; None where it has none."""
    limit = attempts[0].limit
    if limit is None:
        return None
    applied = attempts[chosen].limit is not None
    return TimeLimit(limit.phrase, limit.since, limit.until, applied)


@cache
def _reader(name: str | None) -> Reader | None:
    return None if name is None else load_reader(name)


def _checked(question: str) -> str:
    # A lone surrogate, as a terminal gives for a broken byte, is no character.
    text = " ".join(question.encode("utf-8", "replace").decode("utf-8").split())
    if not text:
        raise UsageError(
            translation.text("The question is empty. Write one, such as: Wer gründete Scale AI?")
        )
    if len(text) > MAXIMUM_QUESTION:
        raise UsageError(
            translation.text(
                "The question has {characters} characters; {most} are the most. Shorten it.",
                characters=numeral(len(text)),
                most=numeral(MAXIMUM_QUESTION),
            )
        )
    if not any(character.isalnum() for character in text):
        raise UsageError(
            translation.text(
                "The question holds no word and no number, so there is nothing to look for. "
                "Write one, such as: Wer gründete Scale AI?"
            )
        )
    return text


def to_read(hits: Sequence[Hit]) -> list[Hit]:
    """The passages whose sentences are judged: the best, not too many of one article.

    Where sources differ, the third passage of one tells less than the first of another. What lies
    far behind the first is not read, but for the second.
    """
    chosen = spread(hits[: 2 * READ_PASSAGES], READ_PASSAGES, READ_OF_ARTICLE)
    return [
        hit
        for place, hit in enumerate(chosen)
        if place < READ_AT_LEAST or hit.score >= chosen[0].score - READ_WITHIN
    ]


def _listed(hits: Sequence[Hit], k: int) -> list[Hit]:
    """The ``k`` passages that the answer lists: those read, then by the same rule the next."""
    chosen = [*to_read(hits), *spread(hits, k, READ_OF_ARTICLE)]
    first = list({hit.rank: hit for hit in chosen}.values())[:k]
    return renumbered(sorted(first, key=lambda hit: hit.rank))


def rank_sentences(candidates: Sequence[Candidate], scorer: Scorer) -> list[Scored]:
    """The sentences with their logits, the likeliest first."""
    scored = [Scored(c, scorer.sentence.logit(c.features)) for c in candidates]
    return sorted(scored, key=lambda entry: -entry.logit)


def extract(question: Question, ranked: Sequence[Scored], scorer: Scorer) -> list[Extract]:
    """What may be the answer, the likeliest first: values, a name, or whole sentences."""
    if not ranked:
        return []
    if question.wants_value:
        values = value_extracts(question, ranked, scorer.value)
        if values:
            return values
    best = [
        s
        for s in ranked[:CITED_SENTENCES]
        if s.probability >= SPAN_SENTENCES_WITHIN * ranked[0].probability
    ]
    spans = [_short_extract(question, scored) for scored in best]
    return [span for span in spans if span] or [sentence_extract(best[0])]


def _short_extract(question: Question, scored: Scored) -> Extract | None:
    """The answer inside a sentence; None where the sentence as a whole is the answer."""
    if question.kind in (Kind.REASON, Kind.DEFINITION, Kind.YES_NO):
        return None
    if scored.candidate.reading is not None:
        return span_extract(scored)
    return name_extract(question, scored) if question.kind in NAMES else None


def confidence_of(ranked: Sequence[Scored], extracts: Sequence[Extract], scorer: Scorer) -> float:
    """The probability that the articles answer the question with this sentence."""
    if not ranked or not extracts:
        return 0.0
    return scorer.found.probability(found_features(ranked, extracts))


def found_features(ranked: Sequence[Scored], extracts: Sequence[Extract]) -> dict[str, float]:
    """What tells an answer from the nearest thing there is."""
    best = extracts[0].scored.candidate.features
    reader = {name: best[name] for name in ("reader",) if name in best}
    return reader | {
        "sentence": extracts[0].scored.logit,
        "value": extracts[0].probability,
        "best_sentence": ranked[0].logit,
        "coverage": best["near_coverage"],
        "passage_coverage": best["passage_coverage"],
        "passage_name_coverage": best["passage_name_coverage"],
        "dense": best["dense"],
        "similarity": best["similarity"],
    }


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = 1000.0 * (time.perf_counter() - start)
