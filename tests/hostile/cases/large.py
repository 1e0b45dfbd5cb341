"""Texts of a hundred megabytes: what dividing them holds in memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.memory import SHAPES

ROOT = Path(__file__).parents[3]
WHOLE, QUICK = 99_000_000, 3_000_000


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """A process for each shape of text."""
    for shape in SHAPES:
        size = QUICK if quick else WHOLE
        yield Case(f"{size:,} characters, {shape}", partial(_takes_little_memory, shape, size))


def _takes_little_memory(shape: str, size: int) -> None:
    """Some bytes for a character beside its own, and with a hundred megabytes under a gigabyte."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.memory", shape, str(size)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    passages, before, most = map(int, done.stdout.split())
    assert passages > size // 2_000
    assert most - before < 5 * size, f"{(most - before) / size:.1f} bytes a character"
    assert most < 1_000_000_000, f"{most:,} bytes"
