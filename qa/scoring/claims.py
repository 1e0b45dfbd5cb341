"""What sentences claim: every span of them that may be the answer, with its own probability.

A claim is a value that may be of the kind asked for, or a span that the reader takes for an answer.
Each is judged by itself: by what the reader thinks of it beside the others, by its sentence, by its
kind, by the time it speaks of, and by who else says the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from index import Span, are_copies
from index.text.analysis import terms
from qa.answer_types import TIMES
from qa.question.analyse import Question
from qa.scoring.again import is_at_another_time
from qa.scoring.candidates import (
    NO_MARGIN,
    Candidate,
    asked_itself,
    is_difference,
    new_names,
    reader_margin,
)
from qa.scoring.logistic import LogisticModel, sigmoid
from qa.values.find import Value, normalized_key

SPANS_OF_SENTENCE = 2
"""Spans of the reader that are claims of a sentence, beside its values."""

MOST_LEAD = 10.0
"""How far before the others of its sentence a claim counts at most, in logits of the reader."""

LEAST_CHANCE = 0.005
"""A value of a kind that is less likely to be asked for is no claim."""

NEAR = 60
"""Characters around a span in which the question's words count for it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence with its logit: how likely it is to hold the answer."""

    candidate: Candidate
    logit: float

    @property
    def probability(self) -> float:
        return sigmoid(self.logit)


@dataclass(frozen=True, eq=False)
class Claim:
    """A span of a sentence that may answer the question; ``span`` counts within the sentence."""

    scored: Scored
    span: Span
    value: Value | None = None
    margin: float = 0.0
    features: Mapping[str, float] = field(default_factory=dict)
    probability: float = 0.0

    @property
    def text(self) -> str:
        return self.span.of(self.scored.candidate.text)

    @property
    def article_id(self) -> str:
        return self.scored.candidate.hit.passage.article.id

    @property
    def language(self) -> str:
        return self.scored.candidate.hit.passage.article.language

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in its article's text."""
        start = self.scored.candidate.span.start
        return start + self.span.start, start + self.span.end

    @property
    def is_former(self) -> bool:
        """Whether its own sentence replaces it: the 48 of "statt 48 nun 71"."""
        return self.value is not None and self.value.former

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The same for claims that say the same."""
        if self.value is not None:
            return normalized_key(self.value)
        # In their order: "2:1" is not "1:2".
        return ("text", *(terms(self.text, "und") or [self.text]))


def rank_sentences(candidates: Sequence[Candidate], model: LogisticModel) -> list[Scored]:
    """The sentences with their logits, the likeliest first."""
    scored = [Scored(c, model.logit(c.features)) for c in candidates]
    return sorted(scored, key=lambda entry: -entry.logit)


def judged(question: Question, ranked: Sequence[Scored], model: LogisticModel) -> list[Claim]:
    """The claims of some sentences with their probabilities, the likeliest first."""
    found = [
        replace(claim, probability=model.probability(claim.features))
        for claim in claims(question, ranked)
    ]
    return sorted(found, key=lambda claim: -claim.probability)


def claims(question: Question, ranked: Sequence[Scored]) -> list[Claim]:
    """The claims of some sentences with the features by which they are judged."""
    found = [claim for scored in ranked for claim in _claims_of(question, scored)]
    return _compared(question, ranked, found)


# --- what is claimed ----------------------------------------------------------------------------


def _claims_of(question: Question, scored: Scored) -> list[Claim]:
    candidate = scored.candidate
    values = [
        value
        for value in candidate.values
        if question.chance(value.kind) >= LEAST_CHANCE
        and not value.conversion
        and not asked_itself(value, question)
    ]
    found = [_value_claim(scored, value) for value in values]
    if candidate.reading is None:
        language = candidate.hit.passage.article.language
        spans = [(name, 0.0) for name in new_names(question, candidate.text, language)]
        spans = spans or [(Span(0, len(candidate.text)), 0.0)]
    else:
        spans = [
            (Span(span.start, span.end), reader_margin(span))
            for span in candidate.readings(SPANS_OF_SENTENCE)
        ]
    return found + [
        Claim(scored, span, None, margin)
        for span, margin in spans
        if not any(_is_mostly(span, value) for value in values)
    ]


def _value_claim(scored: Scored, value: Value) -> Claim:
    """A value with the span of the reader at it, which takes in no other value."""
    candidate = scored.candidate
    margin = 0.0
    if candidate.reading is not None:
        best = candidate.best_around(value.start, value.end, *candidate.room_around(value))
        margin = max(reader_margin(best), candidate.again.get(value.start, NO_MARGIN))
    return Claim(scored, Span(value.start, value.end), value, margin)


def _is_mostly(span: Span, value: Value) -> bool:
    shared = min(span.end, value.end) - max(span.start, value.start)
    return 2 * shared >= span.end - span.start


# --- what tells right claims from wrong ones ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the features need of the question."""

    question: Question
    terms: frozenset[str]
    years: frozenset[str]

    @classmethod
    def of(cls, question: Question) -> _Asked:
        own = frozenset(terms(question.text, question.language))
        return cls(question, own, _years(question.text))


