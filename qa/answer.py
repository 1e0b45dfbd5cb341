"""A question in, a cited answer out. Reads from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from index import Filters, Hit, Index, Snapshot, UsageError, renumbered, spread, translation
from index.text.analysis import detect
from index.translation import numeral, speaking
from qa.answer_types import Kind
from qa.citations import nearest, present
from qa.question.analyse import Question, understand, without_names
from qa.question.kinds import chances
from qa.reading.base import DEFAULT_READER, Reader, loading
from qa.records import Answer, Citation, TimeLimit
from qa.retrieval.rerank import load_reranker
from qa.retrieval.search import Attempt, Retrieval, choose
from qa.scoring.again import read_again
from qa.scoring.candidates import Candidate, candidate_sentences, read_passages
from qa.scoring.claims import Claim, Scored, judged, rank_sentences
from qa.scoring.logistic import Scorer, load_scorer
from qa.scoring.shown import NAMED_AT_LEAST, shown
from qa.views import grouped
from qa.wording import in_words, is_list

TOGETHER = 8
"""Questions whose vectors are made in one pass: with what each of them needs later, these are as
many as are remembered."""

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
    stage: Callable[[str], None] | None = None,
) -> Answer:
    """Answer ``question`` from the articles of ``index``, with citations.

    ``k`` is how many passages the answer lists. A time in the question limits the date of
    publication, unless ``use_time_limit`` is False: a relative one ("letzte Woche") in any case, a
    fixed one ("2014") where the question asks for reports, or where articles of that time answer as
    well as all do, since it may be that of an event told of much later. The answer's ``time_limit``
    says whether it was applied. ``reader`` is "default", None for none, or an extractive
    question-answering model: a folder or a name on the hub. ``reranker`` names a cross-encoder in
    the same way, which orders the 20 best passages before they are read. ``recent`` prefers newer
    articles a little: True, or the days in which newness loses half its worth. ``stage`` is called
    with "understand", "search" and "read" as they begin; an error that it raises ends the question.

    Every citation's quote was compared with the stored text. Raises UsageError for a question that
    is empty or longer than 2,000 characters.
    """
    options = _Options(k, filters, today, use_time_limit, reader, reranker, recent, stage)
    return _answers([question], index, options)[0]


def ask_many(  # noqa: PLR0913  # those of ``ask``
    questions: Iterable[str],
    index: Index,
    *,
    k: int = 8,
    filters: Filters | None = None,
    today: date | None = None,
    use_time_limit: bool = True,
    reader: str | None = DEFAULT_READER,
    reranker: str | None = None,
    recent: bool | float = False,
) -> list[Answer]:
    """Answer ``questions`` as ``ask`` does, all from one state of the articles.

    They are understood together, which costs less than one after another. Raises UsageError for a
    question that is empty or too long, before any is answered.
    """
    options = _Options(k, filters, today, use_time_limit, reader, reranker, recent)
    return _answers(questions, index, options)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of ``ask``."""

    k: int
    filters: Filters | None
    today: date | None
    use_time_limit: bool
    reader: str | None
    reranker: str | None
    recent: bool | float
    stage: Callable[[str], None] | None = None

    def begin(self, stage: str) -> None:
        if self.stage:
            self.stage(stage)


def _answers(questions: Iterable[str], index: Index, options: _Options) -> list[Answer]:
    texts = [_checked(question) for question in questions]
    answers: list[Answer] = []
    with index.snapshot() as snapshot:
        if snapshot.is_empty:
            return [_of_no_articles(text) for text in texts]
        loading(options.reader).begin()
        for first in range(0, len(texts), TOGETHER):
            some = texts[first : first + TOGETHER]
            timings: dict[str, float] = {}
            options.begin("understand")
            with _timed(timings, "understand"):
                understood = asked(some, snapshot, options.today or date.today())
            share = {name: spent / len(some) for name, spent in timings.items()}
            answers += [_answered(each, snapshot, options, dict(share)) for each in understood]
    return answers


def _answered(
    question: Question, snapshot: Snapshot, options: _Options, timings: dict[str, float]
) -> Answer:
    options.begin("search")
    with _timed(timings, "search"):
        retrieval = Retrieval(
            snapshot,
            2 * max(options.k, READ_PASSAGES),
            options.filters or Filters(),
            options.recent,
            None if options.reranker is None else load_reranker(options.reranker),
        )
        limit = question.limit if options.use_time_limit else None
        attempts = retrieval.attempts(question, limit)
    options.begin("read")
    with _timed(timings, "judge"):
        scorer = load_scorer("plain" if options.reader is None else "reader")
        reader = loading(options.reader).get()
        verdicts = _verdicts(question, attempts, snapshot, reader, scorer)
    timings["total"] = sum(timings.values())
    chosen = choose([verdict.confidence for verdict in verdicts], scorer.threshold)
    return _answer(question, attempts, chosen, verdicts[chosen], options.k, scorer, timings)


