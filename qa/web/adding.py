"""Articles added through the page: uploads, or again what could not be read before.

The work is done in a thread of its own, while the page is told how far it has come. Whoever stops
it waits for nothing: the articles at hand are stored, the others are not read.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Event
from typing import Any

from index import AddReport, Index, UsageError
from index.translation import language, speaking, text
from qa.show.counts import counts_of
from qa.show.sanitize import one_line
from qa.show.sources import name_of
from qa.web.additions import Addition, TriedAgain, Uploaded
from qa.web.uploads import NotAnUploadError, Uploads

TOLD_EVERY = 0.5
"""Seconds between two tellings of how far it has come."""

_LOG = logging.getLogger("uvicorn.error")


def adding(
    index: Index, uploads: Uploads, request: Mapping[str, Any], *, stop: Event | None = None
) -> Generator[dict[str, Any], None, None]:
    """Add ``files`` that were uploaded, or try ``sources`` again; yields what the page is told.

    At once and then twice a second how far it is, at last the report. Closed before its end, or
    once ``stop`` is set, it ends after the articles at hand. Uploads are deleted in any case.
    Raises UsageError for what is no upload and for sources that cannot be tried again, and what
    adding to the index raises.
    """
    addition = _addition(index, uploads, request, stop or Event())
    spoken = language()
    pool = ThreadPoolExecutor(1, "adding")
    working = pool.submit(copy_context().run, addition.work)
    pool.shutdown(wait=False)
    try:
        yield addition.message()
        while not wait([working], TOLD_EVERY).done:
            with speaking(spoken):
                message = addition.message()
            yield message
        report = working.result()
        with speaking(spoken):
            message = _done(index, report, is_cut_short=addition.is_cut_short)
        yield message
    except GeneratorExit:
        working.add_done_callback(_log_what_nobody_is_told)
        raise
    finally:
        addition.stopped.set()


def _addition(
    index: Index, uploads: Uploads, request: Mapping[str, Any], stopped: Event
) -> Addition:
    """What a request wants. Raises UsageError."""
    kind, wanted = next(iter(request.items()), ("", None))
    if (
        len(request) != 1
        or kind not in ("files", "sources")
        or not isinstance(wanted, list)
        or not all(isinstance(entry, str) for entry in wanted)
    ):
        raise UsageError(text('An addition names either "files" or "sources".'))
    if not wanted:
        raise UsageError(text("Please choose files first."))
    entries = list(dict.fromkeys(wanted))
    if kind == "sources":
        return TriedAgain(index, stopped, _files_of(index, entries))
    try:
        files = [uploads.file(path) for path in entries]
    except NotAnUploadError as error:
        raise UsageError(text("{error}: upload it again", error=error)) from error
    return Uploaded(index, stopped, files, uploads)


def _files_of(index: Index, sources: Sequence[str]) -> list[str]:
    """The files of sources that could not be read.

    They are taken from the record, which knows the files that were named on this machine: what a
    request or a document says its source is opens no file.
    """
    known = index.failed_files()
    unknown = [source for source in sources if source not in known]
    if unknown:
        raise UsageError(
            text("{name} cannot be tried again: add the file anew.", name=name_of(unknown[0]))
        )
    return list(dict.fromkeys(known[source] for source in sources))


def _done(index: Index, report: AddReport, *, is_cut_short: bool) -> dict[str, Any]:
    """The last thing the page is told."""
    files = index.failed_files() if report.failed else {}
    told = counts_of(report)
    words = f"{', '.join(told)}." if told else text("No article was added.")
    kinds = ("added", "updated", "unchanged", "copies")
    return {
        "stage": "done",
        "cancelled": is_cut_short,
        "report": {
            **{kind: len(getattr(report, kind)) for kind in kinds},
            "passages": report.passages,
            "words": words,
            "failed": [
                {
                    "source": failure.source,
                    "name": name_of(failure.source),
                    "reason": one_line(failure.reason),
                    "again": failure.source in files,
                }
                for failure in report.failed
            ],
        },
    }


def _log_what_nobody_is_told(working: Future[AddReport]) -> None:
    if error := working.exception():
        _LOG.error("an addition that was stopped", exc_info=error)
