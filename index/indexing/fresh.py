"""What one commit adds: articles in batches of bounded size, their texts split and embedded.

A commit may bring one article of a hundred megabytes. Its passages are then written as several
segments, so that only the vectors of some thousand passages are in memory at a time; one
transaction names all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.config import IndexConfig
from index.encoder.embedder import Embedder
from index.records import Article, Chunk, Failure
from index.storage import segment
from index.storage.texts import StoredText
from index.text.passages import split

CHARACTERS_PER_COMMIT = 4_000_000
"""Text that is gathered before it is committed, however few articles it comes from."""

if TYPE_CHECKING:
    from index.indexing.reuse import KnownVectors

BESIDE_THE_TEXT = 32
"""Tokens of a model's input that are kept for a prefix ("passage: ") and its marks."""

PASSAGES_PER_SEGMENT = 4_096
"""So many are embedded and indexed at once: with 5 sentences each, 40 MB of vectors."""


def batches(
    stream: Iterable[Article | Failure], articles: int
) -> Iterator[list[Article | Failure]]:
    """What goes into one commit each: so many articles, or so much text."""
    batch: list[Article | Failure] = []
    characters = 0
    for entry in stream:
        batch.append(entry)
        characters += len(entry.text) if isinstance(entry, Article) else 0
        if len(batch) >= articles or characters >= CHARACTERS_PER_COMMIT:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def split_article(
    source: Article | StoredText, config: IndexConfig, embedder: Embedder
) -> tuple[Chunk, ...]:
    """The passages of an article or a stored text that the embedder can read."""
    return split(
        source.text,
        title=source.title,
        language=source.language,
        count_tokens=embedder.count_tokens,
        limit=config.passage_tokens,
        maximum=embedder.max_tokens - BESIDE_THE_TEXT,
    )


def write_segments(
    folder: Path,
    passages: Sequence[tuple[Article, Chunk]],
    first: int,
    known: KnownVectors,
    embedder: Embedder,
    embedded: Callable[[int], None],
) -> list[segment.SegmentRecord]:
    """Write segments with these passages of articles, numbered from ``first``.

    What is ``known`` of their vectors is taken over.
    """
    from index.indexing.reuse import arrays_of, piece_of

    written = []
    for start in range(0, len(passages), PASSAGES_PER_SEGMENT):
        some = passages[start : start + PASSAGES_PER_SEGMENT]
        pieces = [
            piece_of(number, article, chunk)
            for number, (article, chunk) in enumerate(some, start=first + start)
        ]
        written.append(segment.write(folder, arrays_of(pieces, known, embedder, embedded)))
    return written
