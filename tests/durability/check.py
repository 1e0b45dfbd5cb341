"""Whether an index folder holds what it must: read by itself, not by the process that wrote it."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from index import Index, IndexFolderError
from index.storage import segment
from index.storage.store import Store
from tests.durability.workload import State, article
from tests.fakes import WordEmbedder

EVERYTHING = 1000


class BrokenPromiseError(AssertionError):
    """A promise was broken."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for many small indexes; in memory where the system has room there."""
    memory = Path("/dev/shm")
    at = memory if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30 else None
    with tempfile.TemporaryDirectory(dir=at, prefix="fundstelle-") as folder:
        yield Path(folder)


def open_index(folder: Path, *, read_only: bool = False) -> Index:
    return Index.open(folder, read_only=read_only, embedder=WordEmbedder())


def check_survived(folder: Path, allowed: Sequence[State], seed: object = 0) -> State:
    """A reader, then a writer, after a crash; returns the one of the ``allowed`` states found.

    Raises BrokenPromiseError.
    """
    read = check_reader(folder, allowed, seed)
    with open_index(folder) as index:
        state = check_content(index, allowed)
        # A reader cannot open an index whose making was cut short.
        if read is not None and state != read:
            raise BrokenPromiseError("reader and writer found different states")
        probe = article(f"test:probe/{seed}", random.Random(f"{seed}"), "probe")
        index.add_articles([probe])
        after = {**state, probe.id: probe}
        check_content(index, [after])
        check_segments(index)
        check_leftovers(index)
        index.remove(probe.id)
    return state


def check_reader(folder: Path, allowed: Sequence[State], seed: object = 0) -> State | None:
    """What a reader finds; None where there is no index, which must then be allowed to be empty."""
    try:
        index = open_index(folder, read_only=True)
    except IndexFolderError as error:
        if any(not state for state in allowed) and type(error) is IndexFolderError:
            return None
        raise BrokenPromiseError(f"a reader cannot open it: {error}") from error
    with index:
        state = check_content(index, allowed)
        check_search(index, random.Random(f"{seed}"))
    return state


def check_content(index: Index, allowed: Sequence[State]) -> State:
    """The articles are exactly those of one of the ``allowed`` states."""
    found = {summary.article_id: index.article(summary.article_id) for summary in index.articles()}
    for state in allowed:
        if state == found:
            return state
    lost = [s for s in (allowed[0].keys() - found.keys()) if all(s in state for state in allowed)]
    known = {a for state in allowed for a in state.values()}
    phantom = [a.id for a in found.values() if a not in known]
    raise BrokenPromiseError(
        f"lost {sorted(lost)}, phantom {sorted(phantom)}: {len(found)} articles where "
        f"{' or '.join(str(len(state)) for state in allowed)} were written"
    )


def check_segments(index: Index) -> None:
    """Every recorded file is whole, and every passage stands in exactly one segment."""
    if problems := index.verify().damage:
        raise BrokenPromiseError(f"verify: {problems}")
    folder = index.path / "segments"
    with closing(Store(index.path / "articles.db", read_only=True)) as store, store.snapshot():
        records = store.segments.all()
        if damaged := [line for record in records for line in segment.damage(folder, record)]:
            raise BrokenPromiseError(f"damaged: {damaged}")
        rows = [np.load(folder / record.name / "ids.npy") for record in records]
        ids = np.concatenate([np.zeros(0, np.int64), *rows])
        live = sorted(set(ids.tolist()) - set(store.segments.removed()))
        if live != sorted(store.texts.passage_ids()) or len(ids) != len(set(ids.tolist())):
            raise BrokenPromiseError("passages and segments differ")


def check_leftovers(index: Index) -> None:
    """After a writing no folder is left that no commit names."""
    with closing(Store(index.path / "articles.db", read_only=True)) as store:
        known = {record.name for record in store.segments.all()}
    there = {entry.name for entry in (index.path / "segments").iterdir()}
    if there - known:
        raise BrokenPromiseError(f"left-overs: {sorted(there - known)}")


def check_search(index: Index, chance: random.Random, questions: int = 1) -> None:
    """The answers are those of an index that was built anew from the same articles.

    So a vector, a sentence or a posting that is not what was computed shows, whatever its checksum
    says.
    """
    store = Store(index.path / "articles.db", read_only=True)
    with closing(store):
        stored = [store.articles.get(summary.article_id) for summary in index.articles()]
    # A text's title is that of the article it came with first.
    texts = {s.sha256: replace(s.article, title=s.embedded_title) for s in stored if s}
    with scratch() as folder, open_index(folder / "anew") as anew:
        anew.add_articles(texts.values())
        for _ in range(questions):
            words = chance.choice(list(texts.values())).text.split() if texts else ["nichts"]
            query = " ".join(chance.sample(words, min(3, len(words))))
            compare(answers(index, query), answers(anew, query), query)


def answers(index: Index, query: str) -> dict[tuple[str, int, int], float]:
    """By text and place the score of every passage found."""
    hits = index.search(query, k=EVERYTHING, language="de")
    for hit in hits:
        passage = hit.passage
        if passage.article.text[passage.start : passage.end] != passage.text:
            raise BrokenPromiseError(f"{query}: a hit is not its article's slice")
    return {(h.passage.article.sha256, h.passage.start, h.passage.end): h.score for h in hits}


def compare(
    found: dict[tuple[str, int, int], float],
    expected: dict[tuple[str, int, int], float],
    query: str,
) -> None:
    """Both found the same passages with the same scores."""
    if found.keys() != expected.keys():
        raise BrokenPromiseError(f"{query!r} finds {len(found)} passages, {len(expected)} expected")
    for key, score in expected.items():
        if abs(found[key] - score) > 2e-3:
            raise BrokenPromiseError(
                f"{query!r}: score {found[key]:.4f} where {score:.4f} is expected"
            )
