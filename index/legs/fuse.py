"""How the search's three measures of a passage become one score. Pure functions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TERM_SHARE_CAP = 1.3
"""The term share from which on more repetition says no more."""


def weighted_sum(
    cosines: NDArray[np.float32],
    sentences: NDArray[np.float32],
    term_shares: NDArray[np.float32],
    *,
    sentence_weight: float,
    lexical_weight: float,
) -> NDArray[np.float32]:
    """The score (n,) of passages: cosine + weight * best sentence's cosine + weight * share².

    The share of the question's terms counts squared: most of them in one passage say more than
    some of them here and some there, and of a question in another language only names are found.
    All three are absolute: what a passage scores does not depend on which others were found, as
    with scores scaled to a ranking's best and last (``python -m bench.fusion``).
    """
    fused: NDArray[np.float32] = (
        cosines
        + sentence_weight * sentences
        + lexical_weight * np.minimum(term_shares, TERM_SHARE_CAP) ** 2
    ).astype(np.float32)
    return fused


def best_first(rows: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Positions by falling score; equal scores in order of rows."""
    return np.lexsort((rows, -scores))
