"""What a part of the suite found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """``kept`` of ``cases`` ended as promised; ``problems`` says how the others did not."""

    cases: int = 0
    kept: int = 0
    problems: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    """How each planted bug was found."""
    counts: Counter[str] = field(default_factory=Counter)
    """Further figures by name: steps that were met, operations recorded."""

    @property
    def lost(self) -> int:
        return self.cases - self.kept

    def passed(self) -> None:
        self.cases += 1
        self.kept += 1

    def failed(self, problem: str) -> None:
        self.cases += 1
        self.problems.append(problem)

    def add(self, other: Outcome) -> None:
        self.cases += other.cases
        self.kept += other.kept
        self.problems += other.problems
        self.found += other.found
        self.counts += other.counts


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """All of them in one."""
    whole = Outcome()
    for outcome in outcomes:
        whole.add(outcome)
    return whole
