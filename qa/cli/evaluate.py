"""The command ``qa eval``: the figures of a user's own questions, as a table, JSON and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index import FundstelleError
from index.translation import plural, text
from qa.cli.options import (
    FAILED,
    IndexOption,
    JsonOption,
    NoReaderOption,
    PassagesOption,
    PlotOption,
    ReaderOption,
)
from qa.cli.output import console, print_json, question_count, say
from qa.cli.work import bar
from qa.show.sanitize import one_line

if TYPE_CHECKING:
    from qa.evaluation.evaluate import Judged
    from qa.evaluation.gold import BadLine


def evaluate_questions(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.jsonl",
            help=text("Questions with their expected answers, one JSON object a line."),
            show_default=False,
        ),
    ],
    index: IndexOption = None,
    k: PassagesOption = 8,
    reader: ReaderOption = "default",
    no_reader: NoReaderOption = False,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask your own questions and count: ranking, answers, citations, refusals, time."""
    from index import Index
    from qa.evaluation import evaluate, plots
    from qa.evaluation.gold import read_gold

    if plot is not None:
        plots.check_target(plot)
    with Index.open(index or context.obj, read_only=True, create=False) as opened:
        questions, bad = read_gold(file, opened)
        for line in bad:
            say(f"{file}:{line.line}: {line.reason}")
        if not questions:
            raise FundstelleError(
                text(
                    '{file} has no question that can be asked. Write lines such as {{"question": '
                    '"…", "answers": ["…"]}}.',
                    file=file,
                )
            )
        with bar(text("asking"), text("questions"), len(questions)) as move:
            judged = evaluate.evaluate(
                questions,
                opened,
                k=k,
                reader=None if no_reader else reader,
                progress=move and (lambda done: move(completed=done)),
            )
    if plot is not None:
        plots.save(judged, plot, f"{one_line(file.name)}, {question_count(len(judged))}")
    if as_json:
        print_json(evaluate.summary(file, judged, bad))
    else:
        _print_table(judged, bad, plot)
    if untrue := sum(j.citations - j.true_citations for j in judged):
        say(
            plural(
                "{number} citation not in the articles: report this as a defect",
                "{number} citations not in the articles: report this as a defect",
                untrue,
            )
        )
    if bad or untrue:
        raise typer.Exit(FAILED)


def _print_table(judged: Sequence[Judged], bad: Sequence[BadLine], plot: Path | None) -> None:
    from rich import box
    from rich.table import Table

    from qa.evaluation.evaluate import calibrations, figures

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(text("figure"))
    table.add_column(text("value"), justify="right", no_wrap=True)
    table.add_column(text("of"), justify="right", no_wrap=True)
    for figure in figures(judged):
        table.add_row(figure.label, _number(figure.name, figure.value), f"{figure.of:,}")
    names = {"shown": text("first citation right"), "answerable": text("articles answer it")}
    for name, found in calibrations(judged).items():
        of = f"{found.of:,}"
        table.add_row(
            text("calibration error, {what}", what=names[name]),
            f"{found.expected_calibration_error:.3f}",
            of,
        )
        table.add_row(text("Brier score, {what}", what=names[name]), f"{found.brier:.3f}", of)
    console().print(table)
    told = [question_count(len(judged))]
    told += [plural("{number} line left out", "{number} lines left out", len(bad))] if bad else []
    told += [text("plot in {path}", path=one_line(str(plot)))] if plot else []
    print("; ".join(told))


def _number(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if name.endswith("_ms") else f"{value:.3f}"
