"""Passages that do not answer a question, though a search for it finds them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.reader_sources import CLUSTERS, Paragraph, Question

LARGE_GROUP = 200
"""A group of more paragraphs than this is a collection of unrelated texts, not one article."""

DEPTH = 8
"""Paragraphs that are retrieved for each question."""


class Foreign:
    """For each question, passages of other places without the text of its answer.

    Either of the same article (or part of the same long article), or what a retriever returns.
    """

    def __init__(self, paragraphs: Sequence[Paragraph], questions: Sequence[Question]) -> None:
        self._paragraphs, self._questions = paragraphs, questions
        self._neighbours = _group_members(paragraphs)
        self._retrieved = self._retrieve()

    def draw(
        self, number: int, rng: np.random.Generator, banned: frozenset[int] = frozenset()
    ) -> tuple[int, tuple[int, int] | None]:
        """A paragraph; with a range of its tokens where it is the question's own. -1 for none.

        None of ``banned`` is drawn. A cluster's articles say the same in other words, so for their
        questions the passage is one of another cluster.
        """
        question = self._questions[number]
        if question.answer is None:
            return -1, None
        own = self._paragraphs[question.paragraph]
        start, end = question.answer
        answer = own.context[start:end].casefold().strip()
        members = self._neighbours[own.group]
        apart = own.source == CLUSTERS
        article = [m for m in members if m != question.paragraph]
        if apart or len(members) > LARGE_GROUP:
            article = []
        choices = list(rng.permutation(self._retrieved[number]))
        if rng.random() < 0.5:
            elsewhere = self._elsewhere(own, answer, rng)
            if elsewhere is not None:
                return question.paragraph, elsewhere
            choices = list(rng.permutation(article)[:12]) + choices
        for choice in choices:
            shown = self._paragraphs[choice]
            if choice in banned or (apart and shown.group == own.group):
                continue
            if answer not in f"{shown.title}\n{shown.context}".casefold():
                return int(choice), None
        return -1, None

    def _elsewhere(
        self, own: Paragraph, answer: str, rng: np.random.Generator
    ) -> tuple[int, int] | None:
        """Tokens of the question's own long article, away from and without its answer."""
        room = int(rng.integers(140, 230))
        if len(own.tokens) < 2 * room:
            return None
        for _ in range(4):
            first = int(rng.integers(0, len(own.tokens) - room))
            begin, end = int(own.spans[first][0]), int(own.spans[first + room - 1][1])
            if answer not in own.context[begin:end].casefold():
                return first, first + room
        return None

    def _retrieve(self) -> dict[int, list[int]]:
        """For each answered question the other paragraphs that BM25 ranks first."""
        found: dict[int, list[int]] = {}
        for lang in sorted({paragraph.lang for paragraph in self._paragraphs}):
            numbers = [i for i, p in enumerate(self._paragraphs) if p.lang == lang]
            asked = [
                i
                for i, q in enumerate(self._questions)
                if q.answer is not None and self._paragraphs[q.paragraph].lang == lang
            ]
            ranked = _bm25(
                [_terms(self._paragraphs[i].context, lang) for i in numbers],
                [_terms(self._questions[i].text, lang) for i in asked],
                min(DEPTH + 1, len(numbers) - 1),
            )
            for question, row in zip(asked, ranked, strict=True):
                own = self._questions[question].paragraph
                found[question] = [numbers[j] for j in row if numbers[j] != own][:DEPTH]
        return found


def _group_members(paragraphs: Sequence[Paragraph]) -> dict[str, list[int]]:
    """The numbers of each group's paragraphs."""
    members: dict[str, list[int]] = {}
    for number, paragraph in enumerate(paragraphs):
        members.setdefault(paragraph.group, []).append(number)
    return members


def _terms(text: str, lang: str) -> list[str]:
    words = re.findall(r"\w+", text.casefold())
    if lang not in ("ja", "zh"):
        return words
    return [word[i : i + 2] for word in words for i in range(max(1, len(word) - 1))]


def _bm25(
    documents: Sequence[Sequence[str]], queries: Sequence[Sequence[str]], depth: int
) -> NDArray[np.int64]:
    """The numbers of the ``depth`` best documents of each query, best first: (queries, depth)."""
    from scipy.sparse import csr_matrix

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
