"""How many follow-up questions are understood rightly: ``python -m tests.follow_ups``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from qa.question.analyse import understand
from qa.question.follow import followed
from qa.question.grammar import closed_words

PAIRS = Path(__file__).parent / "data/follow_ups.tsv"
HALVES = ("judged", "tried")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question after another one; ``understood`` are the right ways to say it in full."""

    half: str
    language: str
    before: str
    question: str
    understood: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a pair: the question understood, or None where it was left alone."""

    pair: Pair
    understood: str | None

    @property
    def is_decided(self) -> bool:
        """Whether it was told that the question leans, or that it does not."""
        return bool(self.pair.understood) == (self.understood is not None)

    @property
    def is_right(self) -> bool:
        """Whether it has the same words with a meaning as a right way to say it, no others."""
        if self.understood is None or not self.pair.understood:
            return self.is_decided
        language = self.pair.language
        wanted = [_meant(text, language) for text in self.pair.understood]
        return _meant(self.understood, language) in wanted

    @property
    def is_worded(self) -> bool:
        """Whether it is, letter for letter, a right way to say it."""
        return self.is_decided and (
            self.understood is None or self.understood in self.pair.understood
        )


def pairs() -> tuple[Pair, ...]:
    """The table; its comments begin with "#"."""
    lines = [line.split("\t") for line in PAIRS.read_text("utf-8").splitlines() if line[0] != "#"]
    return tuple(
        Pair(half, language, before, question, () if said == "-" else tuple(said.split(" | ")))
        for half, language, before, question, said in lines
    )


def outcomes(half: str, *, detected: bool = False) -> list[Outcome]:
    """What comes of the pairs of a half; their language is told unless it is to be ``detected``."""
    return [
        Outcome(
            pair,
            followed(
                pair.question, pair.before, language=None if detected else pair.language
            ).understood,
        )
        for pair in pairs()
        if pair.half == half
    ]


def share(right: Sequence[bool]) -> float:
    return sum(right) / len(right)


def _meant(text: str, language: str) -> frozenset[str]:
    terms = understand(text, today=date(2024, 6, 12), language=language).terms
    return frozenset(word.casefold() for word in terms) - closed_words(language)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="list what is not right")
    parser.add_argument("--half", choices=HALVES, action="append")
    options = parser.parse_args()
    table = Table("half", "language", "pairs", "decided", "dragged in", "right", "word for word")
    for half in options.half or HALVES:
        for detected in (False, True):
            found = outcomes(half, detected=detected)
            alone = [o.is_decided for o in found if not o.pair.understood]
            leaning = [o for o in found if o.pair.understood]
            table.add_row(
                half,
                "detected" if detected else "told",
                f"{len(leaning)} lean, {len(alone)} do not",
                f"{share([o.is_decided for o in found]):.3f}",
                str(alone.count(False)),
                f"{share([o.is_right for o in leaning]):.3f}",
                f"{share([o.is_worded for o in leaning]):.3f}",
            )
            if options.wrong and not detected:
                for outcome in found:
                    if not outcome.is_right:
                        pair = outcome.pair
                        print(f"{half} {pair.language} {pair.before} + {pair.question}")
                        print(f"    {outcome.understood}   instead of {pair.understood}")
    Console().print(table)


if __name__ == "__main__":
    main()
