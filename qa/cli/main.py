"""The command ``qa``. Exit codes: 0 fine, 1 nothing found, 2 wrong usage, 3 failed.

Only light modules are imported up here: help, listings and status answer at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index import ArticleNotFoundError, FundstelleError, UsageError
from qa.cli import maintain
from qa.cli.evaluate import evaluate_questions
from qa.cli.options import (
    FAILED,
    FOUND_NOTHING,
    INTERRUPTED,
    MEGABYTE,
    WRONG_USAGE,
    EncodingOption,
    IndexOption,
    JsonOption,
    LanguageOption,
    LanguagesOption,
    MaxSecondsOption,
    MaxSizeOption,
    NoReaderOption,
    ReaderOption,
    SinceOption,
    SourcesOption,
    UntilOption,
    column,
    filters_of,
)
from qa.cli.output import console, count, print_json, say
from qa.cli.work import InterruptedWorkError, interruptible, progress_bar
from qa.show.sanitize import one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from index import AddReport, ArticleSummary, Index

app = typer.Typer(
    name="qa",
    help="Answers questions over your articles, with the passages that prove the answer.",
    epilog="Exit codes: 0 fine, 1 nothing found, 2 wrong usage, 3 failed.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. No error reaches the user as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a character still gets a line
            stream.reconfigure(errors="backslashreplace")
    _show_warnings()
    try:
        app(args=None if arguments is None else list(arguments), prog_name="qa")
        sys.stdout.flush()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else FAILED
        if isinstance(end.__context__, BrokenPipeError):
            return _flushed(0)  # as typer ends then
        if code == INTERRUPTED:
            say("interrupted")
        return _flushed(code)
    except InterruptedWorkError as error:
        say(str(error))
        return _flushed(INTERRUPTED)
    except FundstelleError as error:
        say(str(error))
        return _flushed(_exit_code(error))
    except BrokenPipeError:
        return _flushed(0)
    except KeyboardInterrupt:
        say("interrupted")
        return _flushed(INTERRUPTED)
    except Exception as error:
        if os.environ.get("QA_DEBUG"):
            raise
        say(f"unexpected {type(error).__name__}: {error} (QA_DEBUG=1 shows where)")
        return _flushed(FAILED)
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"qa (fundstelle) {version('fundstelle')}")
        except PackageNotFoundError:
            typer.echo("qa (fundstelle), not installed as a package")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    index: Annotated[
        Path | None,
        typer.Option(
            "--index",
            metavar="DIR",
            envvar="QA_INDEX",
            help="Folder of the index. Without it a folder in your data directory.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    context.obj = index


# ---- commands ------------------------------------------------------------------------------------


@app.command()
def add(
    context: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Files (.txt .md .html .jsonl .csv), folders, or '-' for standard input.",
            show_default=False,
        ),
    ],
    index: IndexOption = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME_OR_PATH",
            help="Any SentenceTransformer, for a new index. Without it the built-in model.",
            show_default=False,
        ),
    ] = None,
    encoding: EncodingOption = None,
    language: LanguageOption = None,
    stdin_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="KIND",
            help="What '-' reads: text, markdown, html, jsonl or csv.",
        ),
    ] = "text",
    max_size: MaxSizeOption = 100,
    max_seconds: MaxSecondsOption = 30,
    text_column: Annotated[str | None, column("text")] = None,
    title_column: Annotated[str | None, column("title")] = None,
    source_column: Annotated[str | None, column("source")] = None,
    authors_column: Annotated[str | None, column("authors")] = None,
    publisher_column: Annotated[str | None, column("publisher")] = None,
    published_column: Annotated[str | None, column("date of publication")] = None,
    language_column: Annotated[str | None, column("language")] = None,
    id_column: Annotated[str | None, column("id")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add articles, or update those whose source is known already."""
    from index import Columns, IndexConfig, ReadOptions

    options = ReadOptions(
        columns=Columns(
            text=text_column,
            title=title_column,
            source=source_column,
            authors=authors_column,
            publisher=publisher_column,
            published=published_column,
            language=language_column,
            id=id_column,
        ),
        encoding=encoding,
        language=language,
        stdin_format=stdin_format,  # type: ignore[arg-type]  # ReadOptions checks it
        max_bytes=max_size * MEGABYTE,
        seconds=max_seconds,
    )
    config = IndexConfig(model=model) if model else None
    with (
        interruptible(index or context.obj),
        _open(context, index, create=True, config=config) as opened,
        progress_bar() as progress,
    ):
        report = opened.add(paths, options, progress=progress)
    _print_report(report, as_json)
    if report.failed:
        raise typer.Exit(FAILED)


