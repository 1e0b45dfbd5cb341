"""A collection counted, and its evaluations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from index import Index, beside, make_article, to_json
from index.translation import speaking
from qa.evaluation.evaluate import summary
from qa.evaluation.judge import Judged
from qa.evaluation.runs import Run, keep_run, kept_runs
from qa.insight import insight
from tests.fakes import WordEmbedder

JUDGED = Judged(*(1, "Was?", True, True, "49", 0.9, 1, 1.0, True, True, True, 1.0, 2, 2, 120.0))
WHEN = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        opened.add_articles(
            make_article(
                f"Text {n}.", source=f"x{n}", language=language, publisher=paper, published=day
            )
            for n, (language, paper, day) in enumerate(
                [
                    ("de", "Bote", date(2024, 5, 31)),
                    ("de", "Kurier", date(2024, 5, 1)),
                    ("de", "Bote", date(2023, 12, 24)),
                    ("en", None, date(987, 1, 1)),
                    ("und", "Anzeiger", None),
                ]
            )
        )
        yield opened


def test_articles_are_counted_by_month_publisher_and_language(index: Index) -> None:
    with speaking("de"):
        found = insight(index)
    assert [(entry.month, entry.articles) for entry in found.months] == [
        ("0987-01", 1),
        ("2023-12", 1),
        ("2024-05", 2),
    ]
    assert (found.undated, found.without_publisher) == (1, 1)
    assert [(entry.name, entry.articles) for entry in found.publishers] == [
        ("Bote", 2),
        ("Anzeiger", 1),
        ("Kurier", 1),
    ]
    languages = [(entry.code, entry.name, entry.articles) for entry in found.languages]
    assert languages[:2] == [("de", "Deutsch", 3), ("en", "Englisch", 1)]
    assert languages[2][::2] == ("und", 1)
    assert found.evaluations == ()
    with speaking("en"):
        assert insight(index).languages[0].name == "German"


def test_an_index_without_articles_has_no_counts(tmp_path: Path) -> None:
    with Index.open(tmp_path / "index", embedder=WordEmbedder()) as opened:
        found = to_json(insight(opened))
    assert not any(found.values())


def test_runs_are_kept_in_their_order(index: Index, tmp_path: Path) -> None:
    first = keep_run(index.path, summary(Path("/home/alice/q.jsonl"), [JUDGED]), WHEN)
    keep_run(index.path, summary(Path("r.jsonl"), []))
    runs = insight(index).evaluations
    assert [run.name for run in runs] == ["q.jsonl", "r.jsonl"]
    assert runs[0] == first
    assert first.questions == {"asked": 1, "answerable": 1, "unanswerable": 0}
    assert (runs[0].figures["recall_at_1"], runs[0].figures["auroc"]) == (1.0, None)
    assert "alice" not in (index.path / beside.EVALUATIONS).read_text("utf-8")
    assert insight(index, tmp_path / "elsewhere").evaluations == ()
    assert to_json(insight(index))["evaluations"][0]["when"] == "2026-01-05T12:00:00+00:00"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "{}",
        '{"name": "a", "when": "gestern", "questions": {}, "figures": {}}',
        '{"name": "a", "when": 5, "questions": {}, "figures": {}}',
        '{"name": "a", "when": "2026-01-05", "questions": [], "figures": {}}',
        '{"name": "a", "when": "2026-01-05", "questions": {"asked": null}, "figures": {}}',
        '{"name": "a", "when": "2026-01-05", "questions": {}, "figures": {"x": NaN}}',
        '{"name": "a", "when": "2026-01-05", "questions": {}, "figures": {"x": 1e999}}',
        '{"name": "a", "when": "2026-01-05", "questions": {"asked": 1e999}, "figures": {}}',
        '{"name": "a", "when": "2026-01-05", "questions": {}, "figures": {"x": "viel"}}',
    ],
)
def test_lines_that_are_no_run_are_passed_over(tmp_path: Path, line: str) -> None:
    good = '{"name": "b", "when": "2026-01-05T00:00:00+00:00", "questions": {}, "figures": {}}'
    (tmp_path / beside.EVALUATIONS).write_text(f"{line}\n{good}\n", "utf-8")
    assert kept_runs(tmp_path) == (Run("b", datetime(2026, 1, 5, tzinfo=UTC), {}, {}),)
