"""Training examples for the reader: question, a window of a passage, and where the answer stands.

A pass over the data is drawn from a seed and its number alone, so a run that was interrupted draws
the same pass again. All sequences of a batch have the same length: instead of padding, up to
``BUCKET - 1`` tokens of context are left out at the side away from the answer.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

BOS, EOS = 0, 2
MAX_TOKENS = 288
MAX_QUESTION = 64
BUCKET = 8
MAX_ANSWER_CHARACTERS = 200

COPIES: Mapping[str, float] = {
    "squadshifts-new-wiki": 2.0,
    "squadshifts-reddit": 0.8,
    "squadshifts-amazon": 0.6,
    "norquad": 2.5,
    "jaquad": 0.25,
    "cmrc2018": 0.5,
}
"""How often a question of each source is seen in one pass, on average.

Encyclopaedic English and the one other Germanic language weigh more: they are nearest to what the
reader is for. Japanese is the largest source and would otherwise be half of the pass.
"""

UNANSWERABLE = 0.27
"""Share of the questions that are shown a passage without their answer."""

_HELD_BACK: Mapping[str, int] = {
    "squadshifts-new-wiki": 260,
    "norquad": 190,
    "squadshifts-reddit": 150,
}
_LARGE_GROUP = 200
"""A group of more paragraphs than this is a collection of unrelated texts, not one article."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A context with its tokens; ``spans`` holds the code-point offsets of each token."""

    source: str
    lang: str
    group: str
    context: str
    tokens: NDArray[np.int32]  # (n,)
    spans: NDArray[np.int32]  # (n, 2)


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a paragraph (by its number); ``start`` and ``end`` are code points of it."""

    paragraph: int
    tokens: NDArray[np.int32]
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """One input. ``start`` and ``end`` are positions in ``tokens``; both 0 without an answer.

    ``first`` is the position of the first context token and ``offset`` its number in the paragraph.
    """

    tokens: NDArray[np.int32]
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
    """The questions of a folder, split by group into a training part and a held-back part."""

    def __init__(self, folder: Path, tokenizer: Tokenizer, seed: int) -> None:
        self.seed = seed
        self.paragraphs: list[Paragraph] = []
        self.questions: list[Question] = []
        for file in sorted(folder.glob("*.jsonl.gz")):
            self._read(file, tokenizer)
        self._neighbours = self._group_members()
        self.held_back = self._hold_back()
        groups = {self._unit(self.questions[q].paragraph) for q in self.held_back}
        self.training = [
            number
            for number, question in enumerate(self.questions)
            if self._unit(question.paragraph) not in groups
        ]
        self._retrieved = self._retrieve()

    def _read(self, file: Path, tokenizer: Tokenizer) -> None:
        source = file.name.removesuffix(".jsonl.gz")
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            rows = [json.loads(line) for line in stream]
        encoded = tokenizer.encode_batch([row["context"] for row in rows], add_special_tokens=False)
        asked = tokenizer.encode_batch(
            [question["question"] for row in rows for question in row["questions"]],
            add_special_tokens=False,
        )
        tokens = iter(asked)
        for row, encoding in zip(rows, encoded, strict=True):
            number = len(self.paragraphs)
            self.paragraphs.append(
                Paragraph(
                    source,
                    row["lang"],
                    row["group"],
                    row["context"],
                    np.array(encoding.ids, np.int32),
                    np.array(encoding.offsets, np.int32).reshape(-1, 2),
                )
            )
            for question in row["questions"]:
                ids = np.array(next(tokens).ids[:MAX_QUESTION], np.int32)
                start, end = question["start"], question["end"]
                if end - start <= MAX_ANSWER_CHARACTERS:
                    self.questions.append(Question(number, ids, question["question"], start, end))

    def _group_members(self) -> dict[str, list[int]]:
        members: dict[str, list[int]] = {}
        for number, paragraph in enumerate(self.paragraphs):
            members.setdefault(paragraph.group, []).append(number)
        return members

    def _unit(self, paragraph: int) -> str:
        group = self.paragraphs[paragraph].group
        return group if len(self._neighbours[group]) <= _LARGE_GROUP else f"{group}#{paragraph}"

    def _hold_back(self) -> list[int]:
        """Whole groups in the order of their hash, until each source has its number."""
        units: dict[str, dict[str, list[int]]] = {source: {} for source in _HELD_BACK}
        for number, question in enumerate(self.questions):
            source = self.paragraphs[question.paragraph].source
            if source in units:
                units[source].setdefault(self._unit(question.paragraph), []).append(number)
        chosen: list[int] = []
        for source, wanted in _HELD_BACK.items():
            taken = 0
            for unit in sorted(units[source], key=lambda u: hashlib.sha256(u.encode()).digest()):
                if taken >= wanted:
                    break
                chosen.extend(units[source][unit])
                taken += len(units[source][unit])
        return chosen

    # --- passages without the answer -----------------------------------------------------------

    def _retrieve(self, depth: int = 8) -> dict[int, list[int]]:
        """For each question the other paragraphs that BM25 ranks first in its language."""
        found: dict[int, list[int]] = {}
        for lang in sorted({paragraph.lang for paragraph in self.paragraphs}):
            numbers = [i for i, p in enumerate(self.paragraphs) if p.lang == lang]
            asked = [
                i for i, q in enumerate(self.questions) if self.paragraphs[q.paragraph].lang == lang
            ]
            ranked = _bm25(
                [_terms(self.paragraphs[i].context, lang) for i in numbers],
                [_terms(self.questions[i].text, lang) for i in asked],
                depth + 1,
            )
            for question, row in zip(asked, ranked, strict=True):
                own = self.questions[question].paragraph
                found[question] = [numbers[j] for j in row if numbers[j] != own][:depth]
        return found

    def _distractor(
        self, number: int, rng: np.random.Generator
    ) -> tuple[int, tuple[int, int] | None]:
        """A paragraph for an unanswerable pair; with a token range when it is the question's own.

        Either a passage of the same article or one that a retriever returns for the question; none
        of them holds the answer's text.
        """
        question = self.questions[number]
        own = self.paragraphs[question.paragraph]
        answer = own.context[question.start : question.end].casefold().strip()
        members = self._neighbours[own.group]
        article = [m for m in members if m != question.paragraph]
        if len(members) > _LARGE_GROUP:
            article = []
        choices = list(rng.permutation(self._retrieved[number]))
        if rng.random() < 0.5:
            elsewhere = self._elsewhere(question, answer, rng)
            if elsewhere is not None:
                return question.paragraph, elsewhere
            choices = list(rng.permutation(article)[:12]) + choices
        for choice in choices:
            if answer not in self.paragraphs[choice].context.casefold():
                return int(choice), None
        return -1, None

    def _elsewhere(
        self, question: Question, answer: str, rng: np.random.Generator
    ) -> tuple[int, int] | None:
        """Tokens of the question's own long article, away from and without its answer."""
        own = self.paragraphs[question.paragraph]
        room = int(rng.integers(140, 230))
        if len(own.tokens) < 2 * room:
            return None
        for _ in range(4):
            first = int(rng.integers(0, len(own.tokens) - room))
            begin, end = int(own.spans[first][0]), int(own.spans[first + room - 1][1])
            if answer not in own.context[begin:end].casefold():
                return first, first + room
        return None

    # --- one pass ------------------------------------------------------------------------------

    def batches(self, number: int, tokens: int) -> list[Batch]:
        """Pass ``number`` as batches of about ``tokens`` tokens, in the order of training."""
        rng = np.random.default_rng([self.seed, number])
        copies = np.array(
            [COPIES[self.paragraphs[self.questions[q].paragraph].source] for q in self.training]
        )
        times = np.floor(copies + rng.random(len(copies))).astype(int)
        drawn = rng.permutation(np.repeat(np.array(self.training), times))
        examples = [self.example(int(q), rng.random() >= UNANSWERABLE, rng) for q in drawn]
        return list(_bucketed([e for e in examples if e is not None], tokens, rng))

    def examination(self, per_source: int | None = None) -> list[Batch]:
        """The held-back questions, each with its own passage and with one that lacks the answer."""
        rng = np.random.default_rng([self.seed, 1 << 20])
        taken: dict[str, int] = {}
        examples: list[Example] = []
        for number in self.held_back:
            source = self.paragraphs[self.questions[number].paragraph].source
            taken[source] = taken.get(source, 0) + 1
            pair = [self.example(number, answerable, rng) for answerable in (True, False)]
            if per_source is None or taken[source] <= per_source:
                examples.extend(e for e in pair if e is not None)
        return list(_bucketed(examples, 4096, rng))

    def example(self, number: int, answerable: bool, rng: np.random.Generator) -> Example | None:
        """The input for a question; ``None`` when no passage without its answer was found."""
        question = self.questions[number]
        chosen, limits = question.paragraph, None
        if not answerable:
            chosen, limits = self._distractor(number, rng)
            if chosen < 0:
                return None
        paragraph = self.paragraphs[chosen]
        low, high = limits or (0, len(paragraph.tokens))
        if answerable:
            answer = answer_tokens(paragraph.spans, question.start, question.end)
            if answer is None:
                return None
        else:
            # A window of a passage without answer is laid around an arbitrary token.
            middle = int(rng.integers(low, high))
            answer = (middle, middle)
        fixed = len(question.tokens) + 4
        limit = int(rng.choice([208, 240, 264, 288]))
        room = max(limit - fixed, answer[1] - answer[0] + 1)
        if fixed + room > MAX_TOKENS:
            return None
        first, last = _window(low, high, answer, room, rng)
        surplus = (fixed + last - first) % BUCKET
        while surplus and last - first > answer[1] - answer[0] + 1:
            if last - 1 - answer[1] >= answer[0] - first:
                last -= 1
            else:
                first += 1
            surplus -= 1
        if surplus:
            return None
        head = len(question.tokens) + 3
        tokens = np.concatenate(
            [[BOS], question.tokens, [EOS, EOS], paragraph.tokens[first:last], [EOS]]
        ).astype(np.int32)
        start, end = (head + answer[0] - first, head + answer[1] - first) if answerable else (0, 0)
        return Example(tokens, head, start, end, number, chosen, first)


