"""One answer beside what was expected of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index import ArticleNotFoundError, Filters, Hit, Index
from qa.evaluation import metrics
from qa.evaluation.gold import Gold, Place, contains
from qa.records import Answer, View
from qa.values.find import find_values, same_value

DEPTH = 10
"""Passages that the figures of the ranking look at."""

RELEVANT_AT_MOST = 100
"""Passages looked through for how many hold an answer, which nDCG is normalised by."""


@dataclass(frozen=True, slots=True)
class JudgedView:
    """A value that was shown, how sure it was, and whether it is one of those expected."""

    value: str
    probability: float
    right: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer beside what was expected of it; None where that was not to be judged.

    ``rank`` is the first right passage's among ``DEPTH``, 0 where none is; ``first`` and ``three``
    tell whether the first citation, or one of the first three, holds an answer. ``views`` are the
    values shown, where values are expected or nothing is; ``told`` says how many of the
    ``expected`` different ones are among them. ``kind`` is the file's word for what is asked for.
    ``wrong`` says whether the first value shown is one of those that must not be the answer.
    ``answerable`` is None where the file knows no more than those.
    """

    line: int
    question: str
    answerable: bool | None
    found: bool
    answer: str
    confidence: float
    rank: int | None
    ndcg: float | None
    first: bool | None
    three: bool | None
    value: bool | None
    f1: float | None
    citations: int
    true_citations: int
    milliseconds: float
    views: tuple[JudgedView, ...] | None = None
    told: int | None = None
    expected: int | None = None
    kind: str = ""
    wrong: bool | None = None


def judge(gold: Gold, answer: Answer, index: Index) -> Judged:
    """Compare an answer with what is expected; every citation is read in its article again, those
    of a refusal's nearest sentences too."""
    right_passages = [_is_right(gold, hit) for hit in answer.passages[:DEPTH]]
    texts = [_cited_text(index, citation.article_id) for citation in answer.citations]
    true = [
        _cited_text(index, c.article_id)[0][c.start : c.end] == c.quote
        for c in (*answer.citations, *answer.nearest)
    ]
    held = [
        gold.is_held_by(citation.quote, sha256)
        for citation, (_, sha256) in zip(answer.citations, texts, strict=True)
    ]
    said = answer.views[0].value if answer.views else ""
    which = [expected_of(view, answer, gold, texts) for view in answer.views]
    words, values = gold.names_words, bool(gold.values)
    return Judged(
        line=gold.line,
        question=answer.question,
        answerable=gold.answerable,
        found=answer.found,
        answer=answer.answer,
        confidence=answer.confidence,
        rank=_first(right_passages) if gold.is_expected else None,
        ndcg=_ndcg(gold, right_passages, answer, index) if gold.is_expected else None,
        first=held[:1] == [True] if words else None,
        three=any(held[:3]) if words else None,
        value=any(says(said, v, answer.language) for v in gold.values) if values else None,
        f1=max(_f1(said, v) for v in gold.values) if values else None,
        citations=len(true),
        true_citations=sum(true),
        milliseconds=answer.timings_ms["total"],
        views=tuple(
            JudgedView(view.value, view.probability, bool(of))
            for view, of in zip(answer.views, which, strict=True)
        )
        if values or gold.answerable is False
        else None,
        told=len(set().union(*which)) if gold.views else None,
        expected=len(gold.views) if gold.views else None,
        kind=gold.kind,
        wrong=any(_is_same(said, v, answer.language) for v in gold.wrong) if gold.wrong else None,
    )


def expected_of(
    view: View, answer: Answer, gold: Gold, texts: Sequence[tuple[str, str]]
) -> set[int]:
    """The numbers of the expected views that a shown one gives: at a place of theirs, or in words.

    Where only values are told, any of them is number 0.
    """
    if not gold.views:
        return (
            {0} if any(says(view.value, value, answer.language) for value in gold.values) else set()
        )
    shown = [
        Place(
            texts[entry.citation - 1][1],
            answer.citations[entry.citation - 1].start + entry.start,
            answer.citations[entry.citation - 1].start + entry.end,
        )
        for entry in view.evidence
    ]
    return {
        number
        for number, expected in enumerate(gold.views)
        if any(one.coincides(other) for one in shown for other in expected.places)
        or any(says(view.value, value, answer.language) for value in expected.values)
    }


def says(said: str, expected: str, language: str) -> bool:
    """Whether a value holds the expected one, in the same words or as the same quantity."""
    if contains(said, expected):
        return True
    wanted = find_values(expected, language)
    # A quantity with at most one word beside it: in "im Juni 2025 sank sie" more is expected.
    if len(wanted) != 1 or len(expected.split()) > len(wanted[0].text.split()) + 1:
        return False
    return any(same_value(value, wanted[0]) for value in find_values(said, language))


def _is_same(said: str, other: str, language: str) -> bool:
    """Whether neither value says more than the other: "5" is not "5 Millionen"."""
    return says(said, other, language) and says(other, said, language)


def _is_right(gold: Gold, hit: Hit) -> bool:
    return gold.is_held_by(hit.passage.text, hit.passage.article.sha256)


def _first(right: Sequence[bool]) -> int:
    return right.index(True) + 1 if True in right else 0


def _ndcg(gold: Gold, right: Sequence[bool], answer: Answer, index: Index) -> float:
    hits = index.search(
        answer.question,
        k=RELEVANT_AT_MOST,
        filters=Filters(article_ids=gold.article_ids),
        language=answer.language,
    )
    relevant = sum(_is_right(gold, hit) for hit in hits)
    return metrics.ndcg(right, max(1, relevant, sum(right)), DEPTH)


def _cited_text(index: Index, article_id: str) -> tuple[str, str]:
    """The stored text and its checksum; both empty where the article is gone."""
    try:
        article = index.article(article_id)
    except ArticleNotFoundError:
        return "", ""
    return article.text, article.sha256


def _f1(said: str, expected: str) -> float:
    return metrics.overlap_f1(metrics.words(said), metrics.words(expected))
