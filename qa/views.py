"""From claims to views: those that say the same are one, in an order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from index.text.words import words_understood
from qa.question.analyse import Question
from qa.records import Evidence, Normalized, View
from qa.scoring.claims import Claim
from qa.values.find import Value, group_values


def grouped(claims: Sequence[Claim], question: Question) -> list[list[Claim]]:
    """Claims that say the same, best supported first, or newest where that is asked for.

    What its own sentence replaces ("statt 48 nun 71") comes last.
    """
    values = [claim.value for claim in claims if claim.value is not None]
    if len(values) == len(claims):
        groups = [[claims[i] for i in group] for group in group_values(values)]
    else:
        named: dict[tuple[str, ...], list[Claim]] = {}
        for claim in claims:
            named.setdefault(claim.key, []).append(claim)
        groups = list(named.values())
    for group in groups:
        group.sort(key=lambda claim: -claim.probability)
    groups.sort(key=lambda group: -group[0].probability)
    if _asks_for_latest(question):
        groups.sort(key=_newest, reverse=True)
    return sorted(groups, key=_is_former)


def view_of(
    group: Sequence[Claim], citations: tuple[int, ...], evidence: tuple[Evidence, ...]
) -> View:
    """What claims that say the same say, as the likeliest of them puts it."""
    best = group[0]
    value, said = best.value, best.text
    if value is not None and value.approximator and not said.startswith(value.approximator):
        said = f"{value.approximator} {said}"
    return View(
        said,
        citations,
        _normalized(value),
        value.time if value else None,
        value.hedge if value else None,
        evidence,
        best.probability,
        _is_former(group),
        value is None,
    )


def _newest(group: Sequence[Claim]) -> str:
    days = [claim.scored.candidate.hit.passage.article.published for claim in group]
    return max((day.isoformat() for day in days if day), default="")


def _is_former(group: Sequence[Claim]) -> bool:
    return all(claim.is_former for claim in group)


def _asks_for_latest(question: Question) -> bool:
    return _latest(question.language).search(question.text) is not None


@cache
def _latest(language: str) -> re.Pattern[str]:
    words = [re.escape(word) for own in words_understood(language) for word in own.latest]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words) or '(?!)'})(?!\w)", re.IGNORECASE)


def _normalized(value: Value | None) -> Normalized | None:
    if value is None or value.amount is None:
        return None
    upper = None if value.upper is None else float(value.upper)
    return Normalized(float(value.amount), value.unit, upper)
