"""Training examples for the reader: question, a window of a passage, and where the answer stands.

A pass over the data is drawn from a seed and its number alone, so a run that was interrupted draws
the same pass again. All sequences of a batch have the same length: instead of padding, up to
``BUCKET - 1`` tokens of context are left out at the side away from the answer.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.reader_foreign import Foreign
from training.reader_sources import CLUSTERS, NEWS, PLANS, Paragraph, read_sources

BOS, EOS = 0, 2
MAX_TOKENS = 288
BUCKET = 8

_HELD_BACK: Mapping[str, int] = {
    "fundstelle-de": 250,
    CLUSTERS: 250,
    "squad-part": 150,
    "squadshifts-new-wiki": 260,
    "norquad": 190,
}
"""Questions that are kept apart; of clusters, questions times articles: about 15 clusters."""

_HELD_BACK_SHARE: Mapping[str, float] = {NEWS: 0.06}
"""The share of the groups of a source that still grows: what was kept apart stays so."""


@dataclass(frozen=True, slots=True)
class Example:
    """One input. ``start`` and ``end`` are positions in ``tokens``; both 0 without an answer.

    ``head`` is the position of the first token of the title, ``first`` that of the first token of
    the context (the same without a title), and ``offset`` its number in the paragraph.
    """

    tokens: NDArray[np.int32]
    head: int
    first: int
    start: int
    end: int
    question: int
    paragraph: int
    offset: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples of one length. ``tokens`` (b, n); ``allowed`` (b, n) is true where a span may be."""

    tokens: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    examples: tuple[Example, ...]


class ReaderData:
    """The questions of some files, split by group into a training part and a held-back part."""

    def __init__(self, paths: Sequence[Path], tokenizer: Tokenizer, seed: int) -> None:
        self.seed = seed
        self.paragraphs, self.questions = read_sources(paths, tokenizer)
        self.held_back = self._hold_back()
        groups = {self.paragraphs[self.questions[q].paragraph].group for q in self.held_back}
        self._kept_apart = frozenset(
            number for number, paragraph in enumerate(self.paragraphs) if paragraph.group in groups
        )
        self.training = [
            number
            for number, question in enumerate(self.questions)
            if question.paragraph not in self._kept_apart
        ]

    @cached_property
    def foreign(self) -> Foreign:
        """Passages without the answer, found by search; made when the first is asked for."""
        return Foreign(self.paragraphs, self.questions)

    def source(self, question: int) -> str:
        """The source of a question, by its number."""
        return self.paragraphs[self.questions[question].paragraph].source

    def _hold_back(self) -> list[int]:
        """Whole groups in the order of their hash, until each source has its number or share."""
        groups: dict[str, dict[str, list[int]]] = {}
        for number, question in enumerate(self.questions):
            if question.swapped:
                continue
            paragraph = self.paragraphs[question.paragraph]
            groups.setdefault(paragraph.source, {}).setdefault(paragraph.group, []).append(number)
        chosen: list[int] = []
        for source, wanted in _HELD_BACK.items():
            taken = 0
            for group in sorted(groups.get(source, {}), key=_hash):
                if taken >= wanted:
                    break
                chosen.extend(groups[source][group])
                taken += len(groups[source][group])
        for source, share in _HELD_BACK_SHARE.items():
            for group in sorted(groups.get(source, {}), key=_hash):
                if int.from_bytes(_hash(group)[:4]) < share * 2**32:
                    chosen.extend(groups[source][group])
        return chosen

    # --- one pass ------------------------------------------------------------------------------

    def batches(self, number: int, tokens: int) -> list[Batch]:
        """Pass ``number`` as batches of about ``tokens`` tokens, in the order of training."""
        rng = np.random.default_rng([self.seed, number])
        copies = np.array(
            [PLANS[self.source(q)].copies * self.questions[q].copies for q in self.training]
        )
        times = np.floor(copies + rng.random(len(copies))).astype(int)
        drawn = rng.permutation(np.repeat(np.array(self.training), times))
        examples = []
        for question in map(int, drawn):
            # Drawn for every question, so that one more unanswerable one shifts no other's luck.
            foreign = rng.random() < PLANS[self.source(question)].foreign
            foreign = foreign and self.questions[question].answer is not None
            examples.append(self.example(question, rng, foreign=foreign))
        return list(_bucketed([e for e in examples if e is not None], tokens, rng))

    def examination(self, per_source: int | None = None) -> list[Batch]:
        """The held-back questions on their own passages, answered ones also on a foreign one."""
        rng = np.random.default_rng([self.seed, 1 << 20])
        taken: Counter[str] = Counter()
        examples: list[Example | None] = []
        for number in self.held_back:
            taken[self.source(number)] += 1
            if per_source is not None and taken[self.source(number)] > per_source:
                continue
            examples.append(self.example(number, rng, foreign=False))
            if self.questions[number].answer is not None:
                examples.append(self.example(number, rng, foreign=True))
        return list(_bucketed([e for e in examples if e is not None], 2048, rng))

    def example(self, number: int, rng: np.random.Generator, *, foreign: bool) -> Example | None:
        """The input for a question on its own passage or on a foreign one; None where none is."""
        question = self.questions[number]
        shown, limits = question.paragraph, None
        if foreign:
            own = question.paragraph in self._kept_apart
            banned = frozenset() if own else self._kept_apart
            shown, limits = self.foreign.draw(number, rng, banned)
            if shown < 0:
                return None
        paragraph = self.paragraphs[shown]
        answer = None if foreign else question.answer
        low, high = limits or (0, len(paragraph.tokens))
        mark = answer or (None if foreign else question.tempting)
        place = answer_tokens(paragraph.spans, *mark) if mark else _anywhere(low, high, rng)
        if place is None:
            return None
        title = self._title(paragraph, answer, rng)
        fixed = len(question.tokens) + len(title) + 4
        whole = PLANS[self.source(number)].whole
        limit = MAX_TOKENS if whole else int(rng.choice([208, 240, 264, 288]))
        window = _window(low, high, place, limit - fixed, fixed, rng)
        if window is None:
            return None
        first, last = window
        head = len(question.tokens) + 3
        tokens = np.concatenate(
            [[BOS], question.tokens, [EOS, EOS], title, paragraph.tokens[first:last], [EOS]]
        ).astype(np.int32)
        shift = head + len(title) - first
        start, end = (shift + place[0], shift + place[1]) if answer else (0, 0)
        return Example(tokens, head, head + len(title), start, end, number, shown, first)

    def _title(
        self, paragraph: Paragraph, answer: tuple[int, int] | None, rng: np.random.Generator
    ) -> NDArray[np.int32]:
        """The title's tokens or none; none where the title would answer beside the context."""
        titled = rng.random() < PLANS[paragraph.source].titled
        if answer is not None and paragraph.context[slice(*answer)] in paragraph.title:
            titled = False
        return paragraph.head if titled else paragraph.head[:0]


