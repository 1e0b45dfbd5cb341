"""What may change the order of ranked hits besides the search itself: their dates, and crowding."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from statistics import median

from index.errors import UsageError
from index.records import Hit
from index.translation import text

HALF_LIFE = 180.0
"""Days: news of half a year ago is worth half of today's bonus."""

RECENCY = 0.025
"""The most that newness adds to a score. An article that lies further behind than that never
overtakes, however new it is: with the default model the second passage lies .1 behind the first at
the median, the hundredth .25."""


def prefer_recent(hits: Sequence[Hit], half_life: float = HALF_LIFE) -> list[Hit]:
    """The hits in the order of score and newness together, with new scores and ranks.

    A hit gains ``RECENCY``, halved for every ``half_life`` days by which its
    article is older than the newest one here that is not from the future. One without a date gains
    the median of the others. Raises UsageError for a half-life that is not above zero.
    """
    if not half_life > 0:
        raise UsageError(
            text("The half-life is {half_life} days. It must be above zero.", half_life=half_life)
        )
    dates = {hit.passage.id: hit.passage.article.published for hit in hits}
    known = [day for day in dates.values() if day is not None]
    if not known:
        return list(hits)
    newest = max((day for day in known if day <= date.today()), default=min(known))

    def bonus(day: date) -> float:
        age = max(0, (newest - day).days)
        return RECENCY * math.exp2(-age / half_life)

    neutral = median(bonus(day) for day in known)
    scored = [
        replace(hit, score=hit.score + (bonus(day) if day else neutral))
        for hit, day in zip(hits, dates.values(), strict=True)
    ]
    return renumbered(sorted(scored, key=lambda hit: -hit.score))


GIVES_WAY = 0.07
"""By how much an article's further passages fall behind those of others. Whole articles have their
passages near each other: always putting others first loses three in a hundred right passages among
five of ten, while about this much loses none (German XQuAD-R, its articles whole)."""


def spread(hits: Sequence[Hit], count: int, per_article: int) -> list[Hit]:
    """The best ``count`` hits, without one article crowding out the others.

    Beyond ``per_article`` of an article, a hit gives way to others nearly as good: those less than
    ``GIVES_WAY`` behind it. The hits keep their order and the ranks that they had.
    """
    counts: Counter[str] = Counter()
    worth: dict[int, float] = {}
    for hit in hits:
        counts[hit.passage.article.id] += 1
        crowds = counts[hit.passage.article.id] > per_article
        worth[hit.rank] = hit.score - (GIVES_WAY if crowds else 0.0)
    best = sorted(hits, key=lambda hit: (-worth[hit.rank], hit.rank))[:count]
    return sorted(best, key=lambda hit: hit.rank)


def renumbered(hits: Sequence[Hit]) -> list[Hit]:
    """The hits with ranks from 1 in their order."""
    return [replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1)]
