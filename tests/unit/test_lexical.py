"""Compiled postings, BM25 scores by hand, and the choice of the best rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from index.legs.lexical import CompiledBM25, inverse_document_frequency, top
from index.legs.postings import Postings, compile_postings

CORPUS = [["berg", "see", "berg"], [], ["see", "äpfel"], ["zug"]]


def bm25(*segments: Sequence[Sequence[str]], removed: Sequence[int] = ()) -> CompiledBM25:
    live = np.ones(sum(map(len, segments)), dtype=np.bool_)
    live[list(removed)] = False
    return CompiledBM25([compile_postings(segment) for segment in segments], live, k1=0.9, b=0.4)


class TestPostings:
    def test_find(self) -> None:
        postings = compile_postings(CORPUS)
        found = {
            term: [array.tolist() for array in postings.find(term)]
            for term in ("berg", "see", "äpfel", "zug")
        }
        assert found == {
            "berg": [[0], [2]],
            "see": [[0, 2], [1, 1]],
            "äpfel": [[2], [1]],
            "zug": [[3], [1]],
        }
        assert postings.lengths.tolist() == [3, 0, 2, 1]

    @pytest.mark.parametrize("term", ["", "a", "bergs", "ber", "zzz", "\uffff"])
    def test_absent_term(self, term: str) -> None:
        rows, counts = compile_postings(CORPUS).find(term)
        assert (len(rows), len(counts)) == (0, 0)

    def test_arrays_name_all_there_is(self) -> None:
        postings = compile_postings(CORPUS)
        again = Postings.from_arrays(postings.arrays())
        assert again.find("see")[0].tolist() == [0, 2]
        assert again.lengths.tolist() == postings.lengths.tolist()

    @pytest.mark.parametrize("corpus", [[], [[]], [[], []]])
    def test_nothing_to_count(self, corpus: list[list[str]]) -> None:
        postings = compile_postings(corpus)
        assert len(postings.find("berg")[0]) == 0
        assert len(postings.lengths) == len(corpus)


class TestScores:
    def test_by_hand(self) -> None:
        """N = 4, df = 1, tf = 2, dl = 3, avgdl = 6 / 4."""
        scores = bm25(CORPUS).get_scores({"berg": 1.0})
        norm = 0.9 * (1 - 0.4 + 0.4 * 3 / 1.5)
        expected = math.log(1 + 3.5 / 1.5) * 2 * 1.9 / (2 + norm)
        assert scores.tolist() == pytest.approx([expected, 0, 0, 0], rel=1e-6)

    def test_figures_are_those_of_all_segments(self) -> None:
        query = {"see": 1.0, "berg": 2.0}
        together = bm25(CORPUS).get_scores(query)
        assert bm25(CORPUS[:1], CORPUS[1:]).get_scores(query) == pytest.approx(together)

    def test_removed_passages_count_for_nothing(self) -> None:
        scores = bm25(CORPUS, removed=[0]).get_scores({"see": 1.0, "berg": 1.0})
        without = bm25(CORPUS[1:]).get_scores({"see": 1.0, "berg": 1.0})
        assert scores[0] == 0.0
        assert scores[1:] == pytest.approx(without)

    def test_no_segments(self) -> None:
        assert bm25().get_scores({"see": 1.0}).shape == (0,)
        assert bm25().idf("see") > 0.0

    def test_everything_removed(self) -> None:
        scores = bm25(CORPUS, removed=range(4)).get_scores({"see": 1.0})
        assert scores.tolist() == [0, 0, 0, 0]

    def test_a_term_everywhere_still_counts(self) -> None:
        """rank-bm25's own formula gives it a negative weight."""
        assert bm25([["see"]] * 5).get_scores({"see": 1.0}).min() > 0.0

    @pytest.mark.parametrize("passages", [1, 2, 10, 10_000])
    def test_idf_falls_with_frequency_and_stays_above_zero(self, passages: int) -> None:
        steps = sorted({0, 1, passages // 2, passages})
        values = [inverse_document_frequency(passages, df) for df in steps]
        assert values == sorted(values, reverse=True)
        assert values[-1] > 0.0


class TestTop:
    SCORES = np.array([0.0, 2.0, 1.0, 2.0, 0.5], dtype=np.float32)

    def test_equal_scores_come_in_order_of_rows(self) -> None:
        assert top(self.SCORES, 3) == [(1, 2.0), (3, 2.0), (2, 1.0)]
        assert top(self.SCORES, 1) == [(1, 2.0)]

    def test_rows_without_a_score_are_left_out(self) -> None:
        assert [row for row, _ in top(self.SCORES, 10)] == [1, 3, 2, 4]

    def test_limit_applies_before_the_best_are_taken(self) -> None:
        allowed = np.array([True, False, True, False, True])
        assert top(self.SCORES, 2, allowed) == [(2, 1.0), (4, 0.5)]

    def test_nothing(self) -> None:
        assert top(np.zeros(0, np.float32), 3) == []
        assert top(self.SCORES, 3, np.zeros(5, np.bool_)) == []
