"""What storage costs as an index grows: opening, one article more or less, a search, memory, disk.

Texts and vectors are made up: words by Zipf's law, vectors in clusters. They are written as an
addition writes them, in segments with one commit each and with merging, only without a model and
in larger batches. What is measured runs in a process of its own, over files that are in the page
cache if it is large enough; "processor" is the time a search computes, which a busy machine does
not change.

python -m bench.store --sizes 10000,100000
"""

from __future__ import annotations

import hashlib
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from index import Article, Chunk, Filters, Index, IndexConfig, Span, make_article
from index.compatibility import Model
from index.indexing.reuse import piece_of, vector_checks
from index.indexing.writer import Writer, writing
from index.legs.dense import codes_arrays, in_blocks
from index.legs.language_centroids import language_arrays
from index.legs.postings import Postings, by_ending, term_keys
from index.legs.sentence_vectors import quantized, vectors_of
from index.maintenance.check import verify
from index.opening import open_record
from index.storage import segment
from index.text.analysis import terms

DIMENSION = 384
WORDS = 300_000
PASSAGES_PER_ARTICLE = 10
SENTENCES = 5  # of a passage
SENTENCE_WORDS = 12
PASSAGE_WORDS = SENTENCES * SENTENCE_WORDS
ARTICLES_AT_ONCE = 2_000
SEARCHES = 200
CLUSTERS = 2_000
HALF = Filters(since=date(2020, 1, 1))
"""What every other article passes."""


@dataclass(frozen=True, slots=True)
class MadeUpEmbedder:
    """Gives every text a direction of its own near one of the clusters."""

    name: str = "made-up"
    dimension: int = DIMENSION
    max_tokens: int = 512
    fingerprint: str = "made-up"

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        seeds = [int.from_bytes(hashlib.sha256(t.encode()).digest()[:8], "big") for t in texts]
        rows = [made_up_vectors(1, np.random.default_rng(seed)) for seed in seeds]
        return np.concatenate([np.zeros((0, DIMENSION), np.float32), *rows])

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        return self.embed_queries(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 * len(text.split()) for text in texts]


@cache
def clusters() -> NDArray[np.float32]:
    rows = np.random.default_rng(1).standard_normal((CLUSTERS, DIMENSION), dtype=np.float32)
    # A common direction: a model's vectors lie in a narrow cone.
    return rows + 1.5 * np.random.default_rng(2).standard_normal(DIMENSION, dtype=np.float32)


