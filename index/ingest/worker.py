"""The process in which documents are read that can be slow: ``python -m index.ingest.worker``.

It answers on standard output what it is asked on standard input, one document after the other.
``index/ingest/apart.py`` is the other side.
"""

from __future__ import annotations

import logging
import os
import signal
import sys

from index.ingest.document import Document
from index.ingest.html import read_html
from index.ingest.messages import encoded, message, options_of, receive
from index.ingest.options import ReadOptions
from index.ingest.refusal import refusal
from index.records import Article, Failure
from index.translation import speaking

MEMORY = 1_000_000_000
"""Bytes beyond those that the process has once its libraries are loaded."""
_SPARE_SECONDS = 5

_READERS = {"html": read_html}


def main() -> None:
    """Answer until the input ends."""
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the parent ends this one
    _warm_up()
    _limit_memory()
    answers.write(message({}, b""))  # ready
    answers.flush()
    while (request := receive(requests)) is not None:
        header, data = request
        options = options_of(header["options"])
        _limit_time(options.seconds)
        with speaking(header["language"]):
            answers.write(_answer(header["kind"], Document(header["uri"], data), options))
        answers.flush()


def _answer(kind: str, document: Document, options: ReadOptions) -> bytes:
    items: list[Article | Failure]
    with _Warnings() as warnings:
        try:
            items = [_READERS[kind](document, options)]
        except Exception as error:
            items = [refusal(error, document.uri)]
    return message({"warnings": warnings.said}, encoded(items))


class _Warnings(logging.Handler):
    """What is logged meanwhile, for the other side to say it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[tuple[str, int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append((record.name, record.levelno, record.getMessage()))

    def __enter__(self) -> _Warnings:
        logging.getLogger("index").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("index").removeHandler(self)


def _warm_up() -> None:
    """Load the readers' libraries, so that the limits count what documents need."""
    text = "<p>Ein Satz steht hier, und noch einer.</p>" * 10
    date = '<meta property="article:published_time" content="2024-05-03">'
    page = f"<html><head>{date}</head><body><article>{text}</article></body></html>"
    read_html(Document("", page.encode()), ReadOptions())


def _limit_memory() -> None:
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    except (ImportError, OSError, ValueError):
        return  # macOS has no such file and no such limit; that of time is left


def _limit_time(seconds: float) -> None:
    """End this process some time after its parent should have: that may have been killed."""
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        end = int(used.ru_utime + used.ru_stime + seconds) + _SPARE_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (end, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    except (ImportError, OSError, ValueError):
        return


if __name__ == "__main__":
    main()
