"""Check hand-written reading data, or make it from a source that quotes instead of counting.

``python -m training.check_data FILE...`` checks finished files and prints their figures.
``python -m training.check_data --from SOURCE FILE`` first makes FILE from SOURCE. A source has the
same form, with texts for places: a question has ``"answer"``, an unanswerable one ``"tempting"``,
both quoted from the context. A quote that stands there more than once needs ``"occurrence"``,
counted from 0.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class DataError(Exception):
    """A line that cannot be used; the message names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What some files hold; ``answer_words`` has the number of words of each answer."""

    paragraphs: int
    answer_words: tuple[int, ...]
    unanswerable: int

    def __str__(self) -> str:
        questions = len(self.answer_words) + self.unanswerable
        if not questions:
            return f"{self.paragraphs} paragraphs, no questions"
        words = self.answer_words or (0,)
        return (
            f"{self.paragraphs} paragraphs, {questions} questions,"
            f" {self.unanswerable / questions:.0%} unanswerable; words of an answer: mean"
            f" {statistics.fmean(words):.1f}, median {statistics.median(words):g},"
            f" longest {max(words)}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a file from its source if asked to, then check the files; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--from", dest="source", type=Path, help="make FILE from this source")
    options = parser.parse_args(arguments)
    try:
        if options.source is not None:
            if len(options.files) > 1:
                parser.error("--from makes one file; name one FILE")
            convert(options.source, options.files[0])
        print(check(options.files))
    except (DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


# --- from quotes to places -----------------------------------------------------------------------


def convert(source: Path, target: Path) -> None:
    """Write ``target`` from ``source``; all wrong quotes are named at once."""
    lines, wrong = [], []
    for where, entry in _entries(source):
        context = entry["context"]
        placed: dict[str, list[dict[str, Any]]] = {"questions": [], "unanswerable": []}
        for kind, key in (("questions", "answer"), ("unanswerable", "tempting")):
            for asked in entry[kind]:
                try:
                    start, end = place(context, asked[key], asked.get("occurrence"))
                except ValueError as error:
                    wrong.append(f"{where}: {asked['question']!r}: {error}")
                    continue
                span = {"start": start, "end": end} if key == "answer" else {key: [start, end]}
                placed[kind].append({"question": asked["question"], **span})
        lines.append(json.dumps({**entry, **placed}, ensure_ascii=False))
    if wrong:
        raise DataError("\n".join(wrong))
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def place(context: str, quote: str, occurrence: int | None) -> tuple[int, int]:
    """Where ``quote`` stands in ``context``; ValueError if nowhere, or more than once unsaid."""
    starts = []
    start = context.find(quote) if quote else -1
    while start >= 0:
        starts.append(start)
        start = context.find(quote, start + 1)
    if not starts:
        raise ValueError(f"{quote!r} does not stand in the context; quote it letter by letter")
    if occurrence is None and len(starts) > 1:
        raise ValueError(f'{quote!r} stands {len(starts)} times; add "occurrence", from 0')
    if not 0 <= (occurrence or 0) < len(starts):
        raise ValueError(f"{quote!r} stands {len(starts)} times; no occurrence {occurrence}")
    start = starts[occurrence or 0]
    return start, start + len(quote)


# --- checking ------------------------------------------------------------------------------------


def check(paths: Sequence[Path]) -> Figures:
    """The figures of the files; DataError names every line that is wrong."""
    wrong: list[str] = []
    groups: Counter[str] = Counter()
    words: list[int] = []
    paragraphs = unanswerable = 0
    for path in paths:
        for where, entry in _entries(path):
            paragraphs += 1
            groups[entry["group"]] += 1
            if groups[entry["group"]] > 1:
                wrong.append(f"{where}: the group {entry['group']!r} is there already")
            wrong += [f"{where}: {fault}" for fault in _faults(entry)]
            context = entry["context"]
            words += [len(context[q["start"] : q["end"]].split()) for q in entry["questions"]]
            unanswerable += len(entry["unanswerable"])
    if wrong:
        raise DataError("\n".join(wrong))
    return Figures(paragraphs, tuple(words), unanswerable)


def _faults(entry: dict[str, Any]) -> Iterator[str]:
    """What is wrong with one paragraph and its questions."""
    context = entry["context"]
    for key in ("group", "title", "context"):
        if not entry[key] or entry[key] != entry[key].strip():
            yield f"{key} is empty or begins or ends with a blank"
    asked = [q["question"] for q in entry["questions"] + entry["unanswerable"]]
    for question, times in Counter(asked).items():
        if times > 1:
            yield f"{question!r} is asked {times} times"
        if not question or question != question.strip():
            yield f"the question {question!r} is empty or begins or ends with a blank"
    spans = [(q["question"], q["start"], q["end"]) for q in entry["questions"]]
    spans += [(q["question"], *q["tempting"]) for q in entry["unanswerable"]]
    for question, start, end in spans:
        if not 0 <= start < end <= len(context):
            yield f"{question!r}: [{start}, {end}] is empty or outside the context"
        elif context[start:end] != context[start:end].strip():
            yield f"{question!r}: {context[start:end]!r} begins or ends with a blank"
        elif context[max(start - 1, 0) : start].isalnum() and context[start].isalnum():
            yield f"{question!r}: {context[start:end]!r} begins within a word"


def _entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines of a file, each with its place; those left empty are passed over."""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            entry: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{where}: not JSON ({error}); one object a line is wanted") from error
        missing = {"lang", "group", "title", "context", "questions", "unanswerable"} - entry.keys()
        if missing:
            raise DataError(f"{where}: without {', '.join(sorted(missing))}")
        yield where, entry


if __name__ == "__main__":
    sys.exit(main())
