"""One hostile input, and what a group of them came to."""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from tests.hostile import cases


@dataclass(frozen=True, slots=True)
class Case:
    """``run`` returns where the product does right by the input, and raises where it does not.

    ``known`` says why a case that is wrong may stay so for now; a case that has it and is right
    counts as wrong, so that no excuse outlives its reason.
    """

    name: str
    run: Callable[[], object]
    known: str | None = None


class Group(Protocol):
    """A module of ``tests/hostile/cases``."""

    def cases(self, folder: Path, quick: bool) -> Iterator[Case]:
        """The cases, some of them where ``quick``; ``folder`` is empty and the group's alone.

        Each case has run before the next one is drawn, so a group may hold a server or an index
        open around its cases.
        """


@dataclass
class Outcome:
    """What a group came to; ``wrong`` and ``excused`` name the cases and say why."""

    group: str
    tried: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)


def names() -> list[str]:
    """The groups there are, in the order of their names."""
    return sorted(module.name for module in pkgutil.iter_modules(cases.__path__))


def run(name: str, quick: bool) -> Outcome:
    """Run a group's cases, each to its end whatever the others did."""
    group = cast(Group, importlib.import_module(f"{cases.__name__}.{name}"))
    outcome = Outcome(name)
    with tempfile.TemporaryDirectory(prefix=f"hostile-{name}-") as folder:
        for case in group.cases(Path(folder), quick):
            _judge(case, outcome)
    return outcome


def _judge(case: Case, outcome: Outcome) -> None:
    outcome.tried += 1
    try:
        case.run()
    except Exception as error:
        told = f"{case.name}: {type(error).__name__}: {str(error)[:300]}"
        if case.known:
            outcome.excused.append(f"{told} ({case.known})")
        else:
            outcome.wrong.append(told)
    else:
        if case.known:
            outcome.wrong.append(f"{case.name}: is right by now; it needs no excuse")
        else:
            outcome.right += 1
