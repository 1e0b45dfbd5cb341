"""Sources to articles: files, folders, standard input; one dispatcher.

>>> for item in read_sources(["articles/"]):
...     print(item.title if isinstance(item, Article) else item.reason)
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from index.errors import SourceError
from index.ingest.apart import read_apart
from index.ingest.document import Document
from index.ingest.files import STDIN, kind_of, read_file, uri_of, walk
from index.ingest.markdown import read_markdown
from index.ingest.options import DEFAULTS, SYNONYMS, Columns, Kind, ReadOptions
from index.ingest.refusal import admitted, refusal
from index.ingest.table import read_csv, read_jsonl
from index.ingest.text import decode, read_text
from index.records import Article, Failure, article_id

__all__ = [
    "SYNONYMS",
    "Columns",
    "Kind",
    "ReadOptions",
    "count_sources",
    "files",
    "read_sources",
    "read_text_file",
    "refusal",
]

logger = logging.getLogger(__name__)

Reader = Callable[[Document, ReadOptions], Iterator[Article | Failure]]


def read_sources(
    sources: Sequence[str | Path],
    options: ReadOptions = DEFAULTS,
    *,
    wanted: Callable[[Path], bool] | None = None,
    finished: Callable[[Path], None] | None = None,
) -> Iterator[Article | Failure]:
    """Every article of ``sources``, in order; a Failure for each thing that cannot be read.

    A source is a file, a folder (walked in sorted order, hidden files left out, links only
    inside of it), or "-" for standard input. ``wanted`` is asked before each file of
    ``count_sources``; one that it refuses is left out. ``finished`` is called with each of the
    others when it is done, whether it could be read or not. Never raises for what a source holds.
    """
    seen: dict[str, str] = {}
    for item in walk(sources):
        if isinstance(item, Failure):
            yield admitted(item)
            continue
        if wanted is not None and not wanted(item):
            continue
        for result in map(admitted, _read(item, options)):
            if isinstance(result, Article):
                _warn_if_repeated(result, item, seen)
            yield result
        if finished is not None:
            finished(item)


def read_text_file(path: Path, max_bytes: int) -> str:
    """The text of one file in whatever encoding it has. Raises SourceError."""
    document = read_file(path, max_bytes)
    return decode(document.data, document.uri)


def count_sources(sources: Sequence[str | Path]) -> list[Path]:
    """The files that ``read_sources`` will read, for a progress bar; "-" is standard input."""
    return [item for item in walk(sources) if isinstance(item, Path)]


def _read(path: Path, options: ReadOptions) -> Iterator[Article | Failure]:
    """One file or standard input, with its errors as Failures."""
    source = "stdin:"
    try:
        source = source if path == STDIN else uri_of(path)
        kind = options.stdin_format if path == STDIN else kind_of(path)
        if kind is None:
            raise SourceError(source, _unknown_kind(path))
        limit = options.max_bytes
        document = _read_stdin(limit) if path == STDIN else read_file(path, limit)
        yield from _READERS[kind](document, options)
    except Exception as error:  # five libraries read what strangers wrote: any kind may come out
        yield refusal(error, source)


def _read_stdin(max_bytes: int) -> Document:
    data = sys.stdin.buffer.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise SourceError("stdin:", f"larger than {max_bytes:,} bytes; split it, or use a file")
    # It has no address, so its content is its name: the same again is the same article.
    return Document(f"stdin:{hashlib.sha256(data).hexdigest()[:12]}", data)


def _one(reader: Callable[[Document, ReadOptions], Article]) -> Reader:
    def read(document: Document, options: ReadOptions) -> Iterator[Article | Failure]:
        yield reader(document, options)

    return read


_READERS: dict[Kind, Reader] = {
    "text": _one(read_text),
    "markdown": _one(read_markdown),
    "html": partial(read_apart, "html"),
    "jsonl": read_jsonl,
    "csv": read_csv,
}


def _unknown_kind(path: Path) -> str:
    return f"files of the kind {path.suffix!r} are not read; use .txt, .md, .html, .jsonl or .csv"


def _warn_if_repeated(article: Article, path: Path, seen: dict[str, str]) -> None:
    """Two articles of one source are an update of the first: rarely meant within one call."""
    before = seen.setdefault(article_id(article.source), article.sha256)
    if before != article.sha256:
        logger.warning(
            "%s: another text of the source %s; the last one read counts",
            ascii(str(path)),
            article.source,
        )
