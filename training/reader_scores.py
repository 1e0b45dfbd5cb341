"""Figures of a model in training on the held-back questions."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from qa.metrics import auroc, overlap_f1
from training.reader_data import Example, ReaderData

if TYPE_CHECKING:
    from training.reader_model import SpanModel

LONGEST = 30


def examine(data: ReaderData, model: SpanModel, per_source: int | None) -> dict[str, float]:
    """Exact match and F1 where the answer is in the window, and how well its absence is seen.

    ``auroc`` is that of the best span's score minus the null score, answerable against not.
    """
    exact: list[float] = []
    f1: list[float] = []
    margins: dict[bool, list[float]] = {True: [], False: []}
    for batch in data.examination(per_source):
        logits = model.logits(torch.from_numpy(batch.tokens)).numpy()
        for example, row, allowed in zip(batch.examples, logits, batch.allowed, strict=True):
            start, end, score = best_span(row, allowed)
            margins[example.start > 0].append(score - float(row[0].sum()))
            if example.start > 0:
                said, gold = _texts(data, example, start, end)
                exact.append(float(normalised(said) == normalised(gold)))
                f1.append(overlap(said, gold))
    return {
        "held_back": len(f1),
        "exact": float(np.mean(exact)),
        "f1": float(np.mean(f1)),
        "auroc": auroc(np.array(margins[True]), np.array(margins[False])),
    }


def best_span(logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> tuple[int, int, float]:
    """First and last position and the score of the best span of at most ``LONGEST`` tokens."""
    starts = np.where(allowed, logits[:, 0], -1e4)
    ends = np.where(allowed, logits[:, 1], -1e4)
    starts[0] = ends[0] = -1e4
    scores = starts[:, None] + ends[None, :]
    scores = np.triu(scores + 4e4) - np.triu(scores + 4e4, LONGEST)
    start, end = divmod(int(scores.argmax()), len(starts))
    return start, end, float(starts[start] + ends[end])


def _texts(data: ReaderData, example: Example, start: int, end: int) -> tuple[str, str]:
    paragraph, question = data.paragraphs[example.paragraph], data.questions[example.question]
    shift = example.offset - example.first
    begin = paragraph.spans[start + shift][0]
    stop = paragraph.spans[end + shift][1]
    return paragraph.context[begin:stop], paragraph.context[question.start : question.end]


def normalised(text: str) -> str:
    """SQuAD's normal form: lower case, no punctuation, no English articles, single blanks."""
    kept = "".join(
        c
        for c in text.lower()
        if c not in string.punctuation and not unicodedata.category(c).startswith("P")
    )
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def overlap(said: str, gold: str) -> float:
    """SQuAD's F1 over the words of the two normal forms."""
    return overlap_f1(normalised(said).split(), normalised(gold).split())
