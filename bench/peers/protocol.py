"""What a side is told and what it tells: the one protocol of all sides.

A side is a script of its own, run as ``python -m bench.peers.NAME_side JOB`` in its library's
environment. JOB is a file of JSON (``Job``), and what comes of it is another (``Result``). There
are three acts:

``add``     the library is imported and the model warm; adding all passages is timed, until they are
            stored in the job's folder.
``search``  the store is opened and warm, which the side says with the line "ready". Then each line
            "FIRST END" that it reads is a turn: it answers these questions, each timed by itself,
            and says "done". When nothing more comes it writes its result.
``cold``    the store is opened and the first question answered; whoever started it has the clock.

This module uses nothing but the standard library, since it runs in every side's environment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

COUNT = 10
"""Different paragraphs that a search is asked for."""
WARM_UP = (
    "Aufwärmen",
    "Wie viele Einwohner hatte die Stadt am Ende des Jahres?",
    "Wer hat den Vertrag zwischen beiden Ländern nach langen Verhandlungen unterschrieben?",
)


@dataclass(frozen=True, slots=True)
class Passage:
    """What is to be found, by its id."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the ids of the passages that are right."""

    text: str
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """``model`` is a sentence-transformers folder; ``folder`` is where the side's store lies."""

    act: str
    model: str
    folder: str
    result: str
    passages: tuple[Passage, ...] = ()
    questions: tuple[Asked, ...] = ()

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")

    @classmethod
    def read(cls, file: Path) -> Job:
        told: dict[str, Any] = json.loads(file.read_text("utf-8"))
        passages = tuple(Passage(**passage) for passage in told.pop("passages"))
        asked = tuple(Asked(q["text"], tuple(q["right"])) for q in told.pop("questions"))
        return cls(**told, passages=passages, questions=asked)


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds, as they were taken, and for each question the ids that were found, best first."""

    add_seconds: float = 0.0
    search_seconds: list[float] = field(default_factory=list)
    found: list[list[str]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, file: Path) -> Result:
        return cls(**json.loads(file.read_text("utf-8")))


class Side(Protocol):
    """A library at work."""

    @property
    def packages(self) -> Sequence[str]:
        """Those whose versions are told, the library's own first."""

    def create(self, folder: str, model: str) -> None:
        """Be ready to add: what embeds is loaded and has embedded a text."""

    def add(self, passages: Sequence[Passage]) -> None:
        """Add the passages to a new store in the folder; they are on the disk when it returns."""

    def open(self, folder: str, model: str) -> None:
        """Open what was stored, as a new process would."""

    def search(self, question: str, count: int) -> list[str]:
        """The ids of ``count`` passages, the best first."""


def run(side: Side) -> None:
    """Do the job that the command line names."""
    job = Job.read(Path(sys.argv[1]))
    say = _own_line()
    acts: dict[str, Callable[[Side, Job, Callable[[str], None]], Result]] = {
        "add": _add,
        "search": _search,
        "cold": _cold,
    }
    acts[job.act](side, job, say).write(Path(job.result))


def _own_line() -> Callable[[str], None]:
    """What writes lines to standard output, where nothing that a library prints goes any more."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(line: str) -> None:
        print(line, file=stream, flush=True)

    return say


def _add(side: Side, job: Job, say: Callable[[str], None]) -> Result:
    sys.addaudithook(refuse_the_network)
    side.create(job.folder, job.model)
    start = time.perf_counter()
    side.add(job.passages)
    return Result(add_seconds=time.perf_counter() - start, versions=versions(side.packages))


def _search(side: Side, job: Job, say: Callable[[str], None]) -> Result:
    side.open(job.folder, job.model)
    for text in WARM_UP:
        side.search(text, COUNT)
    result = Result()
    say("ready")
    for line in sys.stdin:
        first, end = map(int, line.split())
        for question in job.questions[first:end]:
            start = time.perf_counter()
            found = side.search(question.text, COUNT)
            result.search_seconds.append(time.perf_counter() - start)
            result.found.append(found)
        say("done")
    return result


def _cold(side: Side, job: Job, say: Callable[[str], None]) -> Result:
    side.open(job.folder, job.model)
    return Result(found=[side.search(job.questions[0].text, COUNT)])


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Those that are installed."""
    found: dict[str, str] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: a side that reaches for the network fails, and is reported."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "localhost"
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"reached for the network: {host}")
