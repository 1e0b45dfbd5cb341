"""One byte changes, or the end is cut off, in each kind of file: found, named, and never a crash."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

import numpy as np

from index import FundstelleError, IndexDamagedError
from index.storage import segment
from index.storage.store import Store
from tests.durability import children
from tests.durability.check import open_index, scratch
from tests.durability.outcome import Outcome
from tests.durability.workload import State, article

SEARCH_EVERY = 25
"""A file is judged by itself each time, and by opening the index this often."""
RECORD = "articles.db"
HEADER = 128  # bytes


@cache
def kinds() -> tuple[str, ...]:
    """Names of the files of an index."""
    found: tuple[str, ...] = children.call(_kinds)
    return found


def _kinds() -> tuple[str, ...]:
    with scratch() as folder:
        _make(folder)
        return (*sorted({path.name for path in folder.rglob("*.npy")}), RECORD)


def run(kind: str, flips: int, truncations: int, seed: int = 0) -> Outcome:
    """Damage one kind of file so often, one damage at a time."""
    outcome: Outcome = children.call(_run, kind, flips, truncations, seed)
    return outcome


def _make(folder: Path) -> State:
    articles = [article(f"test:{i}", random.Random(i)) for i in range(6)]
    with open_index(folder / "index") as index:
        index.add_articles(articles)
    return {a.id: a for a in articles}


def _run(kind: str, flips: int, truncations: int, seed: int) -> Outcome:
    outcome, chance = Outcome(), random.Random(f"damage {kind} {seed}")
    with scratch() as folder:
        state = _make(folder)
        [path] = (folder / "index").rglob(kind)
        whole = path.read_bytes()
        judge = _judge_record if kind == RECORD else _judge_segment
        for number in range(flips + truncations):
            if number < flips:
                at, bits = chance.randrange(len(whole)), chance.randrange(1, 256)
                damaged = whole[:at] + bytes([whole[at] ^ bits]) + whole[at + 1 :]
                what = f"{kind}: byte {at} of {len(whole)} changed by {bits:#x}"
            else:
                at = chance.choice((0, chance.randrange(len(whole)), len(whole) - 1))
                damaged, what = whole[:at], f"{kind}: cut off at {at} of {len(whole)}"
            path.write_bytes(damaged)
            try:
                problem = judge(folder / "index", path, state, number, at)
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            path.write_bytes(whole)
            if problem:
                outcome.failed(f"{what}: {problem}")
            else:
                outcome.passed()
    return outcome


def _judge_segment(folder: Path, path: Path, state: State, number: int, at: int) -> str:
    with closing(Store(folder / RECORD, read_only=True)) as store:
        [record] = store.segments.all()
    found = segment.damage(folder / "segments", record)
    if [one.path for one in found] != [path]:
        return f"the check finds {found}"
    if problem := _must_name(path, lambda: segment.open_arrays(folder / "segments", record)):
        return f"opened as a small file, {problem}"
    if number % SEARCH_EVERY:
        return ""
    if problem := _must_name(path, lambda: _search(folder)):
        return f"searched, {problem}"
    if not _verify(folder):
        return "verify does not find it"
    return _judge_large(folder, path, at < HEADER)


def _judge_large(folder: Path, path: Path, must_be_found: bool) -> str:
    """Only the size and the header of a large file are compared at open.

    A changed number in it may change an answer until the index is checked, but never crash.
    """
    before, segment.CHECKED_AT_OPEN = segment.CHECKED_AT_OPEN, 0
    try:
        _search(folder)
    except IndexDamagedError as error:
        return "" if str(path) in str(error) else f"as a large file, not named: {error}"
    except Exception as error:
        return f"as a large file, {error!r}"
    finally:
        segment.CHECKED_AT_OPEN = before
    return "as a large file, its header is not compared" if must_be_found else ""


def _judge_record(folder: Path, path: Path, state: State, number: int, at: int) -> str:
    """Found by opening, reading or checking it, or without effect on anything that is read."""
    try:
        if _verify(folder):
            return ""
        with open_index(folder, read_only=True) as index:
            found = {
                summary.article_id: index.article(summary.article_id)
                for summary in index.articles()
            }
            index.search("Hafen und Brücke", language="de")
            if found != state:
                return "the articles are not those that were stored"
    except FundstelleError:
        return ""
    return ""


def _verify(folder: Path) -> bool:
    """Whether the index's own check finds anything."""
    with open_index(folder, read_only=True) as index:
        return bool(index.verify().damage)


def _must_name(path: Path, action: Callable[[], object]) -> str:
    try:
        action()
    except IndexDamagedError as error:
        return "" if str(path) in str(error) else f"the file is not named: {error}"
    return "it is not refused"


def _search(folder: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    with open_index(folder, read_only=True) as index:
        return np.array([hit.score for hit in index.search("Hafen und Brücke", language="de")])
