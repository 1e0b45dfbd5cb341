"""The nth operation fails: the disk is full, or an operation or a sync ends in an error.

Once and for good, for each n. The call must raise an error of ours that names the file, the reason
and the remedy, and leave what was there; once there is room again it must succeed; and if the power
fails then, what was acknowledged must be there.
"""

from __future__ import annotations

import errno
import random
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

from index import FundstelleError, Index
from tests.durability import bugs, children
from tests.durability.check import (
    BrokenPromiseError,
    check_content,
    check_reader,
    check_survived,
    open_index,
    scratch,
)
from tests.durability.disk import Fate, Op
from tests.durability.layer import Layer, Rule, step_name
from tests.durability.outcome import Outcome
from tests.durability.workload import (
    Plan,
    State,
    Step,
    article,
    before_merge,
    carry_out,
    states_after,
)

GROWING = {"write", "create", "mkdir"}
KINDS = ("full, once", "full, for good", "error, once", "error, for good")
TRIES = 3


def run(
    number: int, kinds: tuple[str, ...] = KINDS, bug: str = "", *, merging: bool = False
) -> Outcome:
    """Operation ``number`` of a scenario fails in each of the ``kinds`` of ways.

    ``merging``: the scenario in which segments are merged, else the one that begins an index.
    """
    outcome = Outcome()
    for kind in kinds:
        met, problem = children.call(_spoil, number, kind, bug, merging)
        if problem:
            where = f"{'merging, ' if merging else ''}operation {number} ({met})"
            outcome.failed(f"{where}, {kind}: {problem}")
        elif met:
            outcome.passed()
            outcome.counts[f"step {met}"] += 1
    return outcome


@cache
def operations(*, merging: bool = False) -> tuple[str, ...]:
    """A scenario's operations by name; the first is number 1."""
    names: tuple[str, ...] = children.call(_names, merging)
    return names


def _names(merging: bool) -> tuple[str, ...]:
    with scratch() as folder:
        layer, plan = (_begin_before_merge if merging else _begin)(folder, None)
        index = open_index(folder / "index")
        for step in plan.steps:
            index = carry_out(step, index, _nothing, lambda: open_index(folder / "index"))
        index.close()
        return tuple(step_name(op) for op in layer.ops if op.kind != "mark")


def _begin(folder: Path, rule: Rule | None) -> tuple[Layer, Plan]:
    """Begin an index, update, remove, close and open again: each with at most one commit."""
    chance = random.Random("faults")
    first, second, third = (article(f"test:{i}", chance) for i in range(3))
    changed = article(first.source, chance, "changed")
    steps = (
        Step(add=(first, second)),
        Step(add=(changed, third)),
        Step(remove=(second.id,)),
        Step(reopen=True, add=(second,)),
    )
    layer = Layer(folder, rule)
    layer.install()
    return layer, Plan(steps, states_after(steps, {}))


def _begin_before_merge(folder: Path, rule: Rule | None) -> tuple[Layer, Plan]:
    """Add one article to many commits of one, which merges them; then open again and remove."""

    def opened() -> Index:
        return open_index(folder / "index")

    state = before_merge(opened)
    new = article("test:new", random.Random("faults"))
    steps = (
        Step(add=(new,)),
        Step(reopen=True, remove=(min(state),)),
        Step(add=(state[min(state)],)),
    )
    layer = Layer(folder, rule)
    layer.install()
    return layer, Plan(steps, states_after(steps, state))


class _Trouble:
    """The rule: from the nth operation on, one or all of those that the trouble is about fail."""

    def __init__(self, number: int, kind: str) -> None:
        self.number = number
        self.error = errno.ENOSPC if kind.startswith("full") else errno.EIO
        self.for_good = kind.endswith("good")
        self.over = False
        self.met = ""

    def __call__(self, count: int, op: Op) -> int:
        if self.over or count < self.number or (self.met and not self.for_good):
            return 0
        # A full disk still takes what needs no room. One that errs fails in all it is told to do.
        if self.error == errno.ENOSPC and op.kind not in GROWING:
            return 0
        if not self.met and count > self.number and not self.for_good:
            return 0
        self.met = self.met or step_name(op)
        return self.error


def _spoil(number: int, kind: str, bug: str, merging: bool) -> tuple[str, str]:
    """The operation that failed, "" if it cannot in this way; and what was wrong, if anything."""
    with scratch() as folder:
        trouble = _Trouble(number, kind)
        (folder / "root").mkdir()
        layer, plan = (_begin_before_merge if merging else _begin)(folder / "root", trouble)
        bugs.plant(bug)
        try:
            _carry_on(folder / "root/index", plan, trouble)
            if not trouble.met:
                return "", ""
            trouble.over = True
            layer.disk.write_image(folder / "image", Fate("lost", 0))
            final = [plan.states[-1]]
            check_survived(folder / "image/index", final)
            check_survived(folder / "root/index", final)
        except FundstelleError as error:
            return trouble.met, f"once there was room: {type(error).__name__}: {error}"
        except Exception as error:
            return trouble.met, f"{type(error).__name__}: {error}"
        finally:
            trouble.over = True
        return trouble.met, ""


def _carry_on(path: Path, plan: Plan, trouble: _Trouble) -> None:
    """Do every step, again where it failed; the trouble ends after the first failure."""
    index = _again(lambda: open_index(path), trouble)
    state = plan.states[0]
    for step in plan.steps:
        wanted = states_after([step], state)[-1]
        if step.reopen:
            index.close()
            index = _again(lambda: open_index(path), trouble)
        for _ in range(TRIES):
            try:
                carry_out(Step(add=step.add, remove=step.remove), index, _nothing, _never)
                break
            except FundstelleError as error:
                _check_message(error, trouble)
                _check_nothing_changed(path, index, state, wanted)
                trouble.over = True
        else:
            raise BrokenPromiseError("it does not succeed once there is room")
        state = wanted
    index.close()


def _again(action: Callable[[], Index], trouble: _Trouble) -> Index:
    try:
        return action()
    except FundstelleError as error:
        _check_message(error, trouble)
        trouble.over = True
        return action()


def _check_message(error: FundstelleError, trouble: _Trouble) -> None:
    if not trouble.met:
        raise BrokenPromiseError(f"an error without a cause: {error}") from error
    # The file, the reason, and what to do about it, in sentences of their own.
    if not re.match(
        r"\S*/\S+ .+: .+\. .*(Make room|Name another|[Cc]heck|Wait|try again)", str(error)
    ):
        raise BrokenPromiseError(f"file, reason or remedy is missing: {error}") from error


def _check_nothing_changed(path: Path, index: Index, state: State, wanted: State) -> None:
    """Neither the writer nor a reader sees what failed, and after a crash none sees a part of it.

    A commit whose sync failed stands in the log: whoever reads that after a crash may find it, as
    any commit that has not been acknowledged.
    """
    check_content(index, [state])
    index.search("Hafen und Brücke", language="de")
    if state:
        check_reader(path, [state])
    copy = path.parent.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(path, copy)
    check_reader(copy, [state, wanted])


def _nothing() -> None:
    pass


def _never() -> Index:
    raise AssertionError("opened by the caller")


__all__ = ["KINDS", "operations", "run"]
