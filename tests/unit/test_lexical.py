"""Compiled postings, BM25 scores by hand, and the choice of the best rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from index.legs import lexical
from index.legs.lexical import CompiledBM25, TermGroup, inverse_document_frequency, top
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


class Counted(Postings):
    """Postings that count what is read of them."""

    touched = 0

    def find(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        rows, counts = super().find(term)
        Counted.touched += len(rows)
        return rows, counts


class TestWork:
    """Counted, not timed: what a query touches are its own terms' postings, and those once."""

    @pytest.fixture
    def counted(self, monkeypatch: pytest.MonkeyPatch) -> CompiledBM25:
        monkeypatch.setattr(Counted, "touched", 0)
        passages = [["oft", f"selten{n // 4}"] + ["halb"] * (n % 2) for n in range(400)]
        segments = [Counted(**vars(compile_postings(passages[i::2]))) for i in range(2)]
        return CompiledBM25(segments, np.ones(400, dtype=np.bool_), k1=0.9, b=0.4)

    def test_a_query_reads_the_postings_of_its_terms_alone(self, counted: CompiledBM25) -> None:
        counted.get_scores({"selten3": 1.0, "selten9": 1.0})
        assert Counted.touched == 8

    def test_what_was_read_once_is_remembered(self, counted: CompiledBM25) -> None:
        first = counted.get_scores({"oft": 1.0, "halb": 2.0})
        assert Counted.touched == 600
        again = counted.get_scores({"halb": 2.0, "oft": 1.0})
        assert again == pytest.approx(first)
        assert Counted.touched == 600

    def test_other_equivalents_are_another_group(self, counted: CompiledBM25) -> None:
        alone = counted.get_group_scores([TermGroup("selten3")])
        joined = counted.get_group_scores([TermGroup("selten3", 1.0, {"selten4": 0.5})])
        assert np.count_nonzero(alone) == 4
        assert np.count_nonzero(joined) == 8

    def test_memory_is_limited(
        self, counted: CompiledBM25, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lexical, "_REMEMBERED_BYTES", 0)
        scores = [counted.get_scores({"oft": 1.0, "selten1": 1.0}).tolist() for _ in range(2)]
        assert scores[0] == scores[1]
        assert Counted.touched == 2 * 404


@pytest.mark.parametrize("share", [1, 3, 4, 5, 50])
def test_frequent_and_rare_terms_are_scored_alike(share: int) -> None:
    """Whether all rows are added to or some, the formula is the same."""
    passages = [["wort"] * (1 + n % 3) if n % share == 0 else ["kein"] for n in range(200)]
    scores = bm25(passages[:90], passages[90:], removed=[0]).get_scores({"wort": 1.5})
    lengths = [len(passage) for passage in passages]
    containing = sum("wort" in passage for passage in passages[1:])
    factor = 1.5 * inverse_document_frequency(199, containing) * 1.9
    average = sum(lengths[1:]) / 199
    expected = [
        factor * n / (n + 0.9 * (0.6 + 0.4 * n / average)) if "wort" in passage else 0.0
        for passage, n in zip(passages, lengths, strict=True)
    ]
    assert scores.tolist() == pytest.approx([0.0, *expected[1:]], rel=1e-5)


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

    @pytest.mark.parametrize("rows", [1_000, 1_281, 4_096, 4_159])
    def test_maxima_of_blocks_lose_none(self, rows: int) -> None:
        """So many rows that their blocks are looked at first, with a last one that is not whole."""
        scores = np.random.default_rng(rows).integers(0, 90, rows).astype(np.float32)
        scores[-1] = 100.0
        order = sorted(range(rows), key=lambda row: (-scores[row], row))
        assert [row for row, _ in top(scores, 6)] == order[:6]