def _compared(question: Question, ranked: Sequence[Scored], found: Sequence[Claim]) -> list[Claim]:
    """The claims with their features, each beside the others."""
    if not found:
        return []
    best_sentence = max(scored.logit for scored in ranked)
    saying: dict[tuple[str, ...], list[Claim]] = {}
    beside: dict[Candidate, list[Claim]] = {}
    for claim in found:
        saying.setdefault(claim.key, []).append(claim)
        beside.setdefault(claim.scored.candidate, []).append(claim)
    supports = _supports(saying)
    asked = _Asked.of(question)
    return [
        replace(
            claim,
            features=_features(asked, claim)
            | _times(asked, claim)
            | {
                "sentence_below_best": claim.scored.logit - best_sentence,
                "support": supports[claim.key, claim.scored.candidate],
            }
            | _read(claim, beside[claim.scored.candidate]),
        )
        for claim in found
    ]


def _read(claim: Claim, beside: Sequence[Claim]) -> dict[str, float]:
    """What the reader thinks of a claim, and of it beside the others of its sentence.

    What overlaps it is no other answer but more or less of the same words. The best of other
    passages is no measure: they may say the same of another year, or nothing.
    """
    if claim.scored.candidate.reading is None:
        return {}
    others = [
        other.margin
        for other in beside
        if other.key != claim.key
        and not _share_words(claim.span, other.span)
        and not are_of_other_times(claim, other)
    ]
    lead = claim.margin - max(others, default=NO_MARGIN)
    return {
        "margin": claim.margin,
        "sentence_lead": max(-MOST_LEAD, min(MOST_LEAD, lead)),
    }


