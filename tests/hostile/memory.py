"""How much memory dividing a large text takes: ``python -m tests.hostile.memory SHAPE BYTES``.

Prints the passages, and the bytes that the process held at most before and while it divided.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from index.text.passages import split
from tests.fakes import WordEmbedder

SHAPES = {
    "one line": "Ein Satz steht hier, und er ist so lang wie andere Sätze auch. ",
    "short lines": "Zeile {} hat nur wenige Worte\n",
    "paragraphs": "„Absatz {} ist kurz“, sagt er.\n\n",
}


def main() -> None:
    """Divide a text of a shape."""
    shape, size = sys.argv[1], int(sys.argv[2])
    divide("Der erste Absatz.\n\nDer zweite lädt, was erst beim Teilen gebraucht wird.")
    text = text_of(shape, size)
    before = most_memory()
    print(divide(text), before, most_memory())


def text_of(shape: str, size: int) -> str:
    """A text of so many characters, a little more or less."""
    some = "".join(SHAPES[shape].format(number) for number in range(1_000))
    return some * (size // len(some))


def divide(text: str) -> int:
    """How many passages the text has."""
    count_tokens = WordEmbedder().count_tokens
    return len(split(text, title="", language="de", count_tokens=count_tokens))


def most_memory() -> int:
    """The bytes that this process ever held at once.

    Linux counts for getrusage what the process held that it was forked from, too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
