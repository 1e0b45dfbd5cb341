"""BM25 alone: ours beside rank_bm25 and bm25s, on the same made-up passages and queries.

Words by Zipf's law, 100 a passage; a query is six words of one passage. The sides take turns at
each query, in one thread, and what counts is the processor's time, which a busy machine changes
little; a ratio is the median of the queries' own. Ours remembers what a term adds to the passages
that hold it, so it stands there twice: with every query's terms remembered, and with none's. Before
anything is timed, all three have to give the same scores.

pip install bm25s    # it is no dependency
python -m bench.lexical --passages 100000
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import numpy as np
import typer
from rank_bm25 import BM25Okapi
from rich.console import Console
from rich.table import Table

from index import IndexConfig
from index.legs.lexical import CompiledBM25, inverse_document_frequency, top
from index.legs.postings import compile_postings

Passages: TypeAlias = "list[list[str]]"
Act: TypeAlias = "Callable[[list[str]], Any]"
Sides: TypeAlias = "Mapping[str, Callable[[], Act]]"
"""For each side what gets it ready, untimed, and returns what is timed."""

PASSAGE_WORDS = 100
QUERY_WORDS = 6
WORDS = 300_000
PER_SEGMENT = 10_000
"""Passages of one of our segments: a grown index has some."""
BEST = 100  # as many as the leg hands over
TOLERANCE = 1e-4

RANK, BM25S, OURS, AFRESH = "rank_bm25", "bm25s", "ours", "ours, nothing remembered"


def main(
    passages: Annotated[int, typer.Option(help="Passages of 100 words.")] = 100_000,
    queries: Annotated[int, typer.Option(help="Queries; each is put to every side.")] = 200,
) -> None:
    """Print the median time of a query on each side, and the ratios to ours."""
    bm25s = _imported()
    corpus = made_up(passages)
    asked = [_query(corpus, number) for number in range(queries)]
    scoring, finding = _sides(corpus, bm25s)
    _compare(scoring, asked[:5])
    for query in asked:
        scoring[OURS]()(query)
    table = Table(f"{passages:,} passages, median", "a query", f"times {OURS}", f"times {AFRESH}")
    for title, sides in (("all scores", scoring), (f"the best {BEST}", finding)):
        _add_rows(table, title, _timed(sides, asked))
    Console(width=110).print(table)


def made_up(passages: int) -> Passages:
    """Passages of words by Zipf's law."""
    weights = 1.0 / (np.arange(WORDS) + 10.0)
    cumulative = np.cumsum(weights / weights.sum())
    drawn = cumulative.searchsorted(np.random.default_rng(1).random((passages, PASSAGE_WORDS)))
    names = np.array([f"w{number}" for number in range(WORDS + 1)], dtype=object)
    found: Passages = names[drawn].tolist()
    return found


def _query(corpus: Passages, seed: int) -> list[str]:
    """Six different words of a passage: bm25s counts a word that is named twice twice, as we do."""
    source = np.random.default_rng(seed)
    words = sorted(set(corpus[source.integers(len(corpus))]))
    return [words[place] for place in source.choice(len(words), QUERY_WORDS, replace=False)]


def _imported() -> Any:
    try:
        import bm25s
    except ImportError:
        raise SystemExit("bm25s is missing: pip install bm25s") from None
    return bm25s


def _sides(corpus: Passages, bm25s: Any) -> tuple[Sides, Sides]:
    """What gives the scores of all passages for a query, and what gives the best of them."""
    config = IndexConfig()
    k1, b = config.bm25_k1, config.bm25_b
    segments = [
        compile_postings(corpus[first : first + PER_SEGMENT])
        for first in range(0, len(corpus), PER_SEGMENT)
    ]

    def opened() -> CompiledBM25:
        return CompiledBM25(segments, np.ones(len(corpus), np.bool_), k1=k1, b=b)

    theirs = bm25s.BM25(k1=k1, b=b, method="lucene", backend="numpy")
    theirs.index(corpus, show_progress=False)
    plain, ours = _rank_bm25(corpus, k1, b), opened()
    scoring: Sides = {
        RANK: lambda: plain.get_scores,
        BM25S: lambda: theirs.get_scores,
        OURS: lambda: _scores(ours),
        AFRESH: lambda: _scores(opened()),
    }
    finding: Sides = {
        BM25S: lambda: lambda query: theirs.retrieve([query], k=BEST, show_progress=False),
        OURS: lambda: _best(ours),
        AFRESH: lambda: _best(opened()),
    }
    return scoring, finding


def _scores(bm25: CompiledBM25) -> Act:
    return lambda query: bm25.get_scores(
        {term: float(count) for term, count in Counter(query).items()}
    )


def _best(bm25: CompiledBM25) -> Act:
    score = _scores(bm25)
    return lambda query: top(score(query), BEST)


def _rank_bm25(corpus: Passages, k1: float, b: float) -> Any:
    """rank_bm25 with our inverse document frequencies, so that its scores are to be ours."""
    plain = BM25Okapi(corpus, k1=k1, b=b)
    containing = Counter(term for frequencies in plain.doc_freqs for term in frequencies)
    plain.idf = {term: inverse_document_frequency(len(corpus), n) for term, n in containing.items()}
    return plain


def _compare(sides: Sides, queries: Sequence[list[str]]) -> None:
    """Raises SystemExit where the scores differ; bm25s leaves the factor k1 + 1 out."""
    factors = {BM25S: IndexConfig().bm25_k1 + 1.0}
    for query in queries:
        expected = np.asarray(sides[RANK]()(query))
        for name, prepare in sides.items():
            found = np.asarray(prepare()(query)) * factors.get(name, 1.0)
            if not np.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE):
                raise SystemExit(f"{name} and {RANK} differ on {query}")


def _timed(sides: Sides, queries: Sequence[list[str]]) -> dict[str, list[float]]:
    """Seconds of each side for each query, the sides in an order that changes by chance."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    choose = random.Random(1)
    for query in queries:
        for name in choose.sample(list(sides), len(sides)):
            act = sides[name]()
            start = time.thread_time()
            act(query)
            times[name].append(time.thread_time() - start)
    return times


def _add_rows(table: Table, title: str, times: Mapping[str, Sequence[float]]) -> None:
    for name, seconds in times.items():
        ratios = (
            statistics.median(a / b for a, b in zip(seconds, times[ours], strict=True))
            for ours in (OURS, AFRESH)
        )
        cells = (f"{ratio:.2f}" for ratio in ratios)
        table.add_row(f"{title}: {name}", f"{1e3 * statistics.median(seconds):.3f} ms", *cells)


if __name__ == "__main__":
    typer.run(main)
