"""The benchmark beside the peers: its protocol, its figures, its page. No peer runs here."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from bench.peers import clock, protocol, report
from bench.peers.environments import PEERS, Peer, SideError, last_line, python_of
from bench.peers.figures import Figures, figures, ranks
from bench.peers.measure import Measured, rotated, turns
from bench.peers.processes import Cold, Standing, cold, command_of, finish
from bench.peers.protocol import Asked, Job, Passage, Result

ROOT = Path(__file__).parents[2]
PASSAGES = (Passage("a", "Die Brücke „am Fluss“"), Passage("b", "Zwölf Boxkämpfe"))
QUESTIONS = (Asked("Wo ist die Brücke?", ("a",)), Asked("Wie viele?", ("b", "c")))

SCRIPT = """
from bench.peers.protocol import run
import sys
class Side:
    packages = ("pytest", "no-such-package")
    def create(self, folder, model): print("noise of a library")
    def add(self, passages): self.passages = passages
    def open(self, folder, model): print("more noise")
    def search(self, question, count):
        if question == "Wie?": raise ValueError("no answer to that")
        return ["a", "b"]
run(Side())
"""
"""A side that finds the same two for whatever is asked."""


def job(act: str, tmp_path: Path, questions: tuple[Asked, ...] = QUESTIONS) -> Job:
    result = str(tmp_path / f"{act}.result.json")
    return Job(act, "model", str(tmp_path / "store"), result, PASSAGES, questions)


def command(act: str, tmp_path: Path, questions: tuple[Asked, ...] = QUESTIONS) -> list[str]:
    (tmp_path / "fake_side.py").write_text(SCRIPT, "utf-8")
    return command_of(Path(sys.executable), "fake_side", job(act, tmp_path, questions), tmp_path)


def result(act: str, tmp_path: Path) -> Result:
    return Result.read(tmp_path / f"{act}.result.json")


# --- the protocol --------------------------------------------------------------------------------


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = job("add", tmp_path)
    written.write(tmp_path / "job.json")
    assert Job.read(tmp_path / "job.json") == written


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = Result(1.5, [0.1, 0.25], [["a"], []], {"txtai": "9"})
    written.write(tmp_path / "result.json")
    assert Result.read(tmp_path / "result.json") == written


def test_a_side_adds_and_tells_its_versions(tmp_path: Path) -> None:
    finish(command("add", tmp_path), tmp_path / "log")
    told = result("add", tmp_path)
    assert told.add_seconds > 0.0
    assert list(told.versions) == ["pytest"]


def test_a_side_answers_in_turns_whatever_its_library_prints(tmp_path: Path) -> None:
    standing = Standing(command("search", tmp_path), tmp_path / "log")
    try:
        standing.turn(0, 1)
        standing.turn(1, 2)
        told = standing.result(tmp_path / "search.result.json")
    finally:
        standing.end()
    assert told.found == [["a", "b"], ["a", "b"]]
    assert len(told.search_seconds) == 2


def test_a_side_that_breaks_in_its_turn_says_why(tmp_path: Path) -> None:
    asked = (Asked("Wie?", ("a",)),)
    standing = Standing(command("search", tmp_path, asked), tmp_path / "log")
    try:
        with pytest.raises(SideError, match="ValueError: no answer to that"):
            standing.turn(0, 1)
    finally:
        standing.end()


def test_a_cold_process_has_its_time_and_its_own_memory(tmp_path: Path) -> None:
    told = cold(command("cold", tmp_path), tmp_path / "log")
    assert result("cold", tmp_path).found == [["a", "b"]]
    assert told.seconds > 0.0
    # This process is larger: a child that was measured from here would seem so too.
    assert 5.0 < told.peak_mb < 60.0


def test_a_cold_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(SideError, match="no answer to that"):
        cold(command("cold", tmp_path, (Asked("Wie?", ("a",)),)), tmp_path / "log")


def test_the_clock_ends_what_takes_too_long() -> None:
    sleeping = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
    done = subprocess.run(
        [sys.executable, "-I", str(clock.__file__), "1", *sleeping],
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert json.loads(done.stdout)["code"] == -9


def test_the_network_is_refused_and_this_machine_is_not() -> None:
    refuse = protocol.refuse_the_network
    refuse("socket.connect", (None, ("127.0.0.1", 80)))
    refuse("open", ("file", "r", 0))
    with pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        refuse("socket.connect", (None, ("192.0.2.1", 80)))


# --- the sides -----------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.key)
def test_each_side_has_its_script_and_pinned_versions(peer: Peer) -> None:
    assert (ROOT / f"{peer.module.replace('.', '/')}.py").is_file()
    assert [named for named in peer.requirements if "==" not in named] == []


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.key)
def test_a_side_knows_its_library_alone(peer: Peer) -> None:
    text = (ROOT / f"{peer.module.replace('.', '/')}.py").read_text("utf-8")
    ours = [
        line
        for line in text.splitlines()
        if line.startswith(("from bench", "from qa", "import qa"))
    ]
    assert [line.partition(" import")[0] for line in ours] == ["from bench.peers.protocol"]
    assert ("from index import" in text) == (peer.key == "ours")


def test_ours_comes_first_and_runs_where_we_run(tmp_path: Path) -> None:
    assert PEERS[0].key == "ours"
    assert python_of(PEERS[0], tmp_path) == Path(sys.executable)


def test_the_reason_of_a_failure_is_its_last_line() -> None:
    assert last_line("Traceback\n  File\nValueError: no\n\n") == "ValueError: no"
    assert last_line("\n") == "no word"


# --- figures -------------------------------------------------------------------------------------


def test_a_rank_is_the_place_of_the_first_right_passage() -> None:
    assert ranks([["a", "b"], ["x", "c", "b"]], QUESTIONS) == [1, 2]
    assert ranks([[], ["x"] * 10 + ["b"]], QUESTIONS) == [0, 0]


def test_turns_cover_each_question_once() -> None:
    assert list(turns(5, 2)) == [(0, 2), (2, 4), (4, 5)]
    assert [side for number in range(3) for side in rotated("ab", number)] == list("abbaab")


def test_figures_of_a_side() -> None:
    side = Measured(
        "txtai",
        added=Result(add_seconds=4.0),
        searched=Result(search_seconds=[0.01, 0.03], found=[["a"], ["x", "b"]]),
        cold=[Cold(1.0, 90.0), Cold(5.0, 100.0), Cold(2.0, 95.0)],
        disk_bytes=3_000_000,
    )
    told = figures(side, 8, QUESTIONS)
    assert told.per_second == 2.0
    assert told.p50_ms == pytest.approx(20.0)
    assert (told.cold_seconds, told.cold_mb, told.disk_mb) == (2.0, 100.0, 3.0)
    assert (told.recall_at_1, told.recall_at_5, told.mrr) == (0.5, 1.0, 0.75)


def test_what_was_not_measured_has_no_figure() -> None:
    asking = figures(Measured("qa query", cold=[Cold(1.0, 90.0)]), 8, QUESTIONS)
    assert (asking.cold_seconds, asking.p50_ms, asking.mrr) == (1.0, None, None)
    failed = figures(Measured("x", added=Result(2.0), failure="ImportError"), 8, QUESTIONS)
    assert failed == Figures("x", per_second=4.0, failure="ImportError")


# --- the page ------------------------------------------------------------------------------------

ROWS = [
    Figures("Fundstelle", 12.4, 20.0, 31.04, 0.512, 250.4, 3.21, 0.946, 1.0, 0.965),
    Figures("bm25s", failure="ImportError: /a/path"),
]


def test_the_table_shows_figures_and_who_failed() -> None:
    text = report.markdown(ROWS, "told")
    assert (
        "| Fundstelle | 12 | 20.0 ms | 31.0 ms | 0.51 s | 250 MB | 3.2 MB | .946 | 1.000 | .965 |"
        in text
    )
    assert "| bm25s (failed) |" + " – |" * 9 in text
    assert "/a/path" not in text
    lengths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert lengths == {11}


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    page = f"before\n{report.START}\nold\n{report.END}\nafter\n"
    once = report.between(page, "new")
    assert once == f"before\n{report.START}\nnew\n{report.END}\nafter\n"
    assert report.between(once, "new") == once


@pytest.mark.parametrize("page", ["", report.START, f"{report.END} {report.START}"])
def test_a_page_without_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="there is no"):
        report.between(page, "new")


def test_the_page_has_its_markers_and_the_table_s_columns() -> None:
    page = (ROOT / "docs/performance.md").read_text("utf-8")
    assert report.between(page, "new") != page
    assert f"| {' | '.join(report.COLUMNS)} |" in page
    assert all(f"\n| {peer.title} |" in page for peer in PEERS)


def test_the_story_names_versions_and_the_day() -> None:
    told = report.story(1120, 612, {"txtai": "9.14.0"}, date(2026, 1, 2))
    assert told.startswith("1,120 passages and 612 questions, on 2026-01-02. ")
    assert "txtai 9.14.0" in told
    assert "cores" in told


def test_the_plot_is_the_same_for_the_same_figures(tmp_path: Path) -> None:
    files = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for file in files:
        report.draw(ROWS, file)
    one, two = (file.read_text("utf-8") for file in files)
    assert one == two
    assert "Fundstelle" in one
    assert "bm25s" not in one


def test_the_terminal_s_table_has_a_row_for_each_side() -> None:
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream, width=160).print(report.table(ROWS))
    assert "bm25s: failed" in stream.getvalue()
    assert ".946" in stream.getvalue()
