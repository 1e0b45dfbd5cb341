"""The options that several commands share, and the exit codes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index import UsageError
from index.translation import text

if TYPE_CHECKING:
    from index import Filters

FOUND_NOTHING = 1
WRONG_USAGE = 2
FAILED = 3
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
MEGABYTE = 1_000_000


def _day_option(last: bool) -> Callable[[str], date]:
    def parse(value: str) -> date:
        day = parse_day(value, last=last)
        if day is None:
            raise typer.BadParameter(
                text(
                    "{value!r} is not a date; use one such as 2025-06-14, 14.6.2025, 'März 2024', "
                    "2024",
                    value=value,
                )
            )
        return day

    return parse


IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help=text(
            "Folder of the index. Without it QA_INDEX, else a folder in your data directory."
        ),
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help=text("Print one JSON object."))]
SinceOption = Annotated[
    date | None,
    typer.Option(
        parser=_day_option(last=False),
        metavar="DATE",
        help=text(
            "Only articles published on this day or later: 2025-06-14, 14.6.2025, 'März 2024'."
        ),
        show_default=False,
    ),
]
UntilOption = Annotated[
    date | None,
    typer.Option(
        parser=_day_option(last=True),
        metavar="DATE",
        help=text("Only articles published on this day or before."),
        show_default=False,
    ),
]
LanguagesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--language",
        metavar="CODE",
        help=text("Only articles in this language, such as de. May be repeated."),
        show_default=False,
    ),
]
SourcesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help=text("Only articles from this source or publisher. May be repeated."),
        show_default=False,
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help=text("Encoding of the files."), show_default=text("recognised")
    ),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        metavar="CODE", help=text("Language of the articles."), show_default=text("recognised")
    ),
]
MaxSizeOption = Annotated[
    int, typer.Option(metavar="MB", min=1, help=text("Refuse files larger than this."))
]
MaxSecondsOption = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=1, help=text("Refuse a page that takes longer to read.")),
]
ReaderOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help=text("An extractive question-answering model: a folder, or a name on the hub."),
    ),
]
NoReaderOption = Annotated[
    bool, typer.Option("--no-reader", help=text("Answer without a reading model."))
]


def column(told: str) -> Any:
    """The option that names a column or key of tables."""
    return typer.Option(
        metavar="NAME",
        help=told,
        rich_help_panel=text("Columns of .csv and keys of .jsonl (the usual names are recognised)"),
        show_default=False,
    )


PassagesOption = Annotated[
    int,
    typer.Option("-k", metavar="N", min=1, max=100, help=text("Passages to look at.")),
]
NoTimeLimitOption = Annotated[
    bool,
    typer.Option(
        "--no-time-limit",
        help=text("Do not read 'letzte Woche' or 'seit 2023' in the question as a limit."),
    ),
]
RecentOption = Annotated[bool, typer.Option("--recent", help=text("Prefer newer articles."))]
RerankerOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=text("A cross-encoder that orders the passages: a folder, or a name on the hub."),
        show_default=False,
    ),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help=text("Show how each passage was found."))
]
ExportOption = Annotated[
    str | None,
    typer.Option(
        "--export",
        metavar="FORMAT",
        help=text("Print it for other programs: markdown, csv, json, bibtex or csl."),
        show_default=False,
    ),
]
PlotOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE.png", help=text("Write a figure too."), show_default=False),
]
NoRecordOption = Annotated[
    bool,
    typer.Option("--no-record", help=text("Do not keep the figures beside the index.")),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME_OR_PATH",
        help=text("Any SentenceTransformer, for a new index. Without it the built-in model."),
        show_default=False,
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="KIND",
        help=text("What '-' reads: text, markdown, html, jsonl or csv."),
    ),
]
PathsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH",
        help=text("Files (.txt .md .html .jsonl .csv), folders, or '-' for standard input."),
        show_default=False,
    ),
]
TextColumn = Annotated[str | None, column(text("Holds the text."))]
TitleColumn = Annotated[str | None, column(text("Holds the title."))]
SourceColumn = Annotated[str | None, column(text("Holds the source."))]
AuthorsColumn = Annotated[str | None, column(text("Holds the authors."))]
PublisherColumn = Annotated[str | None, column(text("Holds the publisher."))]
PublishedColumn = Annotated[str | None, column(text("Holds the date of publication."))]
LanguageColumn = Annotated[str | None, column(text("Holds the language."))]
IdColumn = Annotated[str | None, column(text("Holds the id."))]


def filters_of(
    since: date | None,
    until: date | None,
    language: list[str] | None,
    source: list[str] | None,
) -> Filters:
    """The filters that the options name. Raises UsageError where no day can fit."""
    from index import Filters

    if since and until and since > until:
        raise UsageError(
            text(
                "--since {since} is after --until {until}, so no article can fit. Swap the two "
                "dates.",
                since=since,
                until=until,
            )
        )
    return Filters(
        since=since,
        until=until,
        languages=tuple(code.lower() for code in language or ()),
        sources=tuple(source or ()),
    )


def parse_day(value: str, *, last: bool) -> date | None:
    """The day that ``value`` names, ISO, German or English; None where it names none.

    A month or a year alone is its first day, or its last where ``last``.
    """
    with contextlib.suppress(ValueError):
        return date.fromisoformat(value.strip())
    if not any(character.isdigit() for character in value):
        return None  # "gestern", "Montag": meant for people, not for a filter that is repeated
    import dateparser

    edge = "last" if last else "first"
    settings = {
        "DATE_ORDER": "DMY",
        "PARSERS": ["absolute-time"],
        "PREFER_DAY_OF_MONTH": edge,
        "PREFER_MONTH_OF_YEAR": edge,
        "REQUIRE_PARTS": ["year"],
    }
    moment = dateparser.parse(value, languages=["de", "en"], settings=settings)
    return moment.date() if moment else None
