"""Figures of a model in training on the held-back questions."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.metrics import auroc, overlap_f1
from training.reader_data import Batch, Example, ReaderData

LONGEST = 30

Logits = Callable[[Iterable[Batch]], Iterator[NDArray[np.float32]]]
"""Start and end logits of each batch, (b, n, 2), in their order."""


@dataclass(slots=True)
class Tally:
    """What was seen of some questions. Margins: the best span's score minus that of no answer."""

    exact: list[float] = field(default_factory=list)
    f1: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    """Margins of answered questions on their own passage,"""
    foreign: list[float] = field(default_factory=list)
    """of easy refusals: the same on a foreign passage, or an article that holds nothing like it,"""
    unsaid: list[float] = field(default_factory=list)
    """and of hard ones: unanswerable questions on a passage that holds something tempting."""

    def add(self, margin: float, said: str, gold: str) -> None:
        """An answered question on its own passage."""
        self.answered.append(margin)
        self.exact.append(float(normalised(said) == normalised(gold)))
        self.f1.append(overlap(said, gold))

    def figures(self) -> dict[str, Any]:
        """Exact match, F1 and AUROCs, of as many as there are."""
        found: dict[str, Any] = {"held_back": len(self.f1)}
        if self.f1:
            found |= {"exact": float(np.mean(self.exact)), "f1": float(np.mean(self.f1))}
        for name, without in (("auroc", self.foreign), ("hard_auroc", self.unsaid)):
            if self.answered and without:
                found[name] = auroc(np.array(self.answered), np.array(without))
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in found.items()}


def examine(data: ReaderData, logits: Logits, per_source: int | None) -> dict[str, Any]:
    """The figures of all held-back questions together, and under "sources" those of each source.

    Exact match and F1 are of answered questions on their own passage; ``auroc`` says how well
    those are told from easy refusals, ``hard_auroc`` from hard ones.
    """
    everything = Tally()
    tallies: dict[str, Tally] = {}
    batches = data.examination(per_source)
    for batch, rows in zip(batches, logits(batches), strict=True):
        for example, row in zip(batch.examples, rows, strict=True):
            source = data.source(example.question)
            for tally in (everything, tallies.setdefault(source, Tally())):
                _judge(data, example, row, tally)
    of_sources = {source: tally.figures() for source, tally in sorted(tallies.items())}
    return {**everything.figures(), "sources": of_sources}


def _judge(data: ReaderData, example: Example, row: NDArray[np.float32], tally: Tally) -> None:
    start, end, score = best_span(row, example.first)
    margin = score - float(row[0].sum())
    if example.start > 0:
        tally.add(margin, *_texts(data, example, start, end))
    elif data.questions[example.question].tempting is not None:
        tally.unsaid.append(margin)
    else:
        tally.foreign.append(margin)


def best_span(logits: NDArray[np.float32], first: int) -> tuple[int, int, float]:
    """First and last position and score of the best span of the context, which begins at ``first``.

    It has at most ``LONGEST`` tokens; the last token ends the input and is in no span.
    """
    starts, ends = logits[first:-1, 0], logits[first:-1, 1]
    lengths = np.arange(len(ends))[None, :] - np.arange(len(starts))[:, None]
    allowed = (lengths >= 0) & (lengths < LONGEST)
    scores = np.where(allowed, starts[:, None] + ends[None, :], -np.inf)
    start, end = divmod(int(scores.argmax()), len(starts))
    return first + start, first + end, float(starts[start] + ends[end])


def _texts(data: ReaderData, example: Example, start: int, end: int) -> tuple[str, str]:
    paragraph, question = data.paragraphs[example.paragraph], data.questions[example.question]
    shift = example.offset - example.first
    begin = paragraph.spans[start + shift][0]
    stop = paragraph.spans[end + shift][1]
    return paragraph.context[begin:stop], paragraph.context[slice(*question.answer or (0, 0))]


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
