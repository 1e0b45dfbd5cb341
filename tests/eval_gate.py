"""The quality gate: figures of answers may not fall below the floors of ``eval_floors.json``.

It runs on the example questions everywhere, and on a fixed sample of the development data where
that is present. Each part of the floors stands beside the checksum of the corpus it was measured
on. ``make test`` runs the gate; floors are moved by hand:

    python -m tests.eval_gate                      # figures beside their floors
    python -m tests.eval_gate --update             # raise floors; none is ever lowered
    python -m tests.eval_gate --update --lower     # lower them too, each named
    python -m tests.eval_gate --update --corpus    # after the corpus was changed on purpose
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pytest
import typer

from bench import answers, retrieval, truth
from corpora.data import xquad
from corpora.examples import EXAMPLES, judging_questions
from corpora.folder import DATA
from corpora.indexes import open_corpus
from index import Filters, Index
from qa import ask
from qa.evaluation import metrics
from qa.evaluation.evaluate import calibrations, evaluate, figures
from qa.evaluation.gold import read_gold
from qa.evaluation.judge import Judged

ROOT = Path(__file__).resolve().parents[1]
FLOORS = Path(__file__).with_name("eval_floors.json")

TOLERATED = 2
"""Questions by which a figure may fall: machines without bfloat16 round otherwise."""

PARTS = ("clusters", "examples-fitting", "examples-judging", "xquad-r")

EXACT = frozenset({"citation_validity"})
"""Figures without tolerance."""

EVERY = 8
"""Of the development questions every eighth is answered; the gate has little time."""

TODAY = date(2026, 1, 1)
"""What "last week" in a question is counted from, so that figures do not change with the day."""

EVERY_OF_CLUSTERS = 4
"""The same for the questions on clusters of news."""

SHARED_FILES = ("xquad-r/de.dev.json", "gnad/articles.dev.csv")
CLUSTERS_FILE = "news/clusters.jsonl"


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one part, each as (value, number of questions it is over)."""

    corpus: str
    figures: Mapping[str, tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Floors:
    """The floors of one part, and the checksum of the corpus that they hold for."""

    corpus: str
    floors: Mapping[str, float]


class GateError(Exception):
    """Floors that may not be changed so; the message names each."""


# --- the tests ---------------------------------------------------------------------------------


def test_the_examples_are_answered_as_well_as_before(sample_index: Index) -> None:
    parts = measure_examples(sample_index).items()
    broken = [line for part, found in parts for line in violations(part, _part(part), found)]
    assert not broken, "\n".join(broken)


def test_views_of_news_are_as_true_as_before() -> None:
    if not (DATA / CLUSTERS_FILE).is_file():
        pytest.skip(f"no {CLUSTERS_FILE} in {DATA}; FUNDSTELLE_DATA names another folder")
    stored = _part("clusters")
    if stored is not None and stored.corpus != clusters_hash():
        pytest.skip(f"{DATA} holds other development data than the floors were measured on")
    broken = violations("clusters", stored, measure_clusters())
    assert not broken, "\n".join(broken)


def test_the_development_questions_are_answered_as_well_as_before() -> None:
    missing = missing_data()
    if missing:
        pytest.skip(missing)
    stored = _part("xquad-r")
    if stored is not None and stored.corpus != shared_hash():
        # The data lie outside the project; floors of these say nothing about others.
        pytest.skip(f"{DATA} holds other development data than the floors were measured on")
    broken = violations("xquad-r", stored, measure_shared())
    assert not broken, "\n".join(broken)


def _part(part: str) -> Floors | None:
    return read_floors(FLOORS).get(part)


# --- floors ------------------------------------------------------------------------------------


def violations(part: str, stored: Floors | None, measured: Measured) -> list[str]:
    """A line for each floor that does not hold; one alone where the corpus is another."""
    if stored is None:
        return [f"{part}: has no floors; python -m tests.eval_gate --update writes them"]
    if stored.corpus != measured.corpus:
        return [
            f"{part}: the corpus has changed (sha256 {measured.corpus[:12]}, the floors are of "
            f"{stored.corpus[:12]}). Restore it, or if the change is meant: "
            "python -m tests.eval_gate --update --corpus"
        ]
    return [
        f"{part}: {name} measured {_shown(measured, name)}, floor {floor:.4f}"
        for name, floor in stored.floors.items()
        if name not in measured.figures or measured.figures[name][0] < floor
    ]


def updated(
    part: str, stored: Floors | None, measured: Measured, *, lower: bool, corpus: bool
) -> Floors:
    """The floors after a measurement: its figures less the tolerance, and never below the old.

    A figure below its floor, or gone, is a GateError that names it, unless ``lower``; then every
    floor is set anew. A changed corpus is one unless ``corpus``.
    """
    reached = {name: _floor(name, *figure) for name, figure in measured.figures.items()}
    if stored is None:
        return Floors(measured.corpus, reached)
    if stored.corpus != measured.corpus and not corpus:
        raise GateError(
            f"{part}: the corpus has changed (sha256 {measured.corpus[:12]}, the floors are of "
            f"{stored.corpus[:12]}). Give --corpus too if the change is meant."
        )
    if lower:
        return Floors(measured.corpus, reached)
    fallen = [
        f"{part}: {name} measured {_shown(measured, name)}, floor {floor:.4f}"
        for name, floor in stored.floors.items()
        if name not in measured.figures or measured.figures[name][0] < floor
    ]
    if fallen:
        raise GateError(
            "\n".join(["These floors would be lowered; give --lower if that is meant:", *fallen])
        )
    kept = {name: max(floor, stored.floors.get(name, 0.0)) for name, floor in reached.items()}
    return Floors(measured.corpus, kept)


def changes(part: str, before: Floors | None, after: Floors) -> list[str]:
    """A line for each floor that an update changes."""
    old = before.floors if before else {}
    lines = []
    for name in dict.fromkeys([*old, *after.floors]):
        was, becomes = old.get(name), after.floors.get(name)
        if was == becomes:
            continue
        if was is None or becomes is None:
            verb = "new" if was is None else "gone"
        else:
            verb = "raised" if becomes > was else "LOWERED"
        lines.append(f"{part}: {name} {verb}: {_or_dash(was)} → {_or_dash(becomes)}")
    return lines


def read_floors(path: Path) -> dict[str, Floors]:
    """The parts of a floors file; none where there is no file yet."""
    if not path.is_file():
        return {}
    stored = json.loads(path.read_text("utf-8"))
    return {part: Floors(entry["corpus"], entry["floors"]) for part, entry in stored.items()}


def write_floors(path: Path, parts: Mapping[str, Floors]) -> None:
    """Write all parts, in the order of their names."""
    stored = {
        part: {"corpus": entry.corpus, "floors": dict(entry.floors)}
        for part, entry in sorted(parts.items())
    }
    path.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")


def _floor(name: str, value: float, of: int) -> float:
    """The value less the tolerance, rounded down to four digits."""
    tolerance = 0.0 if name in EXACT else TOLERATED / of
    # The small sum undoes what binary fractions lose: 0.9 - 0.1 is a floor of 0.8, not 0.7999.
    return max(0.0, math.floor((value - tolerance) * 10_000 + 1e-6) / 10_000)


def _shown(measured: Measured, name: str) -> str:
    return f"{measured.figures[name][0]:.4f}" if name in measured.figures else "nothing"


def _or_dash(floor: float | None) -> str:
    return "–" if floor is None else f"{floor:.4f}"


# --- measuring ---------------------------------------------------------------------------------


def corpus_hash(files: Iterable[Path], root: Path) -> str:
    """SHA-256 over the files' names below ``root`` and their bytes, in the order of the names."""
    digest = hashlib.sha256()
    for file in sorted(files):
        data = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def measure_examples(index: Index) -> dict[str, Measured]:
    """The figures of ``qa eval`` on both parts of the example questions, times left out."""
    questions, bad = read_gold(EXAMPLES / "questions.jsonl", index)
    assert not bad, bad
    judging = judging_questions()
    files = [EXAMPLES / "questions.jsonl", EXAMPLES / "parts.toml"]
    corpus = corpus_hash([*files, *(EXAMPLES / "articles").iterdir()], EXAMPLES)
    measured = {}
    for part, is_judging in (("examples-fitting", False), ("examples-judging", True)):
        asked = [q for q in questions if (q.question in judging) == is_judging]
        measured[part] = Measured(corpus, _figures_of(evaluate(asked, index, today=TODAY)))
    return measured


def _figures_of(judged: Sequence[Judged]) -> dict[str, tuple[float, int]]:
    """The figures of ``qa eval`` that do not depend on the machine, all the better the higher."""
    found = {
        figure.name: (figure.value, figure.of)
        for figure in figures(judged)
        if figure.value is not None and not figure.name.endswith("_ms")
    }
    if "view_false" in found:
        share, of = found.pop("view_false")
        found["without_a_false_view"] = (1.0 - share, of)
    return found


def clusters_hash() -> str:
    return corpus_hash([DATA / CLUSTERS_FILE], DATA)


def measure_clusters() -> Measured:
    """Views, refusals and calibration on clusters of news, of every fourth question."""
    judged = truth.clusters(EVERY_OF_CLUSTERS)
    calibration = calibrations(judged)["views"]
    error = calibration.expected_calibration_error
    return Measured(
        clusters_hash(),
        {**_figures_of(judged), "calibration_of_views": (1.0 - error, calibration.of)},
    )


def missing_data() -> str | None:
    """What of the development data is not there, and how to name its folder; None where all is."""
    missing = [name for name in SHARED_FILES if not (DATA / name).is_file()]
    if not missing:
        return None
    return f"no {' and no '.join(missing)} in {DATA}; FUNDSTELLE_DATA names another folder"


def shared_hash() -> str:
    return corpus_hash((DATA / name for name in SHARED_FILES), DATA)


def measure_shared() -> Measured:
    """German XQuAD-R: the ranking of all questions, answers and refusals of every eighth.

    For the refusals every second article is shut out by a filter, as if it were not there, and the
    questions on it are asked once more.
    """
    paragraphs = xquad("de")
    questions = [question for paragraph in paragraphs for question in paragraph.questions]
    sample = questions[::EVERY]
    # The index is kept in the project's working folder, which is relative to its root.
    with contextlib.chdir(ROOT), open_corpus("de") as index:
        ranking = retrieval.evaluate(index, questions, "de", "de")
        judged = [answers.judge(q, ask(q.text, index, today=TODAY), index, "de") for q in sample]
        kept = set(list(dict.fromkeys(p.article for p in paragraphs))[::2])
        shut_out = {f"xquad:de:{p.name}" for p in paragraphs if p.article not in kept}
        filters = Filters(
            article_ids=tuple(a.article_id for a in index.articles() if a.source not in shut_out)
        )
        no = [
            ask(q.text, index, filters=filters, today=TODAY).confidence
            for q in sample
            if q.paragraph.rpartition("/")[0] not in kept
        ]
    yes = [j.confidence for j in judged]
    found = answers.figures(judged)
    values = sum(j.holds_value is not None for j in judged)
    return Measured(
        shared_hash(),
        {
            "recall_at_1": (ranking.recall_at_1, len(questions)),
            "recall_at_5": (ranking.recall_at_5, len(questions)),
            "recall_at_10": (ranking.recall_at_10, len(questions)),
            "mrr": (ranking.mrr, len(questions)),
            "sentence_first": (found["first citation holds the answer"], len(sample)),
            "sentence_three": (found["one of the first three does"], len(sample)),
            "value_f1": (found["first view's value, F1"], len(sample)),
            "number_values": (found["numbers, dates, amounts: value holds it"], values),
            "citation_validity": (found["citations that are true"], len(sample)),
            "auroc": (metrics.auroc(yes, no), len(sample)),
            "unanswerable_refused_at_10": (
                metrics.refused_when_losing(answers.REFUSED_AT_MOST, yes, no),
                len(no),
            ),
        },
    )


# --- the command -------------------------------------------------------------------------------


def main(
    update: Annotated[bool, typer.Option("--update", help="Raise the floors.")] = False,
    lower: Annotated[bool, typer.Option("--lower", help="Let floors be lowered.")] = False,
    corpus: Annotated[bool, typer.Option("--corpus", help="Let the corpus be another.")] = False,
) -> None:
    """Print the figures beside their floors; with --update, move the floors."""
    if (lower or corpus) and not update:
        raise typer.BadParameter("--lower and --corpus go with --update")
    stored = read_floors(FLOORS)
    measured = _measure_all()
    for part, found in measured.items():
        known = stored[part].floors if part in stored else {}
        for name, (value, of) in found.figures.items():
            print(f"{part:9} {name:28} {value:.4f}  floor {_or_dash(known.get(name))}  of {of}")
    try:
        broken = (
            _update(stored, measured, lower=lower, corpus=corpus)
            if update
            else [
                line
                for p, found in measured.items()
                for line in violations(p, stored.get(p), found)
            ]
        )
    except GateError as error:
        broken = [str(error), "No floor was changed."]
    for line in broken:
        print(line, file=sys.stderr)
    if broken:
        raise typer.Exit(1)


def _measure_all() -> dict[str, Measured]:
    with TemporaryDirectory() as folder, Index.open(folder) as index:
        index.add([EXAMPLES / "articles"])
        measured = measure_examples(index)
    if (DATA / CLUSTERS_FILE).is_file():
        measured["clusters"] = measure_clusters()
    missing = missing_data()
    if missing:
        print(f"xquad-r: left as it is: {missing}", file=sys.stderr)
    else:
        measured["xquad-r"] = measure_shared()
    return measured


def _update(
    stored: Mapping[str, Floors], measured: Mapping[str, Measured], *, lower: bool, corpus: bool
) -> list[str]:
    """Write the new floors, all or none, and print what changes."""
    after = {
        part: updated(part, stored.get(part), found, lower=lower, corpus=corpus)
        for part, found in measured.items()
    }
    lines = [
        line for part, floors in after.items() for line in changes(part, stored.get(part), floors)
    ]
    print("\n".join(lines or ["no floor changes"]))
    kept = {part: floors for part, floors in stored.items() if part in PARTS}
    write_floors(FLOORS, {**kept, **after})
    return []


if __name__ == "__main__":
    typer.run(main)
