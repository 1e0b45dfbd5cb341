"""Which claims are shown: those that are likely enough, each once."""

from __future__ import annotations

from collections.abc import Sequence

from qa.scoring.claims import Claim, are_of_other_times
from qa.scoring.logistic import Scorer

NAMED_AT_LEAST = 0.05
"""The least probability with which a claim is told at all, be it as what comes nearest."""


def shown(found: Sequence[Claim], scorer: Scorer) -> list[Claim]:
    """The claims to show, the likeliest first; ``found`` is in that order.

    The first needs the scorer's ``threshold``, a value of another article than the first one's
    ``elsewhere``, any other ``further``: where articles differ more is to be told than where one
    goes on. What says the same as one that is shown, or replaces it in its own sentence, needs the
    threshold alone; the same measure at another time in its sentence not even that. Views of one
    thing are of one kind: beside a value there are only values of its dimension, beside a text only
    texts. Of what overlaps the likeliest is shown.
    """
    chosen: list[Claim] = []
    for claim in found:
        if claim.probability < min(NAMED_AT_LEAST, scorer.threshold):
            break
        if (
            claim.probability >= _needed(claim, chosen, scorer)
            and all(_is_of_a_kind(claim, other) for other in chosen[:1])
            and not any(_overlap(claim, other) for other in chosen)
        ):
            chosen.append(claim)
    return chosen


def _needed(claim: Claim, chosen: Sequence[Claim], scorer: Scorer) -> float:
    """The probability that a claim must have beside those that are shown."""
    if any(are_of_other_times(claim, other) for other in chosen):
        return NAMED_AT_LEAST
    if not chosen or any(_is_owed(claim, other) for other in chosen):
        return scorer.threshold
    if is_elsewhere(claim, chosen[0]):
        return scorer.elsewhere
    return scorer.further


def is_elsewhere(claim: Claim, first: Claim) -> bool:
    """Whether a claim is what another article says of a number or a time."""
    return claim.value is not None and claim.article_id != first.article_id


def _is_owed(claim: Claim, shown: Claim) -> bool:
    """Whether a claim says what is shown already, or what now holds in place of it."""
    return claim.key == shown.key or (
        shown.is_former and claim.scored.candidate is shown.scored.candidate
    )


def _is_of_a_kind(claim: Claim, first: Claim) -> bool:
    if claim.value is None or first.value is None:
        return claim.value is first.value
    return claim.value.kind is first.value.kind and claim.value.base == first.value.base


def _overlap(one: Claim, other: Claim) -> bool:
    """Whether two claims share text of one article, in whatever passages they were read."""
    if one.article_id != other.article_id:
        return False
    (a, b), (c, d) = one.place, other.place
    return a < d and c < b