def _share_words(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def are_of_other_times(one: Claim, other: Claim) -> bool:
    """Whether a sentence claims both, each at its time, and was read again for it."""
    candidate = one.scored.candidate
    return (
        candidate is other.scored.candidate
        and bool(candidate.again)
        and one.value is not None
        and other.value is not None
        and is_at_another_time(one.value, other.value, one.language)
    )


def _supports(
    saying: Mapping[tuple[str, ...], Sequence[Claim]],
) -> dict[tuple[tuple[str, ...], Candidate], float]:
    """The support of what is said in each sentence, by its key and the sentence."""
    found: dict[tuple[tuple[str, ...], Candidate], float] = {}
    for key, own in saying.items():
        best = _best_of_articles(own)
        for claim in own:
            place = key, claim.scored.candidate
            if place not in found:
                found[place] = support(claim, best)
    return found


def support(claim: Claim, saying: Sequence[Claim]) -> float:
    """How many other articles say the same, each as far as the reader takes it for an answer.

    ``saying`` are the claims that say it, the best of each article. What was copied, of the claim
    or of another one, is not said again.
    """
    counted = [claim]
    total = 0.0
    for other in saying:
        if other.article_id != claim.article_id and not any(
            _are_copies(other, known) for known in counted
        ):
            counted.append(other)
            total += sigmoid(other.margin)
    return math.log1p(total)


def _best_of_articles(saying: Sequence[Claim]) -> list[Claim]:
    """The claim of each article that the reader likes best, best first."""
    best: dict[str, Claim] = {}
    for claim in sorted(saying, key=lambda claim: -claim.margin):
        best.setdefault(claim.article_id, claim)
    return list(best.values())


def _are_copies(one: Claim, other: Claim) -> bool:
    return are_copies(one.scored.candidate.text, other.scored.candidate.text, other.language)


def _features(asked: _Asked, claim: Claim) -> dict[str, float]:
    candidate, value, question = claim.scored.candidate, claim.value, asked.question
    sentence = candidate.features
    chance = question.chance(value.kind) if value else question.chance_of_text
    around = candidate.text[max(0, claim.span.start - NEAR) : claim.span.end + NEAR]
    own = {
        "sentence": claim.scored.logit,
        "coverage": sentence["near_coverage"],
        "passage_coverage": sentence["passage_coverage"],
        "passage_name_coverage": sentence["passage_name_coverage"],
        "dense": sentence["dense"],
        "similarity": sentence["similarity"],
        "question_mark": sentence["question_mark"],
        "kind": math.log(max(chance, LEAST_CHANCE)),
        "is_text": float(value is None),
        "nearness": _share(asked.terms, around, claim.language),
        "length": min(claim.span.end - claim.span.start, 200) / 100.0,
    }
    return own | (_of_text(asked, claim) if value is None else _of_value(asked, claim, value))


def _of_value(asked: _Asked, claim: Claim, value: Value) -> dict[str, float]:
    """What counts for values, and nothing for texts."""
    return {
        "unit": float(asked.question.unit is not None and value.unit == asked.question.unit),
        "noun": float(_is_noun(asked.question, value, claim.language)),
        "difference": float(is_difference(value, claim.scored.candidate.text)),
        "former": float(claim.is_former),
        "says_asked": 0.0,
    }


def _of_text(asked: _Asked, claim: Claim) -> dict[str, float]:
    """What counts for texts: "Wang" is no answer to a question for Wang."""
    said = frozenset(terms(claim.text, claim.language))
    share = len(said & asked.terms) / len(said) if said else 0.0
    return {"unit": 0.0, "noun": 0.0, "difference": 0.0, "former": 0.0, "says_asked": share}


def _times(asked: _Asked, claim: Claim) -> dict[str, float]:
    """Whether a claim speaks of the years that the question names, and whether of others."""
    if not asked.years or (claim.value and claim.value.kind in TIMES):
        return {"own_time": 0.0, "other_time": 0.0}
    candidate = claim.scored.candidate
    said = _years(claim.value.time or "") if claim.value else frozenset()
    said = said or frozenset(
        year
        for value in candidate.values
        if value.kind in TIMES
        for year in _years(value.moment or "")
    )
    published = candidate.hit.passage.article.published
    if not said and published is not None:
        own = str(published.year) in asked.years
    else:
        own = bool(said & asked.years)
    return {"own_time": float(own), "other_time": float(bool(said) and not said & asked.years)}


def _years(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"(?<!\d)(?:1\d|20|21)\d\d(?!\d)", text))


def _is_noun(question: Question, value: Value, language: str) -> bool:
    if question.noun is None or value.noun is None:
        return False
    return bool(set(terms(question.noun, question.language)) & set(terms(value.noun, language)))


def _share(wanted: frozenset[str], text: str, language: str) -> float:
    """The share of the wanted terms that stand in a text."""
    return len(wanted & frozenset(terms(text, language))) / len(wanted) if wanted else 0.0
