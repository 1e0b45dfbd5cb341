"""The command ``qa eval``: the figures of a user's own questions, as a table, JSON and a plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from index import FundstelleError, IndexFolderError
from index.translation import numeral, plural, text
from qa.cli.options import (
    FAILED,
    IndexOption,
    JsonOption,
    NoReaderOption,
    NoRecordOption,
    PassagesOption,
    PlotOption,
    ReaderOption,
)
from qa.cli.output import console, print_json, question_count, say
from qa.cli.work import bar
from qa.show.sanitize import one_line

if TYPE_CHECKING:
    from index import Index
    from qa.evaluation.evaluate import Evaluation
    from qa.evaluation.gold import BadLine
    from qa.evaluation.judge import Judged


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
    no_record: NoRecordOption = False,
    as_json: JsonOption = False,
) -> None:
    """Ask your own questions and count: ranking, answers, citations, refusals, time."""
    from qa.evaluation import evaluate, plots
    from qa.evaluation.gold import read_gold

    if plot is not None:
        plots.check_target(plot)
    with _asked_index(file, index or context.obj) as (opened, is_own):
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
        found = evaluate.summary(file, judged, bad)
        if is_own and not no_record:
            _keep(opened.path, found)
    if plot is not None:
        plots.save(judged, plot, f"{one_line(file.name)}, {question_count(len(judged))}")
    if as_json:
        print_json(found)
    else:
        _print_table(judged, bad, plot)
    if _are_untrue(judged) or bad:
        raise typer.Exit(FAILED)


@contextmanager
def _asked_index(file: Path, folder: Path | None) -> Iterator[tuple[Index, bool]]:
    """The index that is asked: the user's own (True), or of the articles that the file carries."""
    from index import Index
    from qa.evaluation.gold import carried_articles

    articles = carried_articles(file)
    if articles is None:
        with Index.open(folder, read_only=True, create=False) as opened:
            yield opened, True
        return
    say(
        plural(
            "The questions are asked of the {number} article that the file itself holds.",
            "The questions are asked of the {number} articles that the file itself holds.",
            len(articles),
        )
    )
    with TemporaryDirectory() as own, Index.open(Path(own, "index")) as opened:
        opened.add_articles(articles)
        yield opened, False


def _keep(folder: Path, found: Evaluation) -> None:
    """Keep the figures beside the index; where that cannot be, they are shown all the same."""
    from qa.evaluation.runs import keep_run

    try:
        keep_run(folder, found)
    except IndexFolderError as error:
        say(str(error))


def _are_untrue(judged: Sequence[Judged]) -> bool:
    """Whether citations do not stand in their articles, which is told."""
    untrue = sum(j.citations - j.true_citations for j in judged)
    if untrue:
        say(
            plural(
                "{number} citation not in the articles: report this as a defect",
                "{number} citations not in the articles: report this as a defect",
                untrue,
            )
        )
    return untrue > 0


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
    names = {
        "views": text("a view right"),
        "shown": text("first citation right"),
        "answerable": text("articles answer it"),
    }
    for name, found in calibrations(judged).items():
        of = f"{found.of:,}"
        table.add_row(
            text("calibration error, {what}", what=names[name]),
            f"{found.expected_calibration_error:.3f}",
            of,
        )
        table.add_row(text("Brier score, {what}", what=names[name]), f"{found.brier:.3f}", of)
    console().print(table)
    _print_refusals(judged)
    told = [question_count(len(judged))]
    told += [plural("{number} line left out", "{number} lines left out", len(bad))] if bad else []
    told += [text("plot in {path}", path=one_line(str(plot)))] if plot else []
    print("; ".join(told))


def _print_refusals(judged: Sequence[Judged]) -> None:
    """By kind of question, where the file tells kinds."""
    from rich import box
    from rich.table import Table

    from qa.evaluation.evaluate import refusals

    found = refusals(judged)
    if not found:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(text("kind"))
    table.add_column(text("refused, of those that nothing answers"), justify="right")
    table.add_column(text("refused, of the others"), justify="right")
    for kind, entry in found.items():
        table.add_row(
            one_line(kind),
            f"{numeral(entry.refused)}/{numeral(entry.unanswerable)}",
            f"{numeral(entry.lost)}/{numeral(entry.answerable)}",
        )
    console().print(table)


def _number(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if name.endswith("_ms") else f"{value:.3f}"
