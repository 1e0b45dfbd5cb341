"""The command ``qa query``."""

from __future__ import annotations

from typing import Annotated

import typer

from index.translation import text
from qa.cli.options import (
    FOUND_NOTHING,
    ExplainOption,
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
    as_json: JsonOption = False,
) -> None:
    """Answer a question, with numbered citations."""
    filters = filters_of(since, until, language, source)
    chosen = None if no_reader else reader
    with open_index(context, index) as opened:
        # Both models are loaded by threads while the rest of the program is.
        opened.begin_loading()
        from qa.reading.base import loading

        loading(chosen).begin()
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
    if as_json:
        print_json(answer)
    else:
        print_text(terminal.answer(answer))
        if explain:
            print_text(terminal.explanation(answer))
    if not answer.found:
        raise typer.Exit(FOUND_NOTHING)
