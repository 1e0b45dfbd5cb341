"""A writer is killed with SIGKILL, at each named step of a commit and at random moments.

The next process checks what the killed one left, and is killed in its turn.
"""

from __future__ import annotations

import random
import time
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

from tests.durability import bugs, children
from tests.durability.check import check_survived, open_index, scratch
from tests.durability.layer import Layer, kill_at_step, step_name
from tests.durability.outcome import Outcome
from tests.durability.workload import State, carry_out, make_plan

STEPS = 2
KILLS = 8
"""Kills a case: so many times one index folder is left behind."""


def run(seed: int, kills: int = KILLS, bug: str = "") -> Outcome:
    """Kill ``kills`` writers of one index, one after the other."""
    outcome, chance = Outcome(), random.Random(f"crash {seed}")
    with scratch() as folder:
        allowed: list[State] = [{}]
        for number in range(10 * kills):
            if outcome.cases == kills:
                break
            name = f"crash {seed} {number}"
            at = _moment(chance, number)
            acknowledged, killed, found = _write_until_killed(folder, allowed, name, at, bug)
            if isinstance(found, str):
                outcome.failed(f"{name}, {at}: {found}")
                break
            states = make_plan(name, STEPS, found).states
            allowed = list(states[acknowledged : acknowledged + 2])
            if killed:
                outcome.passed()
                outcome.counts[f"step {at[0]}" if at[0] else "random moments"] += 1
        verdict = children.call(_verdict, folder, allowed)
        if verdict:
            outcome.failed(f"crash {seed}, at the end: {verdict}")
    return outcome


def _moment(chance: random.Random, number: int) -> tuple[str, float]:
    """A named step and its how manieth operation, or no step and a time."""
    if number % 3 == 2:
        return "", chance.random() * 0.15
    return chance.choice(named_steps()), float(chance.choice((1, 1, 2, 3)))


@cache
def named_steps() -> tuple[str, ...]:
    """The operations of some commits by name, whatever the segment."""
    steps: tuple[str, ...] = children.call(_record_steps)
    return steps


def _record_steps() -> tuple[str, ...]:
    with scratch() as root:
        layer = Layer(root)
        layer.install()
        index = open_index(root / "index")
        for step in make_plan("steps", 8).steps:
            index = carry_out(step, index, layer.mark, lambda: open_index(root / "index"))
        index.close()
    return tuple(sorted({step_name(op) for op in layer.ops if op.kind != "mark"}))


def _write_until_killed(
    folder: Path, allowed: list[State], name: str, at: tuple[str, float], bug: str
) -> tuple[int, bool, State | str]:
    """How many commits a child acknowledged, whether it was killed, and what it found first."""
    process, connection = children.start(_writer, folder, allowed, name, at, bug)
    acknowledged, found = 0, None
    try:
        while True:
            if not connection.poll(children.PATIENCE):
                process.kill()
                return 0, False, f"no word for {children.PATIENCE:.0f} s"
            message = connection.recv()
            if isinstance(message, str):
                process.join()
                return acknowledged, False, message
            if message is True:
                acknowledged += 1
            else:
                found = message
                if not at[0]:
                    time.sleep(at[1])
                    process.kill()
    except (EOFError, ConnectionResetError):
        process.join()
    finally:
        connection.close()
    if found is None:
        return 0, False, f"the child ended by itself: {process.exitcode}"
    return acknowledged, process.exitcode == -9, found


def _writer(
    connection: Connection,
    folder: Path,
    allowed: list[State],
    name: str,
    at: tuple[str, float],
    bug: str,
) -> None:
    try:
        state = check_survived(folder / "index", allowed, name)
        connection.send(state)
        step, number = at
        layer = Layer(folder, kill_at_step(step, int(number)) if step else None)
        layer.install()
        bugs.plant(bug)

        def acknowledge() -> None:
            connection.send(True)

        index = open_index(folder / "index")
        for entry in make_plan(name, STEPS, state).steps:
            index = carry_out(entry, index, acknowledge, lambda: open_index(folder / "index"))
        index.close()
    except BaseException as error:
        connection.send(f"{type(error).__name__}: {error}")


def _verdict(folder: Path, allowed: list[State]) -> str:
    try:
        check_survived(folder / "index", allowed, "end")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