@app.command()
def query(
    context: typer.Context,
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="The question, in any language.")
    ],
    index: IndexOption = None,
    k: Annotated[
        int,
        typer.Option("-k", metavar="N", min=1, max=100, help="Passages to look at."),
    ] = 8,
    since: SinceOption = None,
    until: UntilOption = None,
    language: LanguagesOption = None,
    source: SourcesOption = None,
    no_time_limit: Annotated[
        bool,
        typer.Option(
            "--no-time-limit",
            help="Do not read 'letzte Woche' or 'seit 2023' in the question as a limit.",
        ),
    ] = False,
    recent: Annotated[bool, typer.Option("--recent", help="Prefer newer articles.")] = False,
    reranker: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A cross-encoder that orders the passages: a folder, or a name on the hub.",
            show_default=False,
        ),
    ] = None,
    reader: ReaderOption = "default",
    no_reader: NoReaderOption = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how each passage was found.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a question, with numbered citations."""
    from qa import ask
    from qa.show import terminal

    filters = filters_of(since, until, language, source)
    with _open(context, index) as opened:
        answer = ask(
            question,
            opened,
            k=k,
            filters=filters,
            use_time_limit=not no_time_limit,
            reader=None if no_reader else reader,
            reranker=reranker,
            recent=recent,
        )
    if as_json:
        print_json(answer)
    else:
        _print(terminal.answer(answer))
        if explain:
            _print(terminal.explanation(answer))
    if not answer.found:
        raise typer.Exit(FOUND_NOTHING)


app.command("eval")(evaluate_questions)
maintain.register(app)


@app.command()
def show(
    context: typer.Context,
    article: Annotated[
        str, typer.Argument(metavar="ARTICLE", help="Its id, or the beginning of it.")
    ],
    index: IndexOption = None,
    start: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Mark from this character.", show_default=False),
    ] = None,
    end: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Mark up to this character.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a whole article, with the cited place marked."""
    from index import ShownArticle, Span
    from qa.show import terminal

    with _open(context, index) as opened:
        record = opened.article(article)
    mark = None
    if start is not None or end is not None:
        mark = Span(start or 0, len(record.text) if end is None else end)
        if not mark.start <= mark.end <= len(record.text):
            raise UsageError(
                f"{record.id} has the characters 0 to {len(record.text)}: "
                f"{mark.start} to {mark.end} cannot be marked"
            )
    if as_json:
        print_json(ShownArticle.of(record, mark))
    else:
        _print(terminal.article(record, mark, brackets=not _is_coloured(console())))


