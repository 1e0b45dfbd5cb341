"""How the commands speak: messages, counts, the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from index.translation import decimal, plural
from qa.show.sanitize import json_text, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


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


def megabytes(count: int) -> str:
    """A number of bytes in megabytes."""
    return f"{decimal(count / 1_000_000)} MB"


def article_count(number: int) -> str:
    """So many articles, in words."""
    return plural("{number} article", "{number} articles", number)


def passage_count(number: int) -> str:
    """So many passages, in words."""
    return plural("{number} passage", "{number} passages", number)


def new_passages(number: int) -> str:
    """So many passages that were not there before, in words."""
    return plural("{number} new passage", "{number} new passages", number)


def could_not_be_read(number: int) -> str:
    """So many sources, each of which was named with its reason."""
    return plural("{number} source could not be read", "{number} sources could not be read", number)


def question_count(number: int) -> str:
    """So many questions, in words."""
    return plural("{number} question", "{number} questions", number)


def first_paragraph(function: Callable[..., object]) -> str:
    """What a function's docstring says first, as one line: a command's help."""
    return " ".join((function.__doc__ or "").strip().partition("\n\n")[0].split())


def print_json(record: object) -> None:
    """A record as one JSON object, of the form in ``docs/schema``."""
    from index import to_json

    print(json_text(to_json(record)))


def print_text(text: Text) -> None:
    """Text for people, coloured on a terminal."""
    terminal = console()
    # Lines break at words on a terminal; elsewhere they are left whole for the next program.
    terminal.print(text, end="", soft_wrap=not terminal.is_terminal)


def is_coloured(terminal: Console) -> bool:
    """Whether a mark shows: NO_COLOR keeps bold and reverse on a terminal."""
    return terminal.is_terminal and terminal.color_system is not None
