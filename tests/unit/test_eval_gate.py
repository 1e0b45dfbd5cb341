"""The gate itself: what it lets through, and what an update refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.eval_gate import (
    Floors,
    GateError,
    Measured,
    changes,
    corpus_hash,
    read_floors,
    updated,
    violations,
    write_floors,
)

FLOORS = Floors("c" * 64, {"recall_at_1": 0.9, "citation_validity": 1.0})


def measured(recall: float = 0.95, citations: float = 1.0, corpus: str = "c" * 64) -> Measured:
    return Measured(corpus, {"recall_at_1": (recall, 100), "citation_validity": (citations, 50)})


class TestGate:
    def test_floors_that_hold(self) -> None:
        assert violations("part", FLOORS, measured()) == []
        assert violations("part", FLOORS, measured(recall=0.9)) == []

    def test_each_fallen_figure_is_named_with_its_floor(self) -> None:
        assert violations("part", FLOORS, measured(recall=0.88, citations=0.98)) == [
            "part: recall_at_1 measured 0.8800, floor 0.9000",
            "part: citation_validity measured 0.9800, floor 1.0000",
        ]

    def test_a_figure_that_is_gone_has_fallen(self) -> None:
        [line] = violations("part", FLOORS, Measured("c" * 64, {"recall_at_1": (1.0, 10)}))
        assert line == "part: citation_validity measured nothing, floor 1.0000"

    def test_another_corpus_fails_whatever_the_figures(self) -> None:
        [line] = violations("part", FLOORS, measured(corpus="d" * 64))
        assert (
            "the corpus has changed (sha256 dddddddddddd, the floors are of cccccccccccc)" in line
        )
        assert "--update --corpus" in line

    def test_without_floors_it_fails(self) -> None:
        assert violations("part", None, measured()) == [
            "part: has no floors; python -m tests.eval_gate --update writes them"
        ]


class TestUpdate:
    def test_the_first_floors_are_two_questions_below(self) -> None:
        after = updated("part", None, measured(), lower=False, corpus=False)
        assert after.floors == {"recall_at_1": 0.93, "citation_validity": 1.0}

    def test_floors_rise(self) -> None:
        after = updated("part", FLOORS, measured(recall=0.99), lower=False, corpus=False)
        assert after.floors["recall_at_1"] == 0.97
        assert changes("part", FLOORS, after) == ["part: recall_at_1 raised: 0.9000 → 0.9700"]

    def test_a_figure_above_its_floor_leaves_it_where_the_tolerance_is_below(self) -> None:
        after = updated("part", FLOORS, measured(recall=0.905), lower=False, corpus=False)
        assert after == FLOORS
        assert changes("part", FLOORS, after) == []

    def test_lowering_is_refused_and_each_floor_named(self) -> None:
        fallen = measured(recall=0.88, citations=0.98)
        with pytest.raises(GateError) as error:
            updated("part", FLOORS, fallen, lower=False, corpus=False)
        assert "--lower" in str(error.value)
        assert "recall_at_1 measured 0.8800, floor 0.9000" in str(error.value)
        assert "citation_validity measured 0.9800, floor 1.0000" in str(error.value)

    def test_lowering_when_told_to_is_named_too(self) -> None:
        after = updated("part", FLOORS, measured(recall=0.88), lower=True, corpus=False)
        assert after.floors == {"recall_at_1": 0.86, "citation_validity": 1.0}
        assert changes("part", FLOORS, after) == ["part: recall_at_1 LOWERED: 0.9000 → 0.8600"]

    def test_a_figure_that_is_gone_counts_as_lowered(self) -> None:
        only = Measured("c" * 64, {"recall_at_1": (0.95, 100)})
        with pytest.raises(GateError, match="citation_validity measured nothing"):
            updated("part", FLOORS, only, lower=False, corpus=False)
        after = updated("part", FLOORS, only, lower=True, corpus=False)
        assert "part: citation_validity gone: 1.0000 → –" in changes("part", FLOORS, after)

    def test_another_corpus_is_refused_unless_it_is_meant(self) -> None:
        other = measured(recall=0.95, corpus="d" * 64)
        with pytest.raises(GateError, match="the corpus has changed"):
            updated("part", FLOORS, other, lower=True, corpus=False)
        assert updated("part", FLOORS, other, lower=False, corpus=True).corpus == "d" * 64

    def test_another_corpus_is_no_leave_to_lower(self) -> None:
        other = measured(recall=0.5, corpus="d" * 64)
        with pytest.raises(GateError, match=r"recall_at_1 measured 0\.5000"):
            updated("part", FLOORS, other, lower=False, corpus=True)


def test_floors_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "floors.json"
    assert read_floors(file) == {}
    write_floors(file, {"part": FLOORS})
    assert read_floors(file) == {"part": FLOORS}


def test_the_hash_sees_names_and_bytes_and_no_order(tmp_path: Path) -> None:
    one, two = tmp_path / "a.txt", tmp_path / "b.txt"
    one.write_text("eins", "utf-8")
    two.write_text("zwei", "utf-8")
    before = corpus_hash([one, two], tmp_path)
    assert corpus_hash([two, one], tmp_path) == before
    two.write_text("drei", "utf-8")
    assert corpus_hash([one, two], tmp_path) != before
    two.write_text("zwei", "utf-8")
    assert corpus_hash([one, two.rename(tmp_path / "c.txt")], tmp_path) != before


def test_the_floors_of_the_project_are_of_both_parts() -> None:
    parts = read_floors(Path(__file__).parents[1] / "eval_floors.json")
    assert set(parts) == {"examples-fitting", "examples-judging", "clusters", "xquad-r"}
    assert all(part.floors["citation_validity"] == 1.0 for part in parts.values())
