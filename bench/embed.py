"""Embedding speed: ``Index.add`` beside a plain loop over ``SentenceTransformer.encode``.

Two child processes hold one side each and take turns on the same newspaper articles, so that both
meet the same machine; a round's ratio is the figure, not an absolute speed. The plain side embeds
in float32 with sentence-transformers' defaults and gets the passages ready-made; ``Index.add``
splits, embeds the passages and their sentences, builds the postings and commits. It is compared
with the passages alone and with the same vectors, those of the sentences too; and short texts are
compared alone.

    python -m bench.embed --passages 300 --rounds 6
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from corpora.data import news_articles
from index import Article, Index, IndexConfig
from index.encoder.embedder import load_sentence_transformer, open_embedder
from index.encoder.models import resolve
from index.encoder.processor import cpu_flags, preferred_dtype
from index.indexing.fresh import split_article

SENTENCES_PER_ROUND = 100
INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")


@dataclass(frozen=True, slots=True)
class Round:
    """What both sides get: articles, and the same as passages and as sentences."""

    articles: list[Article]
    passages: list[str]
    sentences: list[str]
    passage_tokens: int
    sentence_tokens: int
    short_tokens: int
    """Tokens of the first ``SENTENCES_PER_ROUND`` sentences."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for a round's passages, for all its sentences and for the first of them.

    Our side's passages hold the sentences as well; there ``sentences`` is 0.
    """

    passages: float
    sentences: float
    short: float


def main(
    passages: Annotated[int, typer.Option(help="Passages in all rounds together.")] = 300,
    rounds: Annotated[int, typer.Option(help="Rounds; the sides take turns.")] = 6,
) -> None:
    """Print passages per second, the ratio and the peak memory of both sides."""
    console = Console()
    work = _rounds(passages, rounds)
    with tempfile.TemporaryDirectory() as folder:
        plain, ours = _Side(_plain, folder), _Side(_fundstelle, folder)
        timings: list[tuple[Timing, Timing]] = []
        for number, part in enumerate(work, start=1):
            pair = (plain.run(part), ours.run(part))
            timings.append(pair)
            console.print(
                f"round {number}: {len(part.passages)} passages, "
                f"{len(part.passages) / pair[0].passages:.1f} and "
                f"{len(part.passages) / pair[1].passages:.1f} a second",
                style="dim",
            )
        peaks = (plain.finish(), ours.finish())
    console.print(_table(work, timings, peaks))
    flags = [flag for flag in INSTRUCTION_SETS if flag in cpu_flags()]
    console.print(
        f"{os.cpu_count()} processors ({', '.join(flags) or 'flags unknown'}); "
        f"the default model runs in {preferred_dtype()}"
    )


def _table(
    work: Sequence[Round],
    timings: Sequence[tuple[Timing, Timing]],
    peaks: tuple[float, float],
) -> Table:
    table = Table(
        title="Texts per second: SentenceTransformer.encode in float32, and ours; medians"
    )
    columns = ("", "texts", "tokens", "encode", "ours", "tokens/s", "ratio", "lowest")
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    kinds: tuple[tuple[str, Callable[[Round], tuple[int, int]], Callable[[Timing], float]], ...] = (
        (
            "Index.add, beside passages alone",
            lambda r: (len(r.passages), r.passage_tokens),
            lambda t: t.passages,
        ),
        (
            "Index.add, beside the same vectors",
            lambda r: (len(r.passages), r.passage_tokens + r.sentence_tokens),
            lambda t: t.passages + t.sentences,
        ),
        (
            "sentences alone",
            lambda r: (min(SENTENCES_PER_ROUND, len(r.sentences)), r.short_tokens),
            lambda t: t.short,
        ),
    )
    for name, size, seconds in kinds:
        sizes = [size(part) for part in work]
        pairs = [(seconds(plain), seconds(ours)) for plain, ours in timings]
        both = list(zip(sizes, pairs, strict=True))
        ratios = [plain / ours for plain, ours in pairs]
        table.add_row(
            name,
            f"{sum(texts for texts, _ in sizes)}",
            f"{sum(tokens for _, tokens in sizes)}",
            f"{statistics.median(texts / plain for (texts, _), (plain, _) in both):.1f}",
            f"{statistics.median(texts / ours for (texts, _), (_, ours) in both):.1f}",
            f"{statistics.median(tokens / ours for (_, tokens), (_, ours) in both):.0f}",
            f"{statistics.median(ratios):.2f}",
            f"{min(ratios):.2f}",
        )
    table.add_row("peak memory", "", "", f"{peaks[0]:.2f} GB", f"{peaks[1]:.2f} GB", "", "", "")
    return table


def _rounds(passages: int, rounds: int) -> list[Round]:
    """Different articles for each round, so that the index never has a text already."""
    embedder = open_embedder()
    wanted = max(1, passages // rounds)
    made: list[Round] = []
    articles: list[Article] = []
    texts: list[str] = []
    sentences: list[str] = []
    for article in news_articles():
        chunks = split_article(article, IndexConfig(), embedder)
        articles.append(article)
        texts += [article.text[chunk.start : chunk.end] for chunk in chunks]
        sentences += [span.of(article.text) for chunk in chunks for span in chunk.sentences]
        if len(texts) < wanted:
            continue
        parts = (texts, sentences, sentences[:SENTENCES_PER_ROUND])
        lengths = [sum(embedder.count_tokens(part)) for part in parts]
        made.append(Round(articles, texts, sentences, *lengths))
        articles, texts, sentences = [], [], []
        if len(made) == rounds:
            return made
    raise typer.BadParameter(f"the articles give no {passages} passages; ask for fewer")


# --- the two sides, each in a process of its own -------------------------------------------------


class _Side:
    """A child process that times a round when told to, and waits without working otherwise."""

    def __init__(self, work: Callable[[Connection, str], None], folder: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, folder), daemon=True)
        self._process.start()
        theirs.close()
        self._connection.recv()  # the model is loaded and warm

    def run(self, part: Round) -> Timing:
        self._connection.send(part)
        timing: Timing = self._connection.recv()
        return timing

    def finish(self) -> float:
        """End the process; its peak memory in gigabytes."""
        self._connection.send(None)
        peak: float = self._connection.recv()
        self._process.join()
        return peak


def _plain(connection: Connection, folder: str) -> None:
    model = load_sentence_transformer(resolve(), "float32")

    def embed(texts: Sequence[str]) -> None:
        model.encode(texts, prompt_name="document", show_progress_bar=False)

    _serve(connection, lambda part: embed(part.passages), lambda part: embed(part.sentences), embed)


def _fundstelle(connection: Connection, folder: str) -> None:
    with Index.open(Path(folder) / "index") as index:

        def add(part: Round) -> None:
            report = index.add_articles(part.articles)
            if report.passages != len(part.passages):
                raise RuntimeError(
                    f"Index.add made {report.passages} passages, the other side has "
                    f"{len(part.passages)}: the comparison would be unfair."
                )

        _serve(connection, add, lambda part: None, index.embedder.embed_passages)


def _serve(
    connection: Connection,
    passages: Callable[[Round], None],
    sentences: Callable[[Round], None],
    short: Callable[[Sequence[str]], object],
) -> None:
    for _ in range(3):
        short(["Ein Satz zum Warmwerden.", "Noch einer, und der ist ein wenig länger."] * 8)
    connection.send("ready")
    while (part := connection.recv()) is not None:
        times = [time.perf_counter()]
        for work in (passages, sentences):
            work(part)
            times.append(time.perf_counter())
        short(part.sentences[:SENTENCES_PER_ROUND])
        times.append(time.perf_counter())
        connection.send(Timing(*(end - start for start, end in pairwise(times))))
    # Linux counts in kilobytes, macOS in bytes.
    unit = 1e9 if sys.platform == "darwin" else 1e6
    connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


if __name__ == "__main__":
    typer.run(main)
