"""Vectors that are there already: what a changed article has kept is not embedded again.

What a passage is embedded from follows from the record, so nothing has to be stored to find its
vector again but a checksum for each passage: a vector is only taken over where it is still what
was written.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder.embedder import Embedder
from index.legs.dense import codes_arrays, in_blocks
from index.legs.language_centroids import language_arrays
from index.legs.postings import compile_postings
from index.legs.sentence_vectors import NAMES, quantized, stored, vectors_of
from index.records import Article, Chunk
from index.storage import segment
from index.storage.rows import StoredPassage
from index.storage.store import Store
from index.storage.texts import StoredText
from index.text.analysis import terms


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage that is to stand in a segment: what it and its sentences are embedded from."""

    id: int
    text: str
    sentences: tuple[str, ...]
    language: str


@dataclass(slots=True)
class KnownVectors:
    """Vectors (d,) by the SHA-256 of the text they were made from."""

    passages: dict[bytes, NDArray[Any]] = field(default_factory=dict)
    sentences: dict[bytes, NDArray[Any]] = field(default_factory=dict)

    def put(self, piece: Piece, vector: NDArray[Any], sentences: NDArray[Any]) -> None:
        self.passages[_key(piece.text)] = vector
        self.sentences |= zip(map(_key, piece.sentences), sentences, strict=True)


def embedded_text(text: str, title: str, start: int, end: int) -> str:
    """What a passage is found by: its title, then its own text."""
    own = text[start:end]
    return own if not title or own.startswith(title) else f"{title}\n{own}"


def piece_of(number: int, source: Article | StoredText, passage: Chunk | StoredPassage) -> Piece:
    """The piece of a passage of an article or a stored text, to be known by ``number``."""
    text = source.text
    return Piece(
        number,
        embedded_text(text, source.title, passage.start, passage.end),
        tuple(span.of(text) for span in passage.sentences),
        source.language,
    )


def stored_pieces(store: Store, ids: Sequence[int]) -> Iterator[Piece]:
    """The pieces of these passages of the record, in this order; those that are there."""
    text: StoredText | None = None
    passages = store.texts.passages(ids)
    for number in ids:
        if (passage := passages.get(number)) is not None:
            if text is None or text.id != passage.text_id:
                text = store.texts.get(passage.text_id)
            assert text is not None  # passages refer to texts that are there
            yield piece_of(passage.id, text, passage)


def known_vectors(store: Store, folder: Path, text_ids: Iterable[int]) -> KnownVectors:
    """The sound vectors of these texts' passages, from the segments below ``folder``."""
    wanted: dict[int, Piece] = {}
    for text_id in dict.fromkeys(text_ids):
        text = store.texts.get(text_id)
        if text is not None:
            for passage in store.texts.passages_of(text_id):
                wanted[passage.id] = piece_of(passage.id, text, passage)
    known = KnownVectors()
    if wanted:
        for record in store.segments.all():
            take_sound(known, folder, record, wanted)
    return known


def take_sound(
    known: KnownVectors, folder: Path, record: segment.SegmentRecord, wanted: dict[int, Piece]
) -> set[int]:
    """Add the vectors of the passages ``wanted`` that a segment holds unchanged.

    Returns the ids of these passages. What is missing or damaged is left out: it is embedded anew.
    """
    arrays = opened_arrays(folder, record)
    return set() if arrays is None else take_from(known, arrays, wanted)


def opened_arrays(folder: Path, record: segment.SegmentRecord) -> dict[str, NDArray[Any]] | None:
    """What ``take_from`` needs of a segment, None where it cannot be had."""
    opened = {
        name: array
        for name in ("ids", "vectors", "sentence_ends", "vector_checks", *NAMES)
        if (array := _open(folder, record, name)) is not None
    }
    if not opened.keys() >= _SEGMENT_HAS:
        return None
    sizes = {len(opened[name]) for name in _SEGMENT_HAS - {"sentences"}}
    return opened if len(sizes) == 1 else None


_SEGMENT_HAS = {"ids", "vectors", "sentences", "sentence_ends", "vector_checks"}


def take_from(
    known: KnownVectors, arrays: Mapping[str, NDArray[Any]], wanted: Mapping[int, Piece]
) -> set[int]:
    """As ``take_sound``, from the arrays of a segment or some rows of them."""
    ids = arrays["ids"]
    rows = np.flatnonzero(np.isin(ids, np.fromiter(wanted, np.int64, len(wanted))))
    taken = set()
    for row in rows.tolist():
        piece = wanted[int(ids[row])]
        own = sentences_of(arrays, row)
        if is_sound(piece, arrays, row, own):
            known.put(piece, arrays["vectors"][row], vectors_of(arrays, own))
            taken.add(piece.id)
    return taken


