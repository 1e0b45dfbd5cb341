"""What one commit adds: articles in batches of bounded size, their texts split and embedded.

A commit may bring one article of a hundred megabytes. Its passages are then written as several
segments, so that only the vectors of some thousand passages are in memory at a time; one
transaction names all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from index.config import IndexConfig
from index.encoder.embedder import Embedder
from index.records import Article, Chunk, Failure
from index.storage import segment
from index.storage.store import Store
from index.text.passages import split

CHARACTERS_PER_COMMIT = 4_000_000
"""Text that is gathered before it is committed, however few articles it comes from."""

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
    text: str, title: str, language: str, config: IndexConfig, embedder: Embedder
) -> tuple[Chunk, ...]:
    """The passages of a text that the embedder can read."""
    return split(
        text,
        title=title,
        language=language,
        count_tokens=embedder.count_tokens,
        limit=config.passage_tokens,
        maximum=embedder.max_tokens - 32,
    )


def write_segments(
    folder: Path,
    store: Store,
    articles: Sequence[Article],
    chunks: Sequence[Sequence[Chunk]],
    embedder: Embedder,
    embedded: Callable[[int], None],
) -> list[segment.SegmentRecord]:
    """Write segments with the passages of ``articles``, which ``chunks`` are, in their order.

    They are numbered on from those that were ever stored. Vectors that the articles had before are
    taken over.
    """
    from index.indexing.reuse import arrays_of, known_vectors, piece_of

    pairs = [
        (article, chunk)
        for article, pieces in zip(articles, chunks, strict=True)
        for chunk in pieces
    ]
    if not pairs:
        return []
    first = store.texts.next_passage_id()
    before = [store.articles.get(article.id) for article in articles]
    known = known_vectors(store, folder, (old.text_id for old in before if old))
    written = []
    for start in range(0, len(pairs), PASSAGES_PER_SEGMENT):
        pieces = [
            piece_of(
                *(number, article.text, article.title, article.language),
                *(chunk.start, chunk.end, chunk.sentences),
            )
            for number, (article, chunk) in enumerate(
                pairs[start : start + PASSAGES_PER_SEGMENT], start=first + start
            )
        ]
        written.append(segment.write(folder, arrays_of(pieces, known, embedder, embedded)))
    return written