def made_up_vectors(count: int, source: np.random.Generator) -> NDArray[np.float32]:
    noise = source.standard_normal((count, DIMENSION), dtype=np.float32)
    rows: NDArray[np.float32] = clusters()[source.integers(CLUSTERS, size=count)] + noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words with the term that each is analysed to, the most frequent first."""

    words: NDArray[np.object_]
    term_numbers: NDArray[np.int32]  # of each word
    terms: Sequence[bytes]  # sorted
    cumulative: NDArray[np.float64]

    def draw(self, count: int, source: np.random.Generator) -> NDArray[np.int64]:
        return np.searchsorted(self.cumulative, source.random(count))


@cache
def vocabulary() -> Vocabulary:
    choose = random.Random(3)
    syllables = [a + b + c for a in "bdfgklmnprstvw" for b in "aeiou" for c in ["", "l", "n", "r"]]
    found: dict[str, str] = {}
    while len(found) < WORDS:
        word = "".join(choose.choices(syllables, k=choose.randint(2, 4))).capitalize()
        analysed = terms(word, "de")
        if len(analysed) == 1:
            found[word] = analysed[0]
    names = sorted({term.encode() for term in found.values()})
    numbers = {term: number for number, term in enumerate(names)}
    weights = 1.0 / (np.arange(WORDS) + 10.0)
    return Vocabulary(
        np.array(list(found), dtype=object),
        np.array([numbers[term.encode()] for term in found.values()], np.int32),
        names,
        np.cumsum(weights / weights.sum()),
    )


def build(folder: Path, passages: int) -> None:
    """An index of ``passages`` made-up passages."""
    config = IndexConfig()
    with closing(open_record(folder, read_only=False, create=True)) as store:
        model = Model(folder, config, store, MadeUpEmbedder(), named=False)
        with writing(folder, store, config, model) as writer:
            writer.remove(())  # a first commit, which brings the settings
            done = 0
            while done < passages:
                articles = min(ARTICLES_AT_ONCE, (passages - done) // PASSAGES_PER_ARTICLE)
                _write_batch(writer, articles, done)
                writer.merge_what_is_due()
                done += articles * PASSAGES_PER_ARTICLE


def _write_batch(writer: Writer, articles: int, seed: int) -> None:
    source = np.random.default_rng(seed + 10)
    n = articles * PASSAGES_PER_ARTICLE
    drawn = vocabulary().draw(n * PASSAGE_WORDS, source).reshape(n, PASSAGE_WORDS)
    vectors = made_up_vectors(n, source).astype(np.float16)
    sentences = quantized(vectors[source.integers(n, size=n * SENTENCES)]).arrays()
    ends = np.arange(1, n + 1, dtype=np.int64) * SENTENCES
    first = writer.store.texts.next_passage_id()
    made = list(_articles(drawn, seed))
    pieces = [piece_of(0, article, chunk) for article, chunks in made for chunk in chunks]
    arrays: dict[str, NDArray[Any]] = {
        "ids": np.arange(first, first + n, dtype=np.int64),
        "vectors": vectors,
        **sentences,
        "sentence_ends": ends,
        "vector_checks": vector_checks(pieces, vectors, sentences, np.diff(ends, prepend=0)),
        **language_arrays(["de"] * n, vectors, vectors_of(sentences, slice(None)), ends),
        **_postings(drawn).arrays(),
    }
    with segment.Writer(writer.folder / "segments", first) as target:
        for name, array in arrays.items():
            target.append(name, array)
        for name, part in codes_arrays(lambda: in_blocks(vectors), n):
            target.append(name, part)
        record = target.finish()
    with writer.store.atomic():
        for article, chunks in made:
            text_id = writer.store.texts.put(article, first, chunks)
            writer.store.articles.put(article, text_id)
            first += len(chunks)
        writer.store.segments.put(record)


def _postings(drawn: NDArray[np.int64]) -> Postings:
    """The counts of each passage's words, all at once."""
    known = vocabulary()
    rows = np.repeat(np.arange(len(drawn)), PASSAGE_WORDS)
    keys = known.term_numbers[drawn.ravel()].astype(np.int64) * len(drawn) + rows
    unique, counts = np.unique(keys, return_counts=True)
    numbers, sizes = np.unique(unique // len(drawn), return_counts=True)
    names = [known.terms[number] for number in numbers.tolist()]
    return Postings(
        blob=np.frombuffer(b"".join(names), np.uint8),
        term_ends=np.cumsum([len(name) for name in names], dtype=np.int64),
        list_ends=np.cumsum(sizes, dtype=np.int64),
        keys=term_keys(names),
        by_ending=by_ending(names),
        rows=(unique % len(drawn)).astype(np.int32),
        counts=counts.astype(np.int32),
        lengths=np.full(len(drawn), PASSAGE_WORDS, np.int32),
    )


def _articles(drawn: NDArray[np.int64], seed: int) -> Iterator[tuple[Article, list[Chunk]]]:
    words = vocabulary().words[drawn].reshape(-1, PASSAGES_PER_ARTICLE * SENTENCES, SENTENCE_WORDS)
    for number, article in enumerate(words.tolist()):
        spans, texts, at = [], [], 0
        for sentence in article:
            text = " ".join(sentence) + "."
            texts.append(text)
            spans.append(Span(at, at + len(text)))
            at += len(text) + 1
        pieces = [spans[i : i + SENTENCES] for i in range(0, len(spans), SENTENCES)]
        chunks = [Chunk(piece[0].start, piece[-1].end, tuple(piece)) for piece in pieces]
        whole = " ".join(texts)
        published = date(2010 + 10 * (number % 2), 6, 1)
        source = f"made-up:{seed}/{number}"
        yield make_article(whole, source=source, language="de", published=published), chunks


def measure(folder: Path) -> dict[str, float]:
    """The figures of one index, in this process: seconds, bytes, numbers."""
    embedder = MadeUpEmbedder()
    found: dict[str, float] = {}
    with Index.open(folder, embedder=embedder) as index:
        queries, articles = _queries(index), _small_articles(index)
    start = time.perf_counter()
    with Index.open(folder, embedder=embedder) as index:
        with index.snapshot():
            found["open"] = time.perf_counter() - start
        found["first"] = _timed(lambda: index.search(queries[0], language="de"))
        for query in queries[:20]:
            index.search(query, language="de")
        busy = time.process_time()
        times = [_timed(lambda q=q: index.search(q, language="de")) for q in queries[20:]]  # type: ignore[misc]
        found["cpu"] = (time.process_time() - busy) / len(times)
        found["p50"], found["p95"] = np.percentile(times, [50, 95]).tolist()
        filtered = [
            _timed(lambda q=q: index.search(q, language="de", filters=HALF))  # type: ignore[misc]
            for q in queries[20:40]
        ]
        found["filter"], found["filtered"] = filtered[0], statistics.median(filtered[1:])
        adds = [_timed(lambda a=a: index.add_articles([a])) for a in articles]  # type: ignore[misc]
        found["add"], found["add_worst"] = statistics.median(adds), max(adds)
        found["after_add"] = _timed(lambda: index.search(queries[1], language="de"))
        removes = [_timed(lambda n=n: index.remove(f"small:{n}")) for n in range(5)]  # type: ignore[misc]
        found["remove"], found["remove_worst"] = statistics.median(removes), max(removes)
        status = index.status()
        found |= {"segments": status.segments, "disk": status.bytes / status.passages}
    found["own"] = _own_memory()
    found["rss"] = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    if damage := verify(folder).damage:
        raise SystemExit(f"The index is damaged: {damage[:3]}")
    found["verify"] = time.perf_counter() - start
    return found


def _queries(index: Index) -> list[str]:
    """Six words each, of a sentence of the index."""
    choose = random.Random(4)
    summaries = [f"made-up:0/{choose.randrange(900)}" for _ in range(SEARCHES + 20)]
    texts = [index.article(name).text.split(". ") for name in summaries]
    return [" ".join(choose.sample(choose.choice(text).split(), 6)) for text in texts]


def _small_articles(index: Index) -> list[Article]:
    """Ten new articles of two passages, of words that are there."""
    choose = random.Random(5)
    words = index.article("made-up:0/0").text.replace(".", "").split()
    found = []
    for number in range(10):
        sentences = [" ".join(choose.sample(words, SENTENCE_WORDS)) for _ in range(2 * SENTENCES)]
        text = ". ".join(sentences) + "."
        found.append(make_article(text, source=f"small:{number}", language="de"))
    return found


def _own_memory() -> int:
    """Bytes of this process that are no mapped file; those the system takes back as it needs."""
    status = Path("/proc/self/status").read_text().splitlines()
    return sum(1024 * int(line.split()[1]) for line in status if line.startswith("RssAnon"))


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


ROWS: dict[str, Callable[[dict[str, float]], str]] = {
    "open": lambda f: f"{f['open']:.2f} s",
    "first search": lambda f: f"{f['first']:.2f} s",
    "search p50 / p95": lambda f: f"{1e3 * f['p50']:.0f} / {1e3 * f['p95']:.0f} ms",
    "half of it: first / p50": lambda f: f"{1e3 * f['filter']:.0f} / {1e3 * f['filtered']:.0f} ms",
    "processor": lambda f: f"{1e3 * f['cpu']:.0f} ms",
    "add one: median / worst": lambda f: f"{f['add']:.2f} / {f['add_worst']:.2f} s",
    "search after it": lambda f: f"{f['after_add']:.2f} s",
    "remove: median / worst": lambda f: f"{f['remove']:.2f} / {f['remove_worst']:.2f} s",
    "memory, without mapped files": lambda f: f"{f['rss'] / 1e9:.2f}, {f['own'] / 1e9:.2f} GB",
    "disk per passage": lambda f: f"{f['disk']:,.0f} bytes",
    "segments": lambda f: f"{f['segments']:.0f}",
    "verify": lambda f: f"{f['verify']:.0f} s",
    "build": lambda f: f"{f['build']:.0f} s",
}


def main(
    sizes: Annotated[str, typer.Option(help="Passages.")] = "10000,100000,1000000",
    folder: Annotated[Path, typer.Option(help="Where the indexes are built; 6 GB.")] = Path(
        ".fundstelle/bench-store"
    ),
    only: Annotated[Path | None, typer.Option(help="Measure this index and print JSON.")] = None,
) -> None:
    """Print a table with a column for each size; the indexes are removed afterwards."""
    if only:
        print(json.dumps(measure(only)))
        return
    measured: list[dict[str, float]] = []
    for size in sizes.split(","):
        place = folder / size
        shutil.rmtree(place, ignore_errors=True)
        try:
            seconds = _timed(lambda: build(place, int(size)))  # noqa: B023
            command = [sys.executable, "-m", "bench.store", "--only", str(place)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            measured.append(json.loads(done.stdout) | {"build": seconds})
            Console(stderr=True).print(f"{size}: {measured[-1]}")
        finally:
            shutil.rmtree(place, ignore_errors=True)
    table = Table("passages", *(f"{int(size):,}" for size in sizes.split(",")))
    for name, show in ROWS.items():
        table.add_row(name, *map(show, measured))
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
