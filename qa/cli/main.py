"""The command ``qa``. Exit codes: 0 fine, 1 nothing found, 2 wrong usage, 3 failed.

Only light modules are imported up here: help, listings and status answer at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index import ArticleNotFoundError, FundstelleError, UsageError, translation
from index.translation import text
from qa.cli import articles, maintain, query
from qa.cli.evaluate import evaluate_questions
from qa.cli.options import (
    FAILED,
    FOUND_NOTHING,
    INTERRUPTED,
    WRONG_USAGE,
    IndexOption,
)
from qa.cli.output import first_paragraph, say
from qa.cli.work import InterruptedWorkError

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="qa",
    help=text("Answers questions over your articles, with the passages that prove the answer."),
    epilog=text("Exit codes: 0 fine, 1 nothing found, 2 wrong usage, 3 failed."),
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
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else FAILED
        if isinstance(end.__context__, BrokenPipeError):
            return _flushed(0)  # as typer ends then
        if code == INTERRUPTED:
            say(text("interrupted"))
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
        say(text("interrupted"))
        return _flushed(INTERRUPTED)
    except Exception as error:
        if os.environ.get("QA_DEBUG"):
            raise
        _say_unexpected(error)
        return _flushed(FAILED)
    return _flushed(0)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"qa (fundstelle) {version('fundstelle')}")
        except PackageNotFoundError:
            typer.echo(text("qa (fundstelle), not installed as a package"))
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
            help=text("Folder of the index. Without it a folder in your data directory."),
            show_default=False,
        ),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help=text("Language of the messages: de or en. Without it that of the system."),
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help=text("Print the version.")
        ),
    ] = False,
) -> None:
    context.obj = index
    if lang is not None:
        if lang not in translation.languages():
            raise UsageError(
                text(
                    "There are no messages in {lang!r}; there are: {languages}",
                    lang=lang,
                    languages=", ".join(translation.languages()),
                )
            )
        translation.choose(lang)


def serve(
    context: typer.Context,
    index: IndexOption = None,
    host: Annotated[
        str,
        typer.Option(help=text("Address to listen on; any but this machine's needs a password.")),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help=text("Port to listen on; 0 takes a free one."))
    ] = 7860,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="QA_PASSWORD",
            help=text("Asked for by the browser; the user name does not matter."),
            show_default=False,
        ),
    ] = None,
    upload_quota: Annotated[
        int,
        typer.Option(min=1, help=text("Megabytes for files that were uploaded and not yet added.")),
    ] = 1_000,
) -> None:
    """Open the web page on this machine: ask, read, add files."""
    from qa.warming import warming

    folder = index or context.obj
    with warming(folder):
        from app import serve as serve_page

        serve_page(host, port, password, folder, upload_quota=upload_quota * 1_000_000)


for _name, _function in (
    ("add", articles.add),
    ("query", query.query),
    ("eval", evaluate_questions),
    ("sync", maintain.sync),
    ("forget", maintain.forget),
    ("verify", maintain.verify),
    ("repair", maintain.repair),
    ("backup", maintain.backup),
    ("restore", maintain.restore),
    ("show", articles.show),
    ("list", articles.list_articles),
    ("remove", articles.remove),
    ("status", articles.status),
    ("serve", serve),
):
    app.command(_name, help=text(first_paragraph(_function)))(_function)


def _exit_code(error: FundstelleError) -> int:
    if isinstance(error, UsageError):
        return WRONG_USAGE
    return FOUND_NOTHING if isinstance(error, ArticleNotFoundError) else FAILED


def _flushed(code: int) -> int:
    """``code``, after what is still to be written; a reader that went away is no error."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at its end: give it somewhere to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code == 0 and not isinstance(error, BrokenPipeError):
            _say_unwritable(error)
            return FAILED
    return code


def _say_unexpected(error: Exception) -> None:
    if isinstance(error, OSError) and error.filename is None:
        _say_unwritable(error)  # what is read and stored has its own errors, with names
    else:
        say(
            text(
                "unexpected {name}: {error} (QA_DEBUG=1 shows where)",
                name=type(error).__name__,
                error=error,
            )
        )


def _say_unwritable(error: OSError) -> None:
    reason = error.strerror or error
    say(text("the output cannot be written: {reason}; send it elsewhere", reason=reason))


class _Warnings(logging.Handler):
    """The project's own warnings, such as a date that is not understood, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        say(text("warning: {message}", message=record.getMessage()))


def _show_warnings() -> None:
    for name in ("index", "qa"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, _Warnings) for handler in logger.handlers):
            logger.addHandler(_Warnings(logging.WARNING))
            logger.propagate = False


if __name__ == "__main__":
    sys.exit(main())
