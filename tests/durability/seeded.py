"""The suite must find each bug that is planted on purpose, by the part that is there for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.durability import agree, crash, faults, power, readers, replaced
from tests.durability.bugs import BUGS
from tests.durability.outcome import Outcome


def run(bug: str) -> Outcome:
    """One case, kept if the bug was found."""
    outcome = Outcome()
    for attempt in HUNTS[bug](bug):
        if attempt.lost:
            outcome.passed()
            outcome.found.append(f"{bug}: {attempt.problems[0]}")
            return outcome
    outcome.failed(f"not found: {bug}")
    return outcome


def _power(bug: str) -> Iterator[Outcome]:
    # The operations before are those that make the tables.
    yield power.run(0, steps=2, slices=3, first=60, most=1, bug=bug, kill=0)


def _crash(bug: str) -> Iterator[Outcome]:
    for seed in range(3):
        yield crash.run(seed, kills=4, bug=bug)


def _agree(bug: str) -> Iterator[Outcome]:
    yield agree.run(0, 20, bug=bug)


def _faults(bug: str) -> Iterator[Outcome]:
    for number, name in enumerate(faults.operations(), start=1):
        if name.startswith("sync index/segments/"):
            yield faults.run(number, kinds=("error, once",), bug=bug)


def _faults_of_log(bug: str) -> Iterator[Outcome]:
    for number, name in enumerate(faults.operations(merging=True), start=1):
        if name == "sync index/articles.db-wal":
            yield faults.run(number, kinds=("error, for good",), bug=bug, merging=True)


def _readers(bug: str) -> Iterator[Outcome]:
    for seed in range(5):
        yield readers.run(seed, commits=25, bug=bug)


def _replaced(bug: str) -> Iterator[Outcome]:
    for how in ("repaired", "made anew"):
        yield replaced.run(how, "two processes", "open", bug=bug)


HUNTS: dict[str, Callable[[str], Iterator[Outcome]]] = {
    "a file's sync is left out": _power,
    "a folder's sync is left out": _power,
    "the commit comes before the syncs": _power,
    "left-overs are cleaned too eagerly": _agree,
    "the checksum is taken after the damage": _crash,
    "transactions are not synced": _power,
    "there are two points of commit": _power,
    "a failed sync is tried again and believed": _faults,
    "a log that failed before is trusted": _faults_of_log,
    "a search has no snapshot": _readers,
    "a replaced record goes unnoticed": _replaced,
}
assert HUNTS.keys() == BUGS.keys()
