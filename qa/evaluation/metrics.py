"""Figures of retrieval, answers, refusals and calibration, as functions of plain numbers.

Ranks count from 1; 0 stands for "not found". Each function raises ValueError for an empty input:
a figure over no questions is no figure.
"""

from __future__ import annotations

import math
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 10
_T = TypeVar("_T")

# --- ranking -----------------------------------------------------------------------------------


def recall(ranks: Sequence[int], k: int) -> float:
    """The share of questions whose first right result is among the ``k`` best."""
    return float(np.mean([0 < rank <= k for rank in _some(ranks)]))


def mean_reciprocal_rank(ranks: Sequence[int]) -> float:
    """The mean of 1/rank of the first right result; one that was not found counts 0."""
    return float(np.mean([1.0 / rank if rank else 0.0 for rank in _some(ranks)]))


def ndcg(right: Sequence[bool], relevant: int, k: int = 10) -> float:
    """Normalised discounted cumulative gain of one ranking (Järvelin and Kekäläinen 2002).

    ``right`` tells of each result, best first, whether it is right; ``relevant`` is how many right
    ones there are in all, at least as many as in ``right``.
    """
    if relevant < max(1, sum(right[:k])):
        raise ValueError(f"{relevant} relevant results cannot be: {sum(right[:k])} were found")
    gains = [1.0 / math.log2(place + 2) for place in range(k)]
    found = sum(gain for gain, hit in zip(gains, right, strict=False) if hit)
    return found / sum(gains[:relevant])


# --- values ------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """The words of ``text`` in NFKC, without case and punctuation."""
    kept = unicodedata.normalize("NFKC", text).casefold()
    return "".join(" " if c in string.punctuation + "„“”–" else c for c in kept).split()


def overlap_f1(said: Sequence[str], gold: Sequence[str]) -> float:
    """SQuAD's F1 over two bags of words (Rajpurkar and others 2016); 1.0 where both are empty."""
    shared = sum((Counter(said) & Counter(gold)).values())
    if not shared:
        return float(list(said) == list(gold))
    return 2 * shared / (len(said) + len(gold))


# --- refusals ----------------------------------------------------------------------------------


def auroc(positive: ArrayLike, negative: ArrayLike) -> float:
    """The chance that a value of ``positive`` is above one of ``negative``; ties count half."""
    above, below = _array(positive), np.sort(_array(negative))
    smaller = np.searchsorted(below, above, "left")
    upto = np.searchsorted(below, above, "right")
    return float((smaller + upto).mean() / 2 / len(below))


def refused_when_losing(share: float, answerable: ArrayLike, unanswerable: ArrayLike) -> float:
    """The share of ``unanswerable`` below the confidence that refuses ``share`` of the others."""
    threshold = np.quantile(_array(answerable), share)
    return float(np.mean(_array(unanswerable) < threshold))


def refusal_curve(
    answerable: ArrayLike, unanswerable: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares refused of the answerable and of the unanswerable, threshold by threshold, rising."""
    kept, refused = np.sort(_array(answerable)), np.sort(_array(unanswerable))
    thresholds = np.append(np.unique(np.concatenate([kept, refused])), np.inf)
    return (
        np.searchsorted(kept, thresholds, "left") / len(kept),
        np.searchsorted(refused, thresholds, "left") / len(refused),
    )


# --- calibration -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions in ``[low, high)``, with their means; the last bin holds 1.0 too."""

    low: float
    high: float
    count: int
    confidence: float
    share: float


def reliability(confidences: ArrayLike, outcomes: ArrayLike, bins: int = BINS) -> list[Bin]:
    """The bins of equal width that hold predictions: mean confidence beside the share come true.

    ``confidences`` are probabilities, ``outcomes`` 0 or 1, both of shape (n,).
    """
    predicted, came = _pair(confidences, outcomes)
    number = np.minimum((predicted * bins).astype(int), bins - 1)
    return [
        Bin(
            low=i / bins,
            high=(i + 1) / bins,
            count=int((number == i).sum()),
            confidence=float(predicted[number == i].mean()),
            share=float(came[number == i].mean()),
        )
        for i in np.unique(number).tolist()
    ]


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean distance of confidence and outcome, bins weighted by count (Naeini and others 2015)."""
    total = sum(entry.count for entry in _some(bins))
    return sum(entry.count * abs(entry.confidence - entry.share) for entry in bins) / total


def brier(confidences: ArrayLike, outcomes: ArrayLike) -> float:
    """The mean squared distance of probabilities and outcomes (Brier 1950)."""
    predicted, came = _pair(confidences, outcomes)
    return float(np.mean((predicted - came) ** 2))


def _some(values: Sequence[_T]) -> Sequence[_T]:
    if not len(values):
        raise ValueError("no values")
    return values


def _array(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array):
        raise ValueError(f"an array of shape {array.shape} where (n,) with n of at least 1 is due")
    return array


def _pair(
    confidences: ArrayLike, outcomes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    predicted, came = _array(confidences), _array(outcomes)
    if len(predicted) != len(came):
        raise ValueError(f"{len(predicted)} confidences for {len(came)} outcomes")
    if predicted.min() < 0.0 or predicted.max() > 1.0:
        raise ValueError(f"confidences from {predicted.min()} to {predicted.max()}, not 0 to 1")
    return predicted, came
