"""The command ``qa query``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from index import UsageError
from index.loaded import undisturbed
from index.translation import is_chosen, speaking, text
from qa.cli.options import (
    FOUND_NOTHING,
    ExplainOption,
    ExportOption,
    IndexOption,
    JsonOption,
    LanguagesOption,
    NoReaderOption,
    NoTimeLimitOption,
    PassagesOption,
    ReaderOption,
    RecentOption,
    RerankerOption,
    SinceOption,
    SourcesOption,
    UntilOption,
    filters_of,
)
from qa.cli.output import print_json, print_text
from qa.cli.work import open_index

if TYPE_CHECKING:
    from qa import Answer


def query(
    context: typer.Context,
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help=text("The question, in any language."))
    ],
    index: IndexOption = None,
    k: PassagesOption = 8,
    since: SinceOption = None,
    until: UntilOption = None,
    language: LanguagesOption = None,
    source: SourcesOption = None,
    no_time_limit: NoTimeLimitOption = False,
    recent: RecentOption = False,
    reranker: RerankerOption = None,
    reader: ReaderOption = "default",
    no_reader: NoReaderOption = False,
    explain: ExplainOption = False,
    export: ExportOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question, with numbered citations."""
    filters = filters_of(since, until, language, source)
    _check_output(export, as_json, explain)
    chosen = None if no_reader else reader
    from qa.reading.base import loading

    # Both models are loaded by threads while the rest of the program is.
    loading(chosen).begin()
    with undisturbed(), open_index(context, index) as opened:
        opened.begin_loading()
        from qa import ask
        from qa.show import terminal

        answer = ask(
            question,
            opened,
            k=k,
            filters=filters,
            use_time_limit=not no_time_limit,
            reader=chosen,
            reranker=reranker,
            recent=recent,
        )
    if export is not None:
        _print_exported(answer, export)
    elif as_json:
        print_json(answer)
    else:
        print_text(terminal.answer(answer))
        if explain:
            print_text(terminal.explanation(answer))
    if not answer.found:
        raise typer.Exit(FOUND_NOTHING)


def _check_output(export: str | None, as_json: bool, explain: bool) -> None:
    """Raise UsageError for what cannot be printed: before the question is asked, not after it."""
    if export is None:
        return
    from qa.export import check_format

    check_format(export)
    if as_json or explain:
        raise UsageError(text("--export prints a file alone: leave out --json and --explain"))


def _print_exported(answer: Answer, name: str) -> None:
    from qa.export import export

    with nullcontext() if is_chosen() else speaking(answer.language):
        content = export(answer, name).content
    # As it is: a line of a CSV file ends with CR and LF everywhere.
    sys.stdout.flush()
    sys.stdout.buffer.write(content.encode("utf-8"))
