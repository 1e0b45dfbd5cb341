"""Modules and functions stay short enough to be read in one go."""

from __future__ import annotations

import statistics

from tests import sizes

MODULES = sizes.modules()
FUNCTIONS = sizes.functions(MODULES)

LONG_MODULES: set[str] = set()
"""Still to be cut. What has become short must leave this list."""

LONG_FUNCTIONS: set[str] = set()


def test_modules_are_short() -> None:
    long = {name for name, text in MODULES.items() if sizes.lines_of(text) > sizes.MODULE_LINES}
    assert long == LONG_MODULES


def test_functions_are_short() -> None:
    long = {str(function) for function in FUNCTIONS if function.lines > sizes.FUNCTION_LINES}
    assert long == LONG_FUNCTIONS


def test_most_functions_are_very_short() -> None:
    assert statistics.median(function.lines for function in FUNCTIONS) < sizes.MEDIAN_FUNCTION


def test_duplicates_are_runs_of_equal_lines_in_two_places() -> None:
    run = "".join(f"x = {number}\n" for number in range(sizes.RUN))
    twice = {"a.py": "import os\n" + run, "b.py": "if os:\n" + run.replace("x", "\n    x")}
    once = {"a.py": run.replace("x = 3", "x = 33"), "b.py": run}
    assert sizes.duplicated_lines(twice) == 2 * sizes.RUN
    assert sizes.duplicated_lines(once) == 0