@app.command("list")
def list_articles(
    context: typer.Context,
    index: IndexOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    language: LanguagesOption = None,
    source: SourcesOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the articles: a table, or tabs between the columns when it is piped."""
    from index import Listing
    from qa.show import terminal

    filters = filters_of(since, until, language, source)
    with _open(context, index) as opened:
        articles = opened.articles(filters)
    if as_json:
        print_json(Listing(tuple(articles)))
    elif sys.stdout.isatty():
        _print_table(articles)
    else:
        for line in terminal.listing(articles):
            print(line)


@app.command()
def remove(
    context: typer.Context,
    articles: Annotated[
        list[str],
        typer.Argument(metavar="ARTICLE", help="Ids, the beginnings of ids, or sources."),
    ],
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove articles from the index. Files are not touched."""
    from index import Removal

    with _open(context, index, read_only=False) as opened:
        removed = opened.remove(articles)
    if as_json:
        print_json(Removal(tuple(removed)))
    else:
        print(f"{count(len(removed), 'article')} removed")


@app.command()
def status(context: typer.Context, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what the index holds, and what could not be read."""
    from qa.show import terminal

    with _open(context, index) as opened:
        record = opened.status()
    if as_json:
        print_json(record)
    else:
        _print(terminal.status(record))


@app.command()
def serve(
    context: typer.Context,
    index: IndexOption = None,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; any but this machine's needs a password."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 7860,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="QA_PASSWORD",
            help="Asked for by the browser; the user name does not matter.",
            show_default=False,
        ),
    ] = None,
    upload_quota: Annotated[
        int, typer.Option(min=1, help="Megabytes for files that were uploaded and not yet added.")
    ] = 1_000,
) -> None:
    """Open the web page on this machine: ask, read, add files."""
    from app import serve as serve_page

    quota = upload_quota * 1_000_000
    serve_page(host, port, password, index or context.obj, upload_quota=quota)


# ---- the work behind the commands ----------------------------------------------------------------


def _open(
    context: typer.Context,
    path: Path | None,
    *,
    read_only: bool = True,
    create: bool = False,
    config: Any = None,
) -> Index:
    from index import Index

    chosen = path or context.obj
    return Index.open(chosen, config, read_only=read_only and not create, create=create)


def _print_report(report: AddReport, as_json: bool) -> None:
    from qa.show import terminal

    if as_json:
        print_json(report)
    else:
        counts = {
            "added": report.added,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "copies of a known text": report.copies,
        }
        told = [f"{len(ids):,} {what}" for what, ids in counts.items() if ids]
        print(f"{', '.join(told) or 'nothing added'}; {count(report.passages, 'new passage')}")
    for item in report.failed:
        print(terminal.failure(item), file=sys.stderr)
    if report.failed and not as_json:
        say(f"{count(len(report.failed), 'source')} could not be read")


def _print_table(articles: Sequence[ArticleSummary]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("id", "published", "lang"):
        table.add_column(name, no_wrap=True)
    table.add_column("title", ratio=3, overflow="fold")
    table.add_column("publisher", ratio=1, overflow="fold")
    table.add_column("passages", justify="right", no_wrap=True)
    for item in articles:
        published = item.published.isoformat() if item.published else ""
        passages = "copy" if item.copy else f"{item.passages:,}"
        texts = (
            *(item.id, published, item.language, item.title or item.source),
            *(item.publisher or "", passages),
        )
        table.add_row(*(Text(one_line(text)) for text in texts))
    console().print(table)
    print(count(len(articles), "article"))


def _is_coloured(terminal: Console) -> bool:
    """Whether a mark shows: NO_COLOR keeps bold and reverse on a terminal."""
    return terminal.is_terminal and terminal.color_system is not None


def _print(text: Text) -> None:
    terminal = console()
    # Lines break at words on a terminal; elsewhere they are left whole for the next program.
    terminal.print(text, end="", soft_wrap=not terminal.is_terminal)


def _exit_code(error: FundstelleError) -> int:
    if isinstance(error, UsageError):
        return WRONG_USAGE
    return FOUND_NOTHING if isinstance(error, ArticleNotFoundError) else FAILED


def _flushed(code: int) -> int:
    """``code``, after what is still to be written; a reader that went away is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end: give it somewhere to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


class _Warnings(logging.Handler):
    """The project's own warnings, such as a date that is not understood, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        say(f"warning: {record.getMessage()}")


def _show_warnings() -> None:
    for name in ("index", "qa"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, _Warnings) for handler in logger.handlers):
            logger.addHandler(_Warnings(logging.WARNING))
            logger.propagate = False


if __name__ == "__main__":
    sys.exit(main())
