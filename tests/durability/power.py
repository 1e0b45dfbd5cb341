"""The power fails after every single operation, and every unsynced one has any fate.

One process records what a writer does to the disk. From each prefix of that, images of what the
disk may hold afterwards are laid out, opened and checked.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.durability import bugs, children
from tests.durability.check import check_content, check_survived, open_index, scratch
from tests.durability.disk import Disk, Fate, Op
from tests.durability.layer import Layer, kill_at, read_journal
from tests.durability.outcome import Outcome
from tests.durability.workload import (
    Plan,
    State,
    before_merge,
    carry_out,
    make_plan,
)

SLICES = 8
"""A case takes every eighth operation of a trace, so that stopping loses little."""

TRACES = 6


@dataclass(frozen=True)
class Trace:
    """What was done to an empty disk, the last operations by the process whose plan this is.

    ``before`` operations are those of a process that was killed; ``left`` are the states one of
    which it left, not all of them forced to the disk.
    """

    ops: Sequence[Op]
    before: int
    left: Sequence[State]
    plan: Plan

    def allowed(self, acknowledged: int) -> list[State]:
        """What may be there after so many acknowledgements of the last process."""
        states = list(self.plan.states[acknowledged : acknowledged + 2])
        return states if acknowledged else [*self.left, *states]


def run(
    seed: int,
    steps: int = 5,
    slices: int = SLICES,
    *,
    first: int = 0,
    most: int = 0,
    bug: str = "",
    kill: int = -1,
) -> Outcome:
    """Cut the power at every ``slices``th operation of a trace, with each fate.

    Of four traces two begin on a disk that a killed process left, and one where a merge is due.
    ``kill`` is the operation that the process is killed at, 0 for none. ``first`` is the first operation that the power is cut after.
    Ends after ``most`` violations where it is given.
    """
    number, offset = divmod(seed, slices)
    if kill < 0:
        kill = random.Random(f"kill {number}").randint(1, 160) if number % 4 in (1, 2) else 0
    with scratch() as folder:
        (folder / "root").mkdir()
        if kill:
            process, connection = children.start(_write_and_die, folder, number, kill, bug)
            process.join()
            connection.close()
        if number % 4 == 3:
            children.call(_begin_before_merge, folder)
        trace: Trace = children.call(_record, folder, number, steps, bug)
        outcome: Outcome = children.call(_cut, folder, trace, slices, offset, first, most)
    outcome.problems = [f"trace {number}, {problem}" for problem in outcome.problems]
    return outcome


def _begin_before_merge(folder: Path) -> None:
    before_merge(lambda: open_index(folder / "root/index"))


def _write_and_die(connection: Connection, folder: Path, number: int, kill: int, bug: str) -> None:
    layer = Layer(folder / "root", kill_at(kill), folder / "journal")
    layer.install()
    bugs.plant(bug)
    _follow(make_plan(f"killed {number}", 3), layer, folder / "root/index", number)


def _record(folder: Path, number: int, steps: int, bug: str) -> Trace:
    before, left = list[Op](), list[State]()
    state: State = {}
    if (folder / "journal").exists():
        before = read_journal(folder / "journal")
        done = sum(op.kind == "mark" for op in before)
        left = list(make_plan(f"killed {number}", 3).states[done : done + 2])
    elif (folder / "root/index").exists():
        with open_index(folder / "root/index", read_only=True) as index:
            state = {
                summary.article_id: index.article(summary.article_id)
                for summary in index.articles()
            }
        shutil.copytree(folder / "root", folder / "base")
    layer = Layer(folder / "root")
    layer.install()
    bugs.plant(bug)
    if left:
        with open_index(folder / "root/index") as index:
            state = check_content(index, left)
    plan = make_plan(number, steps, state)
    _follow(plan, layer, folder / "root/index", number)
    if unseen := layer.unseen():
        raise AssertionError(f"the layer has not seen all that was written to {unseen}")
    return Trace([*before, *layer.ops], len(before), left, plan)


def _follow(plan: Plan, layer: Layer, path: Path, number: int) -> None:
    index = open_index(path)
    if number % 2:
        # So that the log is copied into the database, and begun again, within few commits.
        index._store._connection.execute("PRAGMA wal_autocheckpoint = 6")
    for step in plan.steps:
        index = carry_out(step, index, layer.mark, lambda: open_index(path))
    index.close()


def _cut(folder: Path, trace: Trace, slices: int, offset: int, first: int, most: int) -> Outcome:
    outcome, acknowledged = Outcome(), 0
    disk = Disk.of(folder / "base") if (folder / "base").exists() else Disk()
    sound: set[bytes] = set()
    for number, op in enumerate(trace.ops, start=1):
        disk.apply(op)
        acknowledged += op.kind == "mark" and number > trace.before
        if number <= trace.before or number < first or number % slices != offset:
            continue
        outcome.counts["operations"] += 1
        for name in Fate.NAMES:
            if most and outcome.lost >= most:
                return outcome
            image = folder / "image"
            shutil.rmtree(image, ignore_errors=True)
            disk.write_image(image, Fate(name, number))
            # Many a prefix leaves what another has left.
            key = _digest(image) + bytes([acknowledged])
            if key in sound:
                outcome.passed()
                continue
            try:
                check_survived(image / "index", trace.allowed(acknowledged), number)
            except Exception as error:
                outcome.failed(f"after {number} ({op}), {name}: {type(error).__name__}: {error}")
            else:
                sound.add(key)
                outcome.passed()
                outcome.counts["different images"] += 1
    return outcome


def _digest(folder: Path) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0")
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.digest()