def answer_tokens(spans: NDArray[np.int32], start: int, end: int) -> tuple[int, int] | None:
    """The first and last token that share a character with ``start``..``end``."""
    touching = np.flatnonzero((spans[:, 0] < end) & (spans[:, 1] > start))
    return (int(touching[0]), int(touching[-1])) if len(touching) else None


def _anywhere(low: int, high: int, rng: np.random.Generator) -> tuple[int, int]:
    """A window of a passage without answer is laid around an arbitrary token."""
    middle = int(rng.integers(low, high))
    return middle, middle


def _window(
    low: int,
    high: int,
    place: tuple[int, int],
    room: int,
    fixed: int,
    rng: np.random.Generator,
) -> tuple[int, int] | None:
    """At most ``room`` tokens of ``low``..``high`` that hold ``place``, anywhere in them.

    With the ``fixed`` tokens around them they make a multiple of ``BUCKET``; None where that
    cannot be.
    """
    needed = place[1] - place[0] + 1
    room = max(room, needed)
    if fixed + room > MAX_TOKENS:
        return None
    first, last = low, high
    if high - low > room:
        earliest = max(low, place[1] + 1 - room)
        latest = min(place[0], high - room)
        first = int(rng.integers(earliest, latest + 1))
        last = first + room
    surplus = (fixed + last - first) % BUCKET
    while surplus and last - first > needed:
        if last - 1 - place[1] >= place[0] - first:
            last -= 1
        else:
            first += 1
        surplus -= 1
    return None if surplus else (first, last)


def _hash(group: str) -> bytes:
    return hashlib.sha256(group.encode()).digest()


def _bucketed(
    examples: Sequence[Example], tokens: int, rng: np.random.Generator
) -> Iterator[Batch]:
    by_length: dict[int, list[Example]] = {}
    for example in examples:
        by_length.setdefault(len(example.tokens), []).append(example)
    groups = [
        members[at : at + tokens // length]
        for length, members in sorted(by_length.items())
        for at in range(0, len(members), tokens // length)
    ]
    for number in rng.permutation(len(groups)):
        members = groups[number]
        ids = np.stack([e.tokens for e in members]).astype(np.int64)
        allowed = np.zeros(ids.shape, np.bool_)
        allowed[:, 0] = True
        for row, example in zip(allowed, members, strict=True):
            row[example.head : -1] = True
        yield Batch(
            ids,
            allowed,
            np.array([e.start for e in members]),
            np.array([e.end for e in members]),
            tuple(members),
        )


def describe(data: ReaderData) -> dict[str, Any]:
    """Counts for the log: questions by source, in training and held back."""
    return {
        "training": dict(sorted(Counter(map(data.source, data.training)).items())),
        "held_back": dict(sorted(Counter(map(data.source, data.held_back)).items())),
        "unanswerable": dict(
            Counter(data.source(q) for q in data.training if data.questions[q].answer is None)
        ),
    }


def describe_pass(data: ReaderData, batches: Sequence[Batch]) -> dict[str, Any]:
    """Counts for the log: what one pass shows, by source; and how much of it has no answer."""
    examples = [example for batch in batches for example in batch.examples]
    return {
        "batches": len(batches),
        "examples": len(examples),
        "shown": dict(sorted(Counter(data.source(e.question) for e in examples).items())),
        "without_answer": dict(
            sorted(Counter(data.source(e.question) for e in examples if not e.start).items())
        ),
    }
