"""The asked-for thing pulled out of a sentence: a value, a name, or the sentence itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index import Span
from index.language import terms
from qa.candidates import Candidate, fits, new_names
from qa.question import Question
from qa.scorer import LogisticModel, sigmoid
from qa.values import Value


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence with its logit: how likely it is to hold the answer."""

    candidate: Candidate
    logit: float

    @property
    def probability(self) -> float:
        return sigmoid(self.logit)


@dataclass(frozen=True, slots=True)
class Extract:
    """A span of a sentence that may be the answer; ``span`` counts within the sentence."""

    scored: Scored
    span: Span
    probability: float
    value: Value | None = None

    @property
    def text(self) -> str:
        return self.span.of(self.scored.candidate.text)


def value_extracts(
    question: Question, ranked: Sequence[Scored], model: LogisticModel
) -> list[Extract]:
    """The values of the asked kind in ``ranked`` sentences, the likeliest first."""
    found = []
    for scored, value, features in values_with_features(question, ranked):
        span = Span(value.start, value.end)
        found.append(Extract(scored, span, model.probability(features), value))
    return sorted(found, key=lambda extract: -extract.probability)


def values_with_features(
    question: Question, ranked: Sequence[Scored]
) -> list[tuple[Scored, Value, dict[str, float]]]:
    """Each fitting value of each sentence with the features by which it is judged."""
    if not ranked:
        return []
    best = max(scored.logit for scored in ranked)
    found = []
    for scored in ranked:
        fitting = [value for value in scored.candidate.values if fits(value, question)]
        for value in fitting:
            found.append((scored, value, _features(question, scored, value, len(fitting), best)))
    return found


def _features(
    question: Question, scored: Scored, value: Value, fitting: int, best: float
) -> dict[str, float]:
    return {
        "sentence": scored.logit,
        "sentence_below_best": scored.logit - best,
        "first_kind": float(value.kind == question.kinds[0]),
        "unit": float(question.unit is not None and value.unit == question.unit),
        "noun": float(_is_noun(question, value, scored.candidate)),
        "alone": 1.0 / fitting,
        "nearness": _nearness(question, scored.candidate, value),
    }


def _is_noun(question: Question, value: Value, candidate: Candidate) -> bool:
    if question.noun is None or value.noun is None:
        return False
    language = candidate.hit.passage.article.language
    return bool(set(terms(question.noun, question.language)) & set(terms(value.noun, language)))


def _nearness(question: Question, candidate: Candidate, value: Value) -> float:
    """The share of the question's terms that stand within 60 characters of the value."""
    language = candidate.hit.passage.article.language
    around = candidate.text[max(0, value.start - 60) : value.end + 60]
    wanted = set(terms(question.text, question.language))
    return len(wanted & set(terms(around, language))) / len(wanted) if wanted else 0.0


def name_extract(question: Question, scored: Scored) -> Extract | None:
    """The likeliest name in a sentence: new to the reader, nearest to the question's words."""
    candidate = scored.candidate
    language = candidate.hit.passage.article.language
    names = new_names(question, candidate.text, language)
    if not names:
        return None
    wanted = set(terms(question.text, question.language))
    nearest = max(names, key=lambda name: _density(candidate.text, name, wanted, language))
    return Extract(scored, nearest, scored.probability)


def _density(text: str, name: Span, wanted: set[str], language: str) -> tuple[int, int]:
    around = set(terms(text[max(0, name.start - 40) : name.end + 40], language))
    return len(wanted & around), -name.start


def sentence_extract(scored: Scored) -> Extract:
    """The whole sentence, where no shorter span can be told."""
    return Extract(scored, Span(0, len(scored.candidate.text)), scored.probability)
