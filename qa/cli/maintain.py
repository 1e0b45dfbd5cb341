"""Commands that keep an index: sync, forget, verify, repair, backup, restore."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index import UsageError
from index.translation import numeral, plural, text
from qa.cli.options import (
    FAILED,
    MEGABYTE,
    EncodingOption,
    IndexOption,
    JsonOption,
    LanguageOption,
    MaxSecondsOption,
    MaxSizeOption,
)
from qa.cli.output import (
    article_count,
    megabytes,
    new_passages,
    passage_count,
    print_json,
)
from qa.cli.work import interruptible, progress_bar
from qa.show.counts import counts_of
from qa.show.sanitize import one_line

if TYPE_CHECKING:
    from index import CheckReport, Damage, SyncReport


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (sync, forget, verify, repair, backup, restore):
        app.command()(command)


def sync(
    context: typer.Context,
    folders: Annotated[
        list[str],
        typer.Argument(metavar="FOLDER", help=text("Folders whose files make the articles.")),
    ],
    index: IndexOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=text("Say what would be done, and do nothing."))
    ] = False,
    allow_empty: Annotated[
        bool,
        typer.Option(
            "--allow-empty",
            help=text("Remove all that came from a folder that is now empty or gone."),
        ),
    ] = False,
    encoding: EncodingOption = None,
    language: LanguageOption = None,
    max_size: MaxSizeOption = 100,
    max_seconds: MaxSecondsOption = 30,
    as_json: JsonOption = False,
) -> None:
    """Make the index equal to folders: add, update, and remove what they no longer have."""
    from index import Index, ReadOptions

    options = ReadOptions(
        encoding=encoding,
        language=language,
        max_bytes=max_size * MEGABYTE,
        seconds=max_seconds,
    )
    path = _folder(context, index)
    with (
        interruptible(path),
        Index.open(path) as opened,
        progress_bar() as progress,
    ):
        report = opened.sync(
            folders, options, dry_run=dry_run, allow_empty=allow_empty, progress=progress
        )
    if as_json:
        print_json(report)
    else:
        _print_sync(report)
    for item in report.failed:
        print(f"{one_line(item.source)}: {one_line(item.reason)}", file=sys.stderr)
    if report.failed:
        raise typer.Exit(FAILED)


def forget(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE", help=text("Sources as qa status lists them."), show_default=False
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=text("All sources that could not be read."))
    ] = False,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget sources that could not be read, such as mistyped ones. Articles stay."""
    from index import Forgetting, Index

    if bool(sources) == everything:
        raise UsageError(text("Name the sources to forget, or --all for all that qa status lists."))
    with Index.open(_folder(context, index), create=False) as opened:
        forgotten = opened.forget(None if everything else sources)
    if as_json:
        print_json(Forgetting(forgotten))
    else:
        print(plural("{number} source forgotten", "{number} sources forgotten", len(forgotten)))


def verify(context: typer.Context, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Read everything that is stored, and the model, and name what is damaged."""
    from index import Damage
    from index.encoder.models import damaged_files
    from index.maintenance import check

    report = check.verify(_folder(context, index))
    told = text(
        "does not match its checksum. Delete its folder; the model is made again when needed."
    )
    model = (Damage(str(path), told) for path in damaged_files())
    report = replace(report, damage=(*report.damage, *model))
    if as_json:
        print_json(report)
    else:
        _print_damage(report.damage)
        print(_told(report))
    if report.damage:
        raise typer.Exit(FAILED)


def repair(context: typer.Context, index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Build again what is damaged from what is sound, and name what is lost."""
    from index.maintenance import repair as repairing

    report = repairing.repair(_folder(context, index))
    if as_json:
        print_json(report)
    else:
        _print_damage(report.damage)
        for name in report.lost:
            print(text("lost: {name}", name=one_line(name)))
        if report.kept:
            print(text("The damaged record lies in {kept}", kept=one_line(report.kept)))
        if report.damage:
            print(
                text(
                    "repaired; {passages} written again, of which {embedded} were embedded anew; "
                    "{lost} lost",
                    passages=passage_count(report.passages),
                    embedded=numeral(report.embedded),
                    lost=numeral(len(report.lost)),
                )
            )
        else:
            print(text("nothing is damaged"))
    if report.lost:
        raise typer.Exit(FAILED)


def backup(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=text("The backup to write."), show_default=False)
    ],
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a copy of the whole index into one file, even while others write."""
    from index.maintenance import backup as packing

    report = packing.backup(_folder(context, index), file)
    if as_json:
        print_json(report)
    else:
        what = f"{article_count(report.articles)}, {megabytes(report.bytes)}"
        print(
            text("{what} in {path}, read again and compared", what=what, path=one_line(report.path))
        )


def restore(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=text("A backup of qa backup."), show_default=False),
    ],
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the index of a backup into a new folder. Nothing is overwritten."""
    from index.maintenance import backup as packing

    report = packing.restore(file, _folder(context, index))
    if as_json:
        print_json(report)
    else:
        what = f"{article_count(report.articles)}, {passage_count(report.passages)}"
        print(
            text(
                "{what} in {path}, all compared with their checksums",
                what=what,
                path=one_line(report.path),
            )
        )


def _folder(context: typer.Context, index: Path | None) -> Path:
    from index import default_path

    chosen: Path | None = index or context.obj
    return chosen or default_path()


def _print_sync(report: SyncReport) -> None:
    listed = {
        "added": text("added"),
        "updated": text("updated"),
        "copies": text("copy"),
        "removed": text("removed"),
    }
    width = max(map(len, listed.values()))
    for name, told in listed.items():
        for article_id in getattr(report, name):
            print(f"{told:<{width}} {article_id}  {one_line(report.sources[article_id])}")
    told_counts = counts_of(report)
    if report.failed:
        told_counts.append(f"{numeral(len(report.failed))} {text('failed')}")
    end = text("nothing was changed") if report.dry_run else new_passages(report.passages)
    print(f"{', '.join(told_counts) or text('nothing to do')}; {end}")


def _print_damage(damage: tuple[Damage, ...]) -> None:
    for entry in damage:
        print(
            text(
                "damaged: {where}: {problem}",
                where=one_line(entry.where),
                problem=one_line(entry.problem),
            )
        )


def _told(report: CheckReport) -> str:
    read = (
        article_count(report.articles),
        passage_count(report.passages),
        plural("{number} file", "{number} files", report.files),
        megabytes(report.bytes),
    )
    what = text("{what} read", what=", ".join(read))
    if report.damage:
        damaged = numeral(len(report.damage))
        return text(
            "{what}; {damaged} damaged. qa repair saves what is sound", what=what, damaged=damaged
        )
    return text("{what}; all sound", what=what)
