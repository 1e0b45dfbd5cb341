"""The asked-for thing pulled out of a sentence: a value, a name, or the sentence itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index import Span
from index.text.analysis import terms
from qa.question.analyse import Question
from qa.scoring.candidates import Candidate, fits, is_difference, new_names, reader_margin
from qa.scoring.logistic import LogisticModel, sigmoid
from qa.values.find import Value


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


SENTENCE_BELOW_BEST = 4.0
VALUE_BELOW_BEST = 1.0
"""How far, in logits, a further view's sentence may lie below the best view's sentence, and its
value below the best value of its own sentence. Lower is more precise and loses sources
(``bench.sweep``, docs/evaluation.md)."""

SENTENCE_AT_LEAST = 0.1
"""The least probability of a further view's sentence by itself."""

NEAR = 60
"""Characters around a value or a name in which the question's words count for it; the first view is
right as often with 20 as with 120 (``bench.sweep``)."""


def value_extracts(
    question: Question, ranked: Sequence[Scored], model: LogisticModel
) -> list[Extract]:
    """The values that answer the question, the likeliest first.

    The models know questions with one answer each. Where sources differ, a second value is right
    though the first one is likelier; so further values are judged by their sentence, and beside
    the other values there. Only values of one dimension are views of one thing.
    """
    found = sorted(
        (
            (model.logit(features), scored, value)
            for scored, value, features in values_with_features(question, ranked)
        ),
        key=lambda entry: -entry[0],
    )
    if not found:
        return []
    _, best_sentence, best_value = found[0]
    best_of: dict[Candidate, float] = {}
    for logit, scored, _ in found:
        best_of.setdefault(scored.candidate, logit)
    return [
        Extract(scored, Span(value.start, value.end), sigmoid(logit), value)
        for rank, (logit, scored, value) in enumerate(found)
        if rank == 0
        or (
            value.kind is best_value.kind
            and value.base == best_value.base
            and scored.logit >= best_sentence.logit - SENTENCE_BELOW_BEST
            and scored.probability >= SENTENCE_AT_LEAST
            and logit >= best_of[scored.candidate] - VALUE_BELOW_BEST
            and not is_difference(value, scored.candidate.text)
        )
    ]


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
    return _with_reader(found) if found and ranked[0].candidate.reading else found


def _with_reader(
    found: list[tuple[Scored, Value, dict[str, float]]],
) -> list[tuple[Scored, Value, dict[str, float]]]:
    """The same with how well the reader likes a span inside each value."""
    margins = [reader_margin(s.candidate.read(v.start, v.end)) for s, v, _ in found]
    best = max(margins)
    return [
        (scored, value, {**features, "reader": margin, "reader_below_best": margin - best})
        for (scored, value, features), margin in zip(found, margins, strict=True)
    ]


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
        "difference": float(is_difference(value, scored.candidate.text)),
        "nearness": _nearness(question, scored.candidate, value),
    }


def _is_noun(question: Question, value: Value, candidate: Candidate) -> bool:
    if question.noun is None or value.noun is None:
        return False
    language = candidate.hit.passage.article.language
    return bool(set(terms(question.noun, question.language)) & set(terms(value.noun, language)))


def _nearness(question: Question, candidate: Candidate, value: Value) -> float:
    """The share of the question's terms that stand near the value."""
    language = candidate.hit.passage.article.language
    around = candidate.text[max(0, value.start - NEAR) : value.end + NEAR]
    wanted = set(terms(question.text, question.language))
    return len(wanted & set(terms(around, language))) / len(wanted) if wanted else 0.0


def span_extract(scored: Scored) -> Extract | None:
    """The span that the reader takes for the answer; None without a reader."""
    span = scored.candidate.read()
    if span is None:
        return None
    return Extract(scored, Span(span.start, span.end), scored.probability)


def name_extract(question: Question, scored: Scored) -> Extract | None:
    """Without a reader, the likeliest name: new, and nearest to the question's words."""
    candidate = scored.candidate
    language = candidate.hit.passage.article.language
    names = new_names(question, candidate.text, language)
    if not names:
        return None
    wanted = set(terms(question.text, question.language))
    nearest = max(names, key=lambda name: _density(candidate.text, name, wanted, language))
    return Extract(scored, nearest, scored.probability)


def _density(text: str, name: Span, wanted: set[str], language: str) -> tuple[int, int]:
    around = set(terms(text[max(0, name.start - NEAR) : name.end + NEAR], language))
    return len(wanted & around), -name.start


def sentence_extract(scored: Scored) -> Extract:
    """The whole sentence, where no shorter span can be told."""
    return Extract(scored, Span(0, len(scored.candidate.text)), scored.probability)
