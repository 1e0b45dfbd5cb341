"""``qa eval`` on a real index: its figures, its reports, and what it says of lines it cannot use."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from index import Index
from qa import ask
from qa.cli.main import main
from qa.evaluation import evaluate, plots
from qa.evaluation.gold import Gold, contains, read_gold

ROOT = Path(__file__).parents[2]
META = "https://example.org/bwt/2025/06/meta-scale-ai"
GOOD: list[dict[str, Any]] = [
    {"question": "Welchen Anteil hat Meta an Scale AI erworben?", "answers": "49 Prozent", "source": META},
    {
        "question": "Who was the first patient to receive insulin?",
        "sentences": ["Leonard Thompson"],
        "values": ["Leonard Thompson"],
        "articles": ["insulin-centenary"],
    },
    {"question": "Wie heißt die Hauptstadt von Australien?", "answers": None},
]  # fmt: skip

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_lines(*rows: object) -> Path:
        file = tmp_path / "questions.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        file.write_text("\n".join(lines) + "\n", "utf-8")
        return file

    return write_lines


class TestCommand:
    def test_json_plot_and_figures(
        self,
        write: Write,
        sample_folder: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        plot = tmp_path / "eval.png"
        arguments = ["eval", str(write(*GOOD)), "--index", str(sample_folder)]
        assert main([*arguments, "--json", "--plot", str(plot)]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        report = json.loads(captured.out)
        assert report["questions"] == {"asked": 3, "answerable": 2, "unanswerable": 1}
        assert report["failed"] == []
        assert report["figures"]["citation_validity"] == 1.0
        assert report["figures"]["recall_at_10"] == 1.0
        assert report["figures"]["unanswerable_refused"] == 1.0
        first, second, third = report["results"]
        assert first["value"] is True
        assert first["first"] is True
        assert second["citations"] == second["true_citations"]
        assert third["rank"] is None
        with Image.open(plot) as image:
            assert image.format == "PNG"
            assert image.width > 1000

    def test_bad_lines_are_named_and_the_rest_goes_on(
        self, write: Write, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = write("{", GOOD[2], "", {"answers": ["x"]})
        assert main(["eval", str(file), "--index", str(sample_folder), "--no-reader"]) == 3
        captured = capsys.readouterr()
        one, four = captured.err.splitlines()
        assert one.startswith(f"qa: {file}:1: not JSON")
        assert four.startswith(f'qa: {file}:4: "question" is missing or empty')
        assert "R@1" in captured.out
        assert "1 question; 2 lines left out" in captured.out

    def test_a_file_without_questions_fails(
        self, write: Write, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["eval", str(write("{")), "--index", str(sample_folder)]) == 3
        assert "has no question that can be asked" in capsys.readouterr().err

    def test_what_is_not_there_is_one_line(
        self, tmp_path: Path, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["eval", str(tmp_path / "x.jsonl"), "--index", str(sample_folder)]) == 3
        assert "x.jsonl: not found" in capsys.readouterr().err
        assert main(["eval", str(tmp_path / "x.jsonl"), "--index", str(tmp_path / "none")]) == 3
        assert "There is no index in" in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["plot.pdf", "none/plot.png"])
    def test_a_plot_that_cannot_be_written_is_told_before_the_work(
        self,
        name: str,
        write: Write,
        sample_folder: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        arguments = ["eval", str(write(*GOOD)), "--index", str(sample_folder)]
        assert main([*arguments, "--plot", str(tmp_path / name)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert name in captured.err

    def test_help_is_light_and_the_plot_library_waits(self) -> None:
        code = (
            "import sys; from qa.cli.main import main; main(['eval', '--help']);"
            "print({'matplotlib', 'torch', 'faiss'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert "Usage: qa eval" in done.stdout
        assert done.stdout.splitlines()[-1] == "set()", done.stderr


class TestGold:
    def test_the_examples_can_all_be_used(self, sample_index: Index) -> None:
        questions, bad = read_gold(ROOT / "examples/questions.jsonl", sample_index)
        assert bad == []
        assert sum(gold.answerable for gold in questions) == 60
        assert len(questions) == 75
        assert all(bool(gold.texts) == gold.answerable for gold in questions)

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("[1]", "not a JSON object"),
            ('{"question": NaN}', "NaN"),
            ("[" * 100_000, "nested too deeply"),
            ({"question": " "}, '"question" is missing or empty'),
            ({"question": "a" * 2001}, "2,000 are the most"),
            ({"question": "Was?", "answers": 5}, '"answers" is not a text'),
            ({"question": "Was?", "answers": "a", "answer": "b"}, "the same field"),
            ({"question": "Was?", "answers": "a", "source": "nope"}, "no article 'nope'"),
            ({"question": "Was?", "answers": "a", "source": "../nope"}, "no article"),
            ({"question": "Was?", "answers": "Quark", "source": META}, "none of the answers"),
        ],
    )
    def test_lines_that_cannot_be_used(
        self, row: object, reason: str, write: Write, sample_index: Index
    ) -> None:
        questions, [bad] = read_gold(write(GOOD[0], row), sample_index)
        assert [gold.line for gold in questions] == [1]
        assert bad.line == 2
        assert reason in bad.reason

    def test_articles_by_id_source_and_end_of_source(
        self, write: Write, sample_index: Index
    ) -> None:
        article = sample_index.article(META)
        names = [article.id, article.id[:6], META, "meta-scale-ai", "06/meta-scale-ai"]
        rows = [GOOD[0] | {"source": name} for name in names]
        questions, bad = read_gold(write(*rows), sample_index)
        assert bad == []
        assert {gold.article_ids for gold in questions} == {(article.id,)}

    @pytest.mark.parametrize(
        ("text", "part", "held"),
        [
            ("Es sind 2,5 Meter", "5", False),
            ("Es sind 15 Meter", "5", False),
            ("Es sind 5 Meter.", "5", True),
            ("für 14,3\u00a0Milliarden Dollar", "14,3 Milliarden  dollar", True),
            ("die Herzinfarkte", "Herz", False),
            ("said $25 billion", "$25 billion", True),
            ("東京の人口", "東京", True),
            ("irgendetwas", " ", False),
        ],
    )
    def test_parts_are_whole_words(self, text: str, part: str, held: bool) -> None:
        assert contains(text, part) is held


class TestJudging:
    def test_a_citation_that_is_not_in_its_article_is_counted(self, sample_index: Index) -> None:
        gold = Gold(1, str(GOOD[0]["question"]), answers=("49 Prozent",), values=("49 Prozent",))
        answer = ask(gold.question, sample_index)
        assert evaluate.judge(gold, answer, sample_index).true_citations == len(answer.citations)
        first, *others = answer.citations
        moved = replace(answer, citations=(replace(first, start=first.start + 1), *others))
        assert evaluate.judge(gold, moved, sample_index).true_citations == len(others)
        gone = replace(answer, citations=(replace(first, article_id="f" * 12), *others))
        assert evaluate.judge(gold, gone, sample_index).true_citations == len(others)

    def test_the_same_words_of_another_article_are_not_right(self, sample_index: Index) -> None:
        insulin = sample_index.article(
            "https://example.com/millbrook-courier/health/insulin-centenary"
        )
        gold = Gold(1, str(GOOD[0]["question"]), answers=("49 Prozent",), values=("49 Prozent",))
        elsewhere = Gold(**_fields(gold) | {"texts": frozenset([insulin.sha256])})
        answer = ask(gold.question, sample_index)
        assert evaluate.judge(gold, answer, sample_index).first is True
        judged = evaluate.judge(elsewhere, answer, sample_index)
        assert (judged.first, judged.rank) == (False, 0)

    @pytest.mark.parametrize(
        ("said", "expected", "right"),
        [
            ("rund 25 Milliarden Dollar", "25 Milliarden Dollar", True),
            ("14 Mrd. Dollar", "14 billion dollars", True),
            ("14 Mrd. Euro", "14 Milliarden Dollar", False),
            ("Juli 2031", "Juli 2032", False),
            ("2016", "im Jahr 2016 in San Francisco gegründet", False),
            ("", "2016", False),
        ],
    )
    def test_values_are_compared_as_quantities(self, said: str, expected: str, right: bool) -> None:
        assert evaluate.says(said, expected, "de") is right


class TestReports:
    JUDGED = evaluate.Judged(
        *(1, "Was?", True, True, "49", 0.9, 1, 1.0, True, True, True, 1.0, 2, 2, 120.0)
    )
    REFUSED = evaluate.Judged(
        *(2, "Wie?", False, False, "", 0.1, None, None, None, None, None, None, 0, 0, 80.0)
    )

    def test_figures_over_one_kind_of_question_are_none_not_zero(self) -> None:
        found = {f.name: f.value for f in evaluate.figures([self.REFUSED])}
        assert found["recall_at_1"] is None
        assert found["citation_validity"] is None
        assert found["auroc"] is None
        assert found["unanswerable_refused"] == 1.0
        assert found["p95_ms"] == 80.0

    def test_calibration_is_of_what_is_shown_and_of_all(self) -> None:
        found = evaluate.calibrations([self.JUDGED, self.REFUSED])
        assert (found["shown"].of, found["answerable"].of) == (1, 2)
        assert found["shown"].expected_calibration_error == pytest.approx(0.1)
        assert set(evaluate.calibrations([self.REFUSED])) == {"answerable"}

    @pytest.mark.parametrize("judged", [[JUDGED, REFUSED], [REFUSED], [JUDGED]])
    def test_a_plot_is_drawn_whatever_there_is(self, judged: list[evaluate.Judged]) -> None:
        assert plots.draw(judged, "$5 questions_").startswith(b"\x89PNG")


def _fields(gold: Gold) -> dict[str, Any]:
    return {name: getattr(gold, name) for name in Gold.__dataclass_fields__}
