"""A record is replaced while another holds it open: nothing acknowledged is lost, and no index's
segments are deleted by a writer of another.

The holder is a process of its own, or the one that replaces; it has the index open, or is in the
middle of adding to it. Afterwards it adds one article and searches, which must succeed on the index
that is there now, or end in a clear error.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path

from index import Article, FundstelleError, Index
from index.maintenance import backup as packing
from index.maintenance.repair import repair
from index.storage.store import Store
from tests.durability import bugs, children
from tests.durability.check import (
    BrokenPromiseError,
    check_content,
    check_segments,
    open_index,
    scratch,
)
from tests.durability.outcome import Outcome
from tests.durability.workload import State, article
from tests.fakes import WordEmbedder

HOW = ("repaired", "restored", "restored from before", "made anew", "removed", "moved away")
WHERE = ("two processes", "one process")
WHEN = ("open", "searched", "written", "while adding")
CASES = tuple(product(HOW, WHERE, WHEN))

RECORD = "articles.db"


def run(how: str, where: str, when: str, bug: str = "") -> Outcome:
    """One way to replace an index, in one state of the one who holds it."""
    outcome = Outcome()
    with scratch() as folder:
        try:
            if where == "one process":
                children.call(_alone, folder, how, when, bug)
            else:
                _beside(folder, how, when, bug)
        except Exception as error:
            lines = str(error).strip().splitlines() or [repr(error)]
            outcome.failed(f"{how}, {where}, {when}: {lines[-1]}")
        else:
            outcome.passed()
    return outcome


def _articles(name: str, count: int = 3) -> list[Article]:
    return [article(f"test:{name}/{i}", random.Random(f"{name} {i}")) for i in range(count)]


def _state(*articles: Article) -> State:
    return {a.id: a for a in articles}


FIRST = _articles("first")
SECOND = _articles("second")
FOREIGN = _articles("foreign", 2)
[NEW] = _articles("new", 1)


def _begin(folder: Path) -> None:
    """An index of two commits, and a backup of the first."""
    with open_index(folder / "index") as index:
        index.add_articles(FIRST)
        index.backup(folder / "before.tar")
        index.add_articles(SECOND)
        index.backup(folder / "now.tar")


# ---- replacing -----------------------------------------------------------------------------------


def replace(folder: Path, how: str) -> None:
    """Replace the index in ``folder``, or its record."""
    path = folder / "index"
    if how == "repaired":
        with closing(Store(path / RECORD, read_only=False)) as store:
            store._connection.execute("UPDATE checks SET total = total + 1 WHERE name = 'failures'")
        assert repair(path, WordEmbedder()).kept
        return
    if how == "moved away":
        path.rename(folder / "elsewhere")
    else:
        shutil.rmtree(path)
    if how == "restored":
        packing.restore(folder / "now.tar", path)
    elif how == "restored from before":
        packing.restore(folder / "before.tar", path)
    elif how == "made anew":
        with open_index(path) as index:
            index.add_articles(FOREIGN)


def _expected(how: str) -> State:
    """What is there afterwards, without what the holder adds."""
    return {
        "repaired": _state(*FIRST, *SECOND),
        "restored": _state(*FIRST, *SECOND),
        "restored from before": _state(*FIRST),
        "made anew": _state(*FOREIGN),
        "removed": {},
        "moved away": {},
    }[how]


def _judge(folder: Path, how: str, acknowledged: bool) -> None:
    """A fresh process reads what must be there."""
    path, state = folder / "index", _expected(how)
    if how == "repaired":
        repair(path, WordEmbedder())  # where it was refused while another was adding
    if not state:
        assert not (path / RECORD).exists(), "a record was made where the index was removed"
        assert not acknowledged, "an article was acknowledged where there is no index"
        path = folder / "elsewhere"
        if not path.exists():
            return
        state = _state(*FIRST, *SECOND)
    elif how == "made anew":
        assert not acknowledged, "an article was acknowledged by another index"
    wanted = [state | _state(NEW)] if acknowledged else [state, state | _state(NEW)]
    with open_index(path, read_only=True) as index:
        check_content(index, wanted)
        check_segments(index)
        index.search("Hafen und Brücke", language="de")


# ---- holding -------------------------------------------------------------------------------------


def _prepare(index: Index, when: str) -> None:
    if when == "searched":
        index.search("Hafen und Brücke", language="de")
    if when == "written":
        index.remove(SECOND[0].id)
        index.add_articles(SECOND)


def _use(index: Index) -> bool:
    """Add an article and search; whether the article was acknowledged."""
    try:
        done = NEW.id in index.add_articles([NEW]).added
    except FundstelleError as error:
        _check_message(error)
        done = False
    try:
        index.search("Hafen und Brücke", language="de")
    except FundstelleError as error:
        if done:
            raise BrokenPromiseError(f"written, but not read: {error}") from error
    return done


def _use_while_adding(index: Index, replacing: Callable[[], None]) -> bool:
    """The index is replaced between two articles of one addition."""

    def slowly() -> Iterator[Article]:
        yield NEW
        replacing()

    try:
        return NEW.id in index.add_articles(slowly()).added
    except FundstelleError as error:
        _check_message(error)
        return False


def _check_message(error: FundstelleError) -> None:
    """The file, the reason and the remedy, in sentences of their own."""
    if (RECORD not in str(error) and "writer.lock" not in str(error)) or str(error).count(". ") < 2:
        raise BrokenPromiseError(f"file, reason or remedy is missing: {error}")


def _replace_or_be_refused(folder: Path, how: str) -> None:
    """A repair waits for no writer: it is refused, as it must be."""
    try:
        replace(folder, how)
    except FundstelleError:
        if how != "repaired":
            raise


def _alone(folder: Path, how: str, when: str, bug: str) -> None:
    _begin(folder)
    bugs.plant(bug)
    index = open_index(folder / "index")
    _prepare(index, when)
    if when == "while adding":
        done = _use_while_adding(index, lambda: _replace_or_be_refused(folder, how))
    else:
        replace(folder, how)
        done = _use(index)
    index.close()
    _judge(folder, how, done)


def _beside(folder: Path, how: str, when: str, bug: str) -> None:
    children.call(_begin, folder)
    process, connection = children.start(_hold, folder / "index", when, bug)
    with closing(connection):
        assert connection.recv() == "open"
        if when == "while adding":
            children.call(_replace_or_be_refused, folder, how)
        else:
            children.call(replace, folder, how)
        connection.send("go on")
        done = connection.recv() if connection.poll(children.PATIENCE) else "the holder hangs"
    process.join()
    assert isinstance(done, bool), done
    children.call(_judge, folder, how, done)


def _hold(connection: Connection, path: Path, when: str, bug: str) -> None:
    def pause() -> None:
        connection.send("open")
        connection.recv()

    try:
        bugs.plant(bug)
        with open_index(path) as index:
            _prepare(index, when)
            if when == "while adding":
                done = _use_while_adding(index, pause)
            else:
                pause()
                done = _use(index)
        connection.send(done)
    except BaseException as error:
        connection.send(f"{type(error).__name__}: {error}")
