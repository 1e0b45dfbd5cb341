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

from index import Index, make_article
from qa import ask
from qa.cli.main import main
from qa.evaluation import evaluate, judge, plots
from qa.evaluation.gold import ExpectedView, Gold, Place, contains, read_gold
from qa.records import Answer, Citation, Evidence, View

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

CLUSTER: dict[str, Any] = {
    "id": "bruecke",
    "articles": [
        {
            "id": "a",
            "title": "Neue Brücke über die Lauter",
            "publisher": "Bote",
            "published": "2023-05-02",
            "text": "Die neue Brücke über die Lauter soll 48 Millionen Euro kosten, sagte "
            "Baudezernentin Iris Vollrath. Gebaut wird ab Herbst.",
        },
        {
            "id": "b",
            "title": "Lauterbrücke wird teurer",
            "publisher": "Kurier",
            "published": "2024-03-11",
            "text": "Die neue Brücke über die Lauter kostet 71 Millionen Euro. Schuld sind die "
            "Preise für Stahl.",
        },
    ],
    "questions": [
        {
            "question": "Wie viel kostet die neue Brücke über die Lauter?",
            "kind": "amount",
            "views": [
                {
                    "value": "48 Millionen Euro",
                    "article": "a",
                    "quote": "Die neue Brücke über die Lauter soll 48 Millionen Euro kosten",
                },
                {
                    "value": "71 Millionen Euro",
                    "article": "b",
                    "quote": "Die neue Brücke über die Lauter kostet 71 Millionen Euro.",
                },
            ],
        },
        {
            "question": "Wer leitet die Baufirma der Lauterbrücke?",
            "kind": "person",
            "views": [],
            "tempting": "Iris Vollrath",
        },
    ],
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_lines(*rows: object) -> Path:
        file = tmp_path / "questions.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        file.write_text("\n".join(lines) + "\n", "utf-8")
        return file

    return write_lines


def test_a_view_is_right_by_its_place_or_by_its_words() -> None:
    article = make_article("Es kostet 48 Mio. Euro, im Jahr 48 Euro.", source="a", language="de")
    gold = Gold(
        1,
        "Was kostet es?",
        values=("48 Millionen Euro",),
        answers=("48 Millionen Euro",),
        views=(
            ExpectedView(("48 Millionen Euro",), (Place(article.sha256, 10, 22),)),
            ExpectedView(("9 Euro",)),
        ),
    )
    citation = Citation(1, article.id, "", "a", None, None, 0, 40, article.text, 0.9)

    def told(value: str, start: int, end: int) -> set[int]:
        view = View(value, (1,), evidence=(Evidence(1, start, end),))
        answer = Answer(gold.question, "de", "amount", True, "", 0.9, (view,), (citation,))
        return judge.expected_of(view, answer, gold, [(article.text, article.sha256)])

    assert told("48 Mio. Euro", 10, 22) == {0}, "its place"
    assert told("Mio. Euro", 13, 22) == {0}, "at least half of the shorter one"
    assert told("48 Euro", 32, 39) == set()
    assert told("neun Euro", 32, 39) == {1}, "the same quantity"


class TestCommand:
    def test_json_plot_and_figures(
        self,
        write: Write,
        sample_folder: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        plot = tmp_path / "eval.png"
        arguments = ["eval", str(write(*GOOD)), "--index", str(sample_folder), "--no-record"]
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

    def test_a_cluster_is_asked_of_its_own_articles(
        self, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        nowhere = tmp_path / "no-index"
        assert main(["eval", str(write(CLUSTER)), "--index", str(nowhere), "--json"]) == 0
        captured = capsys.readouterr()
        assert "asked of the 2 articles that the file itself holds" in captured.err
        assert not nowhere.exists()
        report = json.loads(captured.out)
        assert report["questions"] == {"asked": 2, "answerable": 1, "unanswerable": 1}
        assert report["refusals"].keys() == {"amount", "person"}
        told, untold = report["results"]
        assert (told["expected"], told["kind"]) == (2, "amount")
        assert untold["expected"] is None
        assert set(report["figures"]) >= {"view_precision", "view_recall", "view_false"}
        assert main(["eval", str(write(CLUSTER))]) == 0
        assert "different answers that are told" in capsys.readouterr().out

    def test_a_cluster_that_is_wrong_is_named(
        self, write: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked = CLUSTER["questions"][0]
        view = asked["views"][0]
        wrong = [
            *({**asked, "views": [{**view, "quote": "Das steht dort nicht."}]},),
            *({**asked, "views": [{**view, "value": ""}]},),
            *({**asked, "question": question} for question in (5, "", "?")),
            *(7, "x", None),
        ]
        lines = [{**CLUSTER, "questions": [entry]} for entry in wrong]
        lines.append({**CLUSTER, "articles": ["a.txt"]})
        assert main(["eval", str(write(*lines))]) == 3
        told = capsys.readouterr().err.splitlines()
        reasons = ["form"] * 2 + ["is missing or empty"] * 3 + ["form"] * 3 + ["cannot be read"]
        for number, reason in enumerate(reasons, start=1):
            assert any(f":{number}: " in line and reason in line for line in told), (number, told)

    def test_bad_lines_are_named_and_the_rest_goes_on(
        self, write: Write, sample_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = write("{", GOOD[2], "", {"answers": ["x"]})
        assert (
            main(["eval", str(file), "--index", str(sample_folder), "--no-reader", "--no-record"])
            == 3
        )
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
        self,
        tmp_path: Path,
        write: Write,
        sample_folder: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert main(["eval", str(tmp_path / "x.jsonl"), "--index", str(sample_folder)]) == 3
        assert "x.jsonl: not found" in capsys.readouterr().err
        assert main(["eval", str(write(*GOOD)), "--index", str(tmp_path / "none")]) == 3
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
        assert sum(gold.answerable is True for gold in questions) == 60
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
        assert judge.judge(gold, answer, sample_index).true_citations == len(answer.citations)
        first, *others = answer.citations
        moved = replace(answer, citations=(replace(first, start=first.start + 1), *others))
        assert judge.judge(gold, moved, sample_index).true_citations == len(others)
        gone = replace(answer, citations=(replace(first, article_id="f" * 12), *others))
        assert judge.judge(gold, gone, sample_index).true_citations == len(others)

    def test_the_same_words_of_another_article_are_not_right(self, sample_index: Index) -> None:
        insulin = sample_index.article(
            "https://example.com/millbrook-courier/health/insulin-centenary"
        )
        gold = Gold(1, str(GOOD[0]["question"]), answers=("49 Prozent",), values=("49 Prozent",))
        elsewhere = Gold(**_fields(gold) | {"texts": frozenset([insulin.sha256])})
        answer = ask(gold.question, sample_index)
        assert judge.judge(gold, answer, sample_index).first is True
        judged = judge.judge(elsewhere, answer, sample_index)
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
        assert judge.says(said, expected, "de") is right


class TestReports:
    JUDGED = judge.Judged(
        *(1, "Was?", True, True, "49", 0.9, 1, 1.0, True, True, True, 1.0, 2, 2, 120.0)
    )
    REFUSED = judge.Judged(
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
    def test_a_plot_is_drawn_whatever_there_is(self, judged: list[judge.Judged]) -> None:
        assert plots.draw(judged, "$5 questions_").startswith(b"\x89PNG")


def _fields(gold: Gold) -> dict[str, Any]:
    return {name: getattr(gold, name) for name in Gold.__dataclass_fields__}
