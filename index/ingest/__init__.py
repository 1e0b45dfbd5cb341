"""Sources to articles: files, folders, standard input; one dispatcher.

>>> for item in read_sources(["articles/"]):
...     print(item.title if isinstance(item, Article) else item.reason)
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path

from index.errors import SourceError
from index.ingest.apart import read_apart
from index.ingest.document import Document
from index.ingest.encoding import decode
from index.ingest.files import STDIN, kind_of, read_file, uri_of, walk
from index.ingest.markdown import read_markdown
from index.ingest.options import DEFAULTS, SYNONYMS, Columns, Kind, ReadOptions
from index.ingest.plain import read_text
from index.ingest.refusal import admitted, refusal
from index.ingest.table import read_csv, read_jsonl
from index.records import Article, Failure, article_id
from index.translation import numeral, text

__all__ = [
    "SYNONYMS",
    "Columns",
    "Kind",
    "ReadOptions",
    "SourceFile",
    "files",
    "read_sources",
    "read_text_file",
    "refusal",
]

logger = logging.getLogger(__name__)

Reader = Callable[[Document, ReadOptions], Iterator[Article | Failure]]


def read_sources(
    sources: Sequence[str | Path], options: ReadOptions = DEFAULTS
) -> Iterator[Article | Failure]:
    """Every article of ``sources``, in order; a Failure for each thing that cannot be read.

    A source is a file, a folder (walked in sorted order, hidden files left out, links only
    inside of it), or "-" for standard input. Never raises for what a source holds.
    """
    texts: dict[str, str] = {}
    for item in walk(sources):
        if isinstance(item, Failure):
            yield admitted(item)
        else:
            yield from SourceFile(item, options).items(texts)


class SourceFile:
    """One file of some sources, or standard input; its bytes are read once, when first needed."""

    def __init__(self, path: Path, options: ReadOptions = DEFAULTS) -> None:
        self.path = path
        self.uri = "stdin:" if path == STDIN else uri_of(path)
        self._options = options

    @cached_property
    def sha256(self) -> str:
        """Of its bytes; empty where they cannot be read, of which ``items`` gives the reason."""
        if isinstance(self._document, SourceError):
            return ""
        return hashlib.sha256(self._document.data).hexdigest()

    def items(self, texts: dict[str, str]) -> Iterator[Article | Failure]:
        """Its articles, and a Failure for each thing in it that cannot be read.

        ``texts`` are those read before, by their articles' ids: a second text of one source is
        warned of.
        """
        for result in map(admitted, self._items()):
            if isinstance(result, Article):
                _warn_if_repeated(result, self.path, texts)
            yield result

    def _items(self) -> Iterator[Article | Failure]:
        try:
            is_stdin = self.path == STDIN
            kind = self._options.stdin_format if is_stdin else kind_of(self.path)
            if kind is None:
                raise SourceError(self.uri, _unknown_kind(self.path))
            if isinstance(self._document, SourceError):
                raise self._document
            yield from _READERS[kind](self._document, self._options)
        except Exception as error:  # five libraries read what strangers wrote: any kind may come
            yield refusal(error, self.uri)

    @cached_property
    def _document(self) -> Document | SourceError:
        limit = self._options.max_bytes
        try:
            return _read_stdin(limit) if self.path == STDIN else read_file(self.path, limit)
        except SourceError as error:
            return error


def read_text_file(path: Path, max_bytes: int) -> str:
    """The text of one file in whatever encoding it has. Raises SourceError."""
    document = read_file(path, max_bytes)
    return decode(document.data, document.uri)


def _read_stdin(max_bytes: int) -> Document:
    data = sys.stdin.buffer.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise SourceError(
            "stdin:",
            text(
                "larger than {max_bytes} bytes; split it, or use a file",
                max_bytes=numeral(max_bytes),
            ),
        )
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
    return text(
        "files of the kind {suffix!r} are not read; use .txt, .md, .html, .jsonl or .csv",
        suffix=path.suffix,
    )


def _warn_if_repeated(article: Article, path: Path, texts: dict[str, str]) -> None:
    """Two articles of one source are an update of the first: rarely meant within one call."""
    before = texts.setdefault(article_id(article.source), article.sha256)
    if before != article.sha256:
        logger.warning(
            "%s: another text of the source %s; the last one read counts",
            ascii(str(path)),
            article.source,
        )
