"""The whole of the durability suite: python -m tests.durability [PART ...]

What is done is kept in .fundstelle/durability, so a run that was stopped goes on; a change in the
product or in the suite begins anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.durability import (
    agree,
    children,
    crash,
    damage,
    faults,
    golden,
    power,
    readers,
    replaced,
    seeded,
)
from tests.durability.bugs import BUGS
from tests.durability.outcome import Outcome, total

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".fundstelle/durability/state.json"


@dataclass(frozen=True)
class Part:
    """One promise; its cases are run one by one, in any order."""

    name: str
    what: str
    cases: Callable[[], Sequence[Callable[[], Outcome]]]


PARTS = (
    Part("crash", "killed with SIGKILL", lambda: [partial(crash.run, n) for n in range(125)]),
    Part(
        "power",
        "power cut, images of the disk",
        lambda: [partial(power.run, n) for n in range(power.TRACES * power.SLICES)],
    ),
    Part(
        "faults",
        "an operation fails",
        lambda: [
            partial(faults.run, n + 1, merging=merging)
            for merging in (False, True)
            for n in range(len(faults.operations(merging=merging)))
        ],
    ),
    Part(
        "damage",
        "a byte changed, an end cut off",
        lambda: [
            partial(damage.run, kind, 100, 20, n) for kind in damage.kinds() for n in range(10)
        ],
    ),
    Part(
        "readers",
        "commits beside 8 readers",
        lambda: [partial(readers.run, n, 50) for n in range(20)],
    ),
    Part("adding", "500 articles beside 8 readers", lambda: [partial(readers.run, 100, 50, 10)]),
    Part("writers", "a second writer is refused", lambda: [readers.second_writer] * 20),
    Part(
        "replaced",
        "replaced while another has it open",
        lambda: [partial(replaced.run, *case) for case in replaced.CASES for _ in range(5)],
    ),
    Part("agree", "steps beside a dict", lambda: [partial(agree.run, n, 20) for n in range(1000)]),
    Part(
        "golden",
        "indexes of earlier layouts",
        lambda: [partial(golden.run, path) for path in sorted(golden.FOLDER.glob("index-*"))],
    ),
    Part("bugs", "bugs planted on purpose", lambda: [partial(seeded.run, bug) for bug in BUGS]),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.durability", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(p.name for p in PARTS))
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run has done")
    options = parser.parse_args()
    if unknown := set(options.parts) - {part.name for part in PARTS}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if reason := children.unavailable():
        print(f"Skipped: SQLite cannot be watched here, {reason}.")
        return 0
    chosen = [part for part in PARTS if part.name in options.parts or not options.parts]
    done = {} if options.fresh else _load()
    stopped = False
    try:
        for part in chosen:
            _run(part, done, options.jobs)
    except KeyboardInterrupt:
        stopped = True
    whole = _print_table(chosen, done)
    if stopped:
        print("\nStopped; the next run goes on here.")
        return 130
    return 0 if whole else 1


def _run(part: Part, done: dict[str, Outcome], jobs: int) -> None:
    cases = part.cases()
    open_cases = iter([n for n in range(len(cases)) if f"{part.name} {n}" not in done])
    running: dict[Future[Outcome], int] = {}
    last = 0.0
    with ThreadPoolExecutor(jobs) as pool:
        try:
            while True:
                while len(running) < jobs and (number := next(open_cases, None)) is not None:
                    running[pool.submit(_guarded, cases[number])] = number
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    number = running.pop(future)
                    done[f"{part.name} {number}"] = future.result()
                _save(done)
                if time.monotonic() - last > 10:
                    last = time.monotonic()
                    so_far = [o for key, o in done.items() if key.split()[0] == part.name]
                    print(f"{part.name}: {len(so_far)} of {len(cases)} cases", file=sys.stderr)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _guarded(case: Callable[[], Outcome]) -> Outcome:
    try:
        return case()
    except children.ChildError as error:
        outcome = Outcome()
        outcome.failed(str(error))
        return outcome


def _print_table(parts: Sequence[Part], done: dict[str, Outcome]) -> bool:
    """Whether every promise was kept by as many cases as there are to be."""
    whole = True
    print(f"\n{'what':34}{'how many':>10}{'found':>10}{'lost':>8}")
    for part in parts:
        outcomes = [o for key, o in done.items() if key.split()[0] == part.name]
        sum_of = total(outcomes)
        of = len(part.cases())
        part_done = "" if len(outcomes) == of else f"  {len(outcomes)} of {of} cases"
        print(
            f"{part.what:34}{sum_of.cases:>10,}{sum_of.kept:>10,}{sum_of.lost:>8,}"
            f"{part_done}{_remark(sum_of.counts)}"
        )
        for problem in sum_of.problems[:10]:
            print(f"    {problem}")
        whole = whole and not sum_of.lost and not part_done
    return whole


def _remark(counts: Counter[str]) -> str:
    parts = []
    if steps := sum(name.startswith("step ") for name in counts):
        parts.append(f"{steps} named steps")
    for name in ("operations", "different images"):
        if counts[name]:
            parts.append(f"{counts[name]:,} {name}")
    if counts["searches"]:
        seconds = counts["milliseconds"] / 1000
        parts.append(f"{counts['searches'] / seconds:,.0f} searches/s")
        parts.append(f"{counts['articles written'] / seconds:,.0f} articles/s")
    return f"  ({', '.join(parts)})" if parts else ""


def _load() -> dict[str, Outcome]:
    try:
        stored = json.loads(STATE.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    if stored["of"] != VERSION:
        print("The product or the suite has changed; everything is run again.", file=sys.stderr)
        return {}
    return {
        key: Outcome(**{**value, "counts": Counter(value["counts"])})
        for key, value in stored["done"].items()
    }


def _save(done: dict[str, Outcome]) -> None:
    STATE.parent.mkdir(parents=True, exist_ok=True)
    new = STATE.with_suffix(".new")
    stored = {
        "of": VERSION,
        "done": {k: {**vars(v), "counts": dict(v.counts)} for k, v in done.items()},
    }
    new.write_text(json.dumps(stored), "utf-8")
    new.replace(STATE)


def _version() -> str:
    """Of what has been run: the product's code and the suite's."""
    digest = hashlib.sha256()
    for folder in (ROOT / "index", Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


VERSION = _version()

if __name__ == "__main__":
    sys.exit(main())
