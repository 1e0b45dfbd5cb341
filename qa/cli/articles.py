"""Commands about articles: add, show, list, remove, status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from index import UsageError
from index.translation import numeral, plural, text
from qa.cli.options import (
    FAILED,
    MEGABYTE,
    AuthorsColumn,
    EncodingOption,
    FormatOption,
    IdColumn,
    IndexOption,
    JsonOption,
    LanguageColumn,
    LanguageOption,
    LanguagesOption,
    MaxSecondsOption,
    MaxSizeOption,
    ModelOption,
    PathsArgument,
    PublishedColumn,
    PublisherColumn,
    SinceOption,
    SourceColumn,
    SourcesOption,
    TextColumn,
    TitleColumn,
    UntilOption,
    filters_of,
)
from qa.cli.output import (
    article_count,
    console,
    could_not_be_read,
    is_coloured,
    new_passages,
    print_json,
    print_text,
    say,
)
from qa.cli.work import interruptible, open_index, progress_bar
from qa.show.counts import counts_of
from qa.show.sanitize import one_line

if TYPE_CHECKING:
    from index import AddReport, ArticleSummary


def add(
    context: typer.Context,
    paths: PathsArgument,
    index: IndexOption = None,
    model: ModelOption = None,
    encoding: EncodingOption = None,
    language: LanguageOption = None,
    stdin_format: FormatOption = "text",
    max_size: MaxSizeOption = 100,
    max_seconds: MaxSecondsOption = 30,
    text_column: TextColumn = None,
    title_column: TitleColumn = None,
    source_column: SourceColumn = None,
    authors_column: AuthorsColumn = None,
    publisher_column: PublisherColumn = None,
    published_column: PublishedColumn = None,
    language_column: LanguageColumn = None,
    id_column: IdColumn = None,
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
        open_index(context, index, create=True, config=config) as opened,
        progress_bar() as progress,
    ):
        report = opened.add(paths, options, progress=progress)
    _print_report(report, as_json)
    if report.failed:
        raise typer.Exit(FAILED)


def show(
    context: typer.Context,
    article: Annotated[
        str, typer.Argument(metavar="ARTICLE", help=text("Its id, or the beginning of it."))
    ],
    index: IndexOption = None,
    start: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help=text("Mark from this character."), show_default=False
        ),
    ] = None,
    end: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help=text("Mark up to this character."), show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a whole article, with the cited place marked."""
    from index import ShownArticle, Span
    from qa.show import terminal

    with open_index(context, index) as opened:
        record = opened.article(article)
    mark = None
    if start is not None or end is not None:
        mark = Span(start or 0, len(record.text) if end is None else end)
        if not mark.start <= mark.end <= len(record.text):
            raise UsageError(
                text(
                    "{id} has the characters 0 to {characters}: {start} to {end} cannot be marked",
                    id=record.id,
                    characters=len(record.text),
                    start=mark.start,
                    end=mark.end,
                )
            )
    if as_json:
        print_json(ShownArticle.of(record, mark))
    else:
        print_text(terminal.article(record, mark, brackets=not is_coloured(console())))


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
    with open_index(context, index) as opened:
        articles = opened.articles(filters)
    if as_json:
        print_json(Listing(tuple(articles)))
    elif sys.stdout.isatty():
        _print_table(articles)
    else:
        for line in terminal.listing(articles):
            print(line)


def remove(
    context: typer.Context,
    articles: Annotated[
        list[str],
        typer.Argument(metavar="ARTICLE", help=text("Ids, the beginnings of ids, or sources.")),
    ],
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove articles from the index. Files are not touched."""
    from index import Removal

    with open_index(context, index, read_only=False) as opened:
        removed = opened.remove(articles)
    if as_json:
        print_json(Removal(tuple(removed)))
    else:
        print(plural("{number} article removed", "{number} articles removed", len(removed)))


def status(context: typer.Context, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what the index holds, and what could not be read."""
    from qa.show import terminal

    with open_index(context, index) as opened:
        record = opened.status()
    if as_json:
        print_json(record)
    else:
        print_text(terminal.status(record))


def _print_report(report: AddReport, as_json: bool) -> None:
    from qa.show import terminal

    if as_json:
        print_json(report)
    else:
        told = counts_of(report) or [text("nothing added")]
        print(f"{', '.join(told)}; {new_passages(report.passages)}")
    for item in report.failed:
        print(terminal.failure(item), file=sys.stderr)
    if report.failed and not as_json:
        say(could_not_be_read(len(report.failed)))


def _print_table(articles: Sequence[ArticleSummary]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in (text("id"), text("published"), text("lang")):
        table.add_column(name, no_wrap=True)
    table.add_column(text("title"), ratio=3, overflow="fold")
    table.add_column(text("publisher"), ratio=1, overflow="fold")
    table.add_column(text("passages"), justify="right", no_wrap=True)
    for item in articles:
        published = item.published.isoformat() if item.published else ""
        passages = text("copy") if item.copy else numeral(item.passages)
        texts = (
            *(item.article_id, published, item.language, item.title or item.source),
            *(item.publisher or "", passages),
        )
        table.add_row(*(Text(one_line(text)) for text in texts))
    console().print(table)
    print(article_count(len(articles)))
