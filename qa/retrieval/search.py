"""From a question to the passages that are to be read, within the question's limit of time or not.

"letzte Woche" speaks of news, and so do "Was wurde im Mai 2024 berichtet?" and "Artikel von 2023":
only articles of that time are searched. Any other fixed time may be that of an event that was told
of much later ("Wie viele Einwohner hatte die Stadt 2014?"). Both are tried then, the articles of
that time first, and the answers decide.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index import Filters, Hit, Snapshot
from qa.question.analyse import Question, TimeLimit
from qa.retrieval.rerank import RERANKED, Reranker, rerank


@dataclass(frozen=True, slots=True)
class Attempt:
    """Passages to look for the answer in; ``limit`` is the limit of time they are within."""

    hits: tuple[Hit, ...]
    limit: TimeLimit | None = None


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How passages are found: ``k`` of them, in a commit of an index, by it and perhaps a reranker.

    ``recent`` as in ``Index.search``.
    """

    snapshot: Snapshot
    k: int
    filters: Filters
    recent: bool | float = False
    reranker: Reranker | None = None

    def attempts(self, question: Question, limit: TimeLimit | None) -> list[Attempt]:
        """Where to look for the answer, the narrower first; at least one attempt, at most two.

        Among articles without dates of publication no limit can be applied.
        """
        if limit is None:
            return [Attempt(self._hits(question, self.filters))]
        within = Attempt(self._hits(question, _limited(self.filters, limit)), limit)
        alone = limit.relative or asks_for_reports(question.text)
        if alone and within.hits:
            return [within]
        everything = Attempt(self._hits(question, self.filters))
        if not any(hit.passage.article.published for hit in everything.hits):
            return [everything]
        return [within] if alone else [within, everything]

    def _hits(self, question: Question, filters: Filters) -> tuple[Hit, ...]:
        hits = self.snapshot.search(
            question.text,
            k=max(self.k, RERANKED) if self.reranker else self.k,
            filters=filters,
            language=question.language,
            recent=self.recent,
        )
        if self.reranker:
            hits = rerank(question.text, hits, self.reranker)
        return tuple(hits[: self.k])


HONOURED_WITHIN = math.e
"""By so much lower odds the answer of the question's own time is still the one given: where both
answer, the question has said which it wants. From 1 to e it changes no answer of ``bench.sweep``;
without a bound one place in a hundred is no longer cited."""


def choose(confidences: Sequence[float], threshold: float) -> int:
    """Which attempt's answer is given, by the confidences of each attempt's answer."""
    narrow, wide = confidences[0], confidences[-1]
    honoured = narrow >= threshold and _odds(narrow) * HONOURED_WITHIN >= _odds(wide)
    return 0 if honoured else len(confidences) - 1


def _odds(probability: float) -> float:
    return probability / (1.0 - min(probability, 0.9999))


# What a verb tells of may be the event ("Was wurde 1859 veröffentlicht?", "Wie viele Fälle wurden
# 2020 gemeldet?"), and "the report" is a certain one; these are not.
_A_CERTAIN = r"(?<!\bder )(?<!\bdem )(?<!\bden )(?<!\bdas )(?<!\bdes )(?<!\bthe )"
_REPORTS = re.compile(
    r"\b(?:berichtet(?:e|en)?|berichten?|meldungen|nachrichten|schlagzeilen?|artikeln|beiträgen?|"
    rf"{_A_CERTAIN}(?:bericht|meldung|artikel|article)|"
    r"reports (?:on|about|of)|reported (?:on|about)|articles|news|headlines?|news coverage)\b",
    re.IGNORECASE,
)


def asks_for_reports(question: str) -> bool:
    """Whether a question is about what was written then, not about what happened."""
    return _REPORTS.search(question) is not None


def _limited(filters: Filters, limit: TimeLimit) -> Filters:
    """The filters within the question's own limit of time."""
    starts = [day for day in (filters.since, limit.since) if day]
    ends = [day for day in (filters.until, limit.until) if day]
    return replace(filters, since=max(starts, default=None), until=min(ends, default=None))
