"""How large the code is, now or beside an earlier commit: ``python -m tests.sizes --base COMMIT``."""

from __future__ import annotations

import argparse
import ast
import io
import statistics
import subprocess
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
MEASURED = ("app.py", "index", "qa", "training", "bench", "corpora")
MODULE_LINES = 400
FUNCTION_LINES = 60
MEDIAN_FUNCTION = 10
RUN = 6
"""So many equal lines after one another are a duplicate."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method, with those inside it; its decorators are not counted."""

    module: str
    name: str
    lines: int

    def __str__(self) -> str:
        return f"{self.module}: {self.name}"


def modules() -> dict[str, str]:
    """Each measured module's text, by its path in the project."""
    paths = [path for name in MEASURED for path in [ROOT / name, *(ROOT / name).rglob("*.py")]]
    return {
        str(path.relative_to(ROOT)): path.read_text("utf-8")
        for path in paths
        if path.suffix == ".py"
    }


def modules_at(commit: str) -> dict[str, str]:
    """The same, as they were in a commit."""
    command = ["git", "archive", commit]
    packed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            measured = member.name.partition("/")[0] in MEASURED
            if file and measured and member.name.endswith(".py"):
                found[member.name] = file.read().decode("utf-8")
    return found


def lines_of(text: str) -> int:
    return len(text.splitlines())


def functions(texts: Mapping[str, str]) -> list[Function]:
    return [
        Function(module, node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for module, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def duplicated_lines(texts: Mapping[str, str]) -> int:
    """Lines in runs of ``RUN`` or more that stand in more than one place.

    Indentation, blank lines and imports do not count.
    """
    places: dict[tuple[str, ...], list[list[tuple[str, int]]]] = defaultdict(list)
    for module, text in texts.items():
        lines = list(_own_lines(text))
        for at in range(len(lines) - RUN + 1):
            run = lines[at : at + RUN]
            places[tuple(line for _, line in run)].append([(module, number) for number, _ in run])
    doubled = [where for where in places.values() if len(where) > 1]
    return len({line for where in doubled for run in where for line in run})


def _own_lines(text: str) -> Iterator[tuple[int, str]]:
    imports = {
        number
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and number not in imports:
            yield number, line.strip()


def figures(texts: Mapping[str, str]) -> dict[str, str]:
    """The rows of the table."""
    sizes = {module: lines_of(text) for module, text in texts.items()}
    lengths = sorted(function.lines for function in functions(texts))
    largest = max(sizes, key=lambda module: sizes[module])
    return {
        "modules": f"{len(sizes)}",
        "lines": f"{sum(sizes.values()):,}",
        "largest module": f"{sizes[largest]} ({largest})",
        f"modules over {MODULE_LINES} lines": f"{_over(MODULE_LINES, [*sizes.values()])}",
        "functions": f"{len(lengths)}",
        "function, median": f"{statistics.median(lengths):.0f}",
        "function, 90 %": f"{lengths[9 * len(lengths) // 10]}",
        "function, longest": f"{lengths[-1]}",
        f"functions over {FUNCTION_LINES} lines": f"{_over(FUNCTION_LINES, lengths)}",
        f"lines in runs of {RUN} that stand twice": f"{duplicated_lines(texts)}",
    }


def _over(limit: int, sizes: list[int]) -> int:
    return sum(size > limit for size in sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", metavar="COMMIT", help="an earlier commit to compare with")
    base = parser.parse_args().base
    columns = {base: modules_at(base)} if base else {}
    columns["now"] = modules()
    table = Table("", *columns)
    measured = [figures(texts) for texts in columns.values()]
    for row in measured[-1]:
        table.add_row(row, *(column[row] for column in measured))
    Console().print(table)


if __name__ == "__main__":
    main()
