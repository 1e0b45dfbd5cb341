"""How the commands speak: messages, counts, the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qa.show.sanitize import json_text, one_line

if TYPE_CHECKING:
    from rich.console import Console


def console(*, stderr: bool = False) -> Console:
    """Plain text: what an article says is never markup."""
    from rich.console import Console

    terminal = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if terminal.width < 1:  # COLUMNS=0: there would be no room for a letter
        terminal.width = 80
    return terminal


def say(message: str) -> None:
    """One line on standard error."""
    print(f"qa: {one_line(message)}", file=sys.stderr)


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it is one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def print_json(record: object) -> None:
    """A record as one JSON object, of the form in ``docs/schema``."""
    from index import to_json

    print(json_text(to_json(record)))
