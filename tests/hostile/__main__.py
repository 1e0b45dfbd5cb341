"""Everything hostile that the product was tried with, as a table: ``python -m tests.hostile``.

Prints for each group how many inputs were tried and how many the product did right by, and names
every other one. ``--quick`` runs what ``make test`` runs; group names limit it to these.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.hostile.case import Outcome, names, run


def main() -> int:
    """Run the groups; 1 where anything is wrong that has no excuse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", help=", ".join(names()))
    parser.add_argument("--quick", action="store_true", help="the part that make test runs")
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    print(f"{'group':<16} {'tried':>6} {'right':>6} {'seconds':>8}")
    for name in options.groups or names():
        began = time.monotonic()
        outcome = run(name, options.quick)
        _show(outcome, f"{time.monotonic() - began:8.1f}")
        outcomes.append(outcome)
    whole = Outcome("all", sum(o.tried for o in outcomes), sum(o.right for o in outcomes))
    _show(whole, "")
    for outcome in outcomes:
        for line in outcome.excused:
            print(f"  known: {outcome.group}: {line}")
        for line in outcome.wrong:
            print(f"  WRONG: {outcome.group}: {line}")
    return int(any(outcome.wrong for outcome in outcomes))


def _show(outcome: Outcome, seconds: str) -> None:
    print(f"{outcome.group:<16} {outcome.tried:>6} {outcome.right:>6} {seconds}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