def _of_no_articles(question: str) -> Answer:
    timings: dict[str, float] = {}
    with _timed(timings, "total"):
        language = detect(question)
    with speaking(language):
        told = translation.text("There are no articles yet that could answer this.")
    return Answer(
        question, language, str(Kind.OTHER), False, told, confidence=0.0, timings_ms=timings
    )


def asked(texts: Sequence[str], snapshot: Snapshot, today: date) -> list[Question]:
    """Questions understood, each with what kind of answer it asks for."""
    questions = [understand(text, today=today) for text in texts]
    bare = [without_names(question.text, question.language) for question in questions]
    # The questions' own are looked for later, and made in one pass here.
    vectors = snapshot.embed_queries([*bare, *texts])
    return [
        replace(question, chances=chances(vector, snapshot.encoder))
        for question, vector in zip(questions, vectors, strict=False)
    ]


def _answer(
    question: Question,
    attempts: Sequence[Attempt],
    chosen: int,
    verdict: _Verdict,
    k: int,
    scorer: Scorer,
    timings: dict[str, float],
) -> Answer:
    """The answer that a verdict allows; below the threshold what comes nearest."""
    claims = shown(verdict.claims, scorer)
    citations, views = present(verdict.ranked, grouped(claims, question)) if claims else ((), ())
    near = () if citations else nearest(verdict.claims, NAMED_AT_LEAST)
    listed = is_list(views, citations)
    return Answer(
        question=question.text,
        language=question.language,
        kind=str(_kind(question, claims)),
        found=bool(citations),
        answer=in_words(views, citations, question.language, listed=listed)
        if views
        else _not_found(verdict.claims, near, question.language),
        confidence=views[0].probability if views else verdict.confidence,
        views=views,
        citations=citations,
        nearest=near,
        listed=listed,
        passages=tuple(_listed(attempts[chosen].hits, k)),
        time_limit=_time_limit(attempts, chosen),
        timings_ms=timings,
    )


def _kind(question: Question, claims: Sequence[Claim]) -> Kind:
    """Of what kind the answer is; without one, what is likely asked for."""
    if claims and claims[0].value is not None:
        return claims[0].value.kind
    return question.kind_of_text if claims else question.kind


def _not_found(claims: Sequence[Claim], near: Sequence[Citation], language: str) -> str:
    """In the question's language: it is part of the answer. It names what comes nearest."""
    with speaking(language):
        if not near:
            return translation.text("The articles do not answer this.")
        return translation.text(
            "The articles do not answer this. Nearest to it is “{said}” [1].",
            said=" ".join(claims[0].text.split()),
        )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The sentences of some passages and what they claim, both the likeliest first."""

    ranked: Sequence[Scored]
    claims: Sequence[Claim]

    @property
    def confidence(self) -> float:
        """The probability that the likeliest claim answers the question."""
        return self.claims[0].probability if self.claims else 0.0


def _verdicts(
    question: Question,
    attempts: Sequence[Attempt],
    snapshot: Snapshot,
    reader: Reader | None,
    scorer: Scorer,
) -> list[_Verdict]:
    """A verdict on each attempt; a passage that is in both is read once."""
    read = [to_read(attempt.hits) for attempt in attempts]
    if reader is None:
        found = [candidate_sentences(question, hits, snapshot) for hits in read]
    else:
        readings = read_passages(question, chain.from_iterable(read), reader)
        found = [
            read_again(question, candidate_sentences(question, hits, snapshot, readings), reader)
            for hits in read
        ]
    return [_verdict(question, candidates, scorer) for candidates in found]


def _verdict(question: Question, candidates: Sequence[Candidate], scorer: Scorer) -> _Verdict:
    ranked = rank_sentences(candidates, scorer.sentence)
    return _Verdict(ranked, judged(question, ranked, scorer.claim))


def _time_limit(attempts: Sequence[Attempt], chosen: int) -> TimeLimit | None:
    """The question's limit of time, with whether the answer keeps to it; None where it has none."""
    limit = attempts[0].limit
    if limit is None:
        return None
    applied = attempts[chosen].limit is not None
    return TimeLimit(limit.phrase, limit.since, limit.until, applied)


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


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = 1000.0 * (time.perf_counter() - start)