def sentences_of(arrays: Mapping[str, NDArray[Any]], row: int) -> slice:
    """The rows of a passage's sentences."""
    ends = arrays["sentence_ends"]
    return slice(int(ends[row - 1]) if row else 0, int(ends[row]))


def embed(
    texts: Sequence[str],
    known: dict[bytes, NDArray[Any]],
    embedder: Embedder,
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Vectors (len(texts), d) of ``texts``; only those that are not ``known`` are computed."""
    keys = [_key(text) for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if progress is not None and len(texts) > len(missing):
        progress(len(texts) - len(missing))
    fresh: dict[bytes, NDArray[Any]] = {}
    if missing:
        vectors = embedder.embed_passages(list(missing.values()), progress)
        fresh = dict(zip(missing, vectors, strict=True))
    found = [fresh[key] if key in fresh else known[key] for key in keys]
    return np.array(found, np.float32).reshape(len(texts), embedder.dimension)


def arrays_of(
    pieces: Sequence[Piece],
    known: KnownVectors,
    embedder: Embedder,
    progress: Callable[[int], None] | None = None,
) -> dict[str, NDArray[np.generic]]:
    """The arrays of a segment that holds ``pieces``, whose ids ascend."""
    texts = [piece.text for piece in pieces]
    vectors = embed(texts, known.passages, embedder, progress).astype(np.float16)
    all_sentences = [sentence for piece in pieces for sentence in piece.sentences]
    sentences = quantized(embed(all_sentences, known.sentences, embedder)).arrays()
    ends = np.cumsum([len(piece.sentences) for piece in pieces], dtype=np.int64)
    languages = [piece.language for piece in pieces]
    postings = compile_postings([terms(piece.text, piece.language) for piece in pieces])
    codes: dict[str, list[NDArray[np.generic]]] = {}
    for name, part in codes_arrays(lambda: in_blocks(vectors), len(vectors)):
        codes.setdefault(name, []).append(part)
    return {
        "ids": np.array([piece.id for piece in pieces], np.int64),
        "vectors": vectors,
        **sentences,
        "sentence_ends": ends,
        "vector_checks": vector_checks(pieces, vectors, sentences, np.diff(ends, prepend=0)),
        **language_arrays(languages, vectors, vectors_of(sentences, slice(None)), ends),
        **postings.arrays(),
        **{name: np.concatenate(parts) for name, parts in codes.items()},
    }


def vector_checks(
    pieces: Iterable[Piece],
    vectors: NDArray[Any],
    sentences: Mapping[str, NDArray[Any]],
    counts: NDArray[np.int64],
) -> NDArray[np.uint32]:
    """The checks (n,) of passages with their vectors (n, d), and how many sentences each has."""
    ends = np.cumsum(counts).tolist()
    return np.array(
        [
            _check(piece, vector, stored(sentences, slice(end - count, end)))
            for piece, vector, end, count in zip(
                pieces, vectors, ends, counts.tolist(), strict=True
            )
        ],
        np.uint32,
    )


def is_sound(piece: Piece, arrays: Mapping[str, NDArray[Any]], row: int, own: slice) -> bool:
    """Whether passage ``row`` of a segment, with its ``own`` sentences, has what was made of it."""
    sentences = stored(arrays, own)
    return len(sentences[0]) == len(piece.sentences) and int(
        arrays["vector_checks"][row]
    ) == _check(piece, arrays["vectors"][row], sentences)


def _check(piece: Piece, vector: NDArray[Any], sentences: Sequence[NDArray[Any]]) -> int:
    """CRC-32 of a passage's embedded text, its sentences' texts, and the vectors made of them."""
    check = 0
    for text in (piece.text, *piece.sentences):
        check = zlib.crc32(text.encode("utf-8", "surrogatepass") + b"\0", check)
    for numbers in (vector, *sentences):
        check = zlib.crc32(np.ascontiguousarray(numbers).tobytes(), check)
    return check


def _open(folder: Path, record: segment.SegmentRecord, name: str) -> NDArray[Any] | None:
    """An array of a segment, None where it cannot be read.

    Not compared with its checksum: each passage's own tells what of a damaged file is sound.
    """
    path = folder / record.name / f"{name}.npy"
    if not path.is_file():  # to open a pipe would take for ever
        return None
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, *segment.UNREADABLE):
        return None
    dimensions = 2 if name in ("vectors", "sentences") else 1
    return array.view(np.ndarray) if array.ndim == dimensions else None


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