def answer_tokens(spans: NDArray[np.int32], start: int, end: int) -> tuple[int, int] | None:
    """The first and last token that share a character with ``start``..``end``."""
    touching = np.flatnonzero((spans[:, 0] < end) & (spans[:, 1] > start))
    return (int(touching[0]), int(touching[-1])) if len(touching) else None


def _window(
    low: int, high: int, answer: tuple[int, int], room: int, rng: np.random.Generator
) -> tuple[int, int]:
    """At most ``room`` tokens of ``low``..``high`` that hold the answer, anywhere in them."""
    if high - low <= room:
        return low, high
    earliest = max(low, answer[1] + 1 - room)
    latest = min(answer[0], high - room)
    first = int(rng.integers(earliest, latest + 1))
    return first, first + room


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
            row[example.first : -1] = True
        yield Batch(
            ids,
            allowed,
            np.array([e.start for e in members]),
            np.array([e.end for e in members]),
            tuple(members),
        )


def _terms(text: str, lang: str) -> list[str]:
    words = re.findall(r"\w+", text.casefold())
    if lang not in ("ja", "zh"):
        return words
    return [word[i : i + 2] for word in words for i in range(max(1, len(word) - 1))]


def _bm25(
    documents: Sequence[Sequence[str]], queries: Sequence[Sequence[str]], depth: int
) -> NDArray[np.int64]:
    """The numbers of the ``depth`` best documents of each query, best first: (queries, depth)."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    vocabulary: dict[str, int] = {}
    lengths = np.array([len(document) for document in documents], np.float32)
    rows: list[int] = []
    columns: list[int] = []
    for number, document in enumerate(documents):
        rows.extend([number] * len(document))
        columns.extend(vocabulary.setdefault(term, len(vocabulary)) for term in document)
    counts = csr_matrix(
        (np.ones(len(rows), np.float32), (rows, columns)), (len(documents), len(vocabulary))
    )
    counts.sum_duplicates()
    held = np.bincount(counts.indices, minlength=len(vocabulary))
    weight = np.log1p((len(documents) - held + 0.5) / (held + 0.5)).astype(np.float32)
    # A term in every fifth document costs most of the time and decides nothing.
    weight[held > len(documents) / 5] = 0
    k1, b = 0.9, 0.4
    norm = k1 * (1 - b + b * lengths / lengths.mean())
    spread = np.repeat(norm, np.diff(counts.indptr))
    counts.data = counts.data * (k1 + 1) / (counts.data + spread) * weight[counts.indices]
    counts.eliminate_zeros()
    by_term = counts.T.tocsr()
    best = np.empty((len(queries), depth), np.int64)
    for at in range(0, len(queries), 512):
        part = [[vocabulary[t] for t in set(q) if t in vocabulary] for q in queries[at : at + 512]]
        pointer = np.cumsum([0, *map(len, part)])
        flat = np.array([column for row in part for column in row], np.int64)
        ones = csr_matrix(
            (np.ones(len(flat), np.float32), flat, pointer), (len(part), len(vocabulary))
        )
        scores = (ones @ by_term).toarray()
        top = np.argpartition(-scores, depth, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1, kind="stable")
        best[at : at + len(part)] = np.take_along_axis(top, order, 1)
    return best


def describe(data: ReaderData) -> dict[str, Any]:
    """Counts for the log: questions by source, in training and held back."""
    counts: dict[str, dict[str, int]] = {"training": {}, "held_back": {}}
    for part, numbers in (("training", data.training), ("held_back", data.held_back)):
        for number in numbers:
            source = data.paragraphs[data.questions[number].paragraph].source
            counts[part][source] = counts[part].get(source, 0) + 1
    return counts
