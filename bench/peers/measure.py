"""All sides measured: adding one after another, warm searches in turns, cold ones in rounds."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.peers.environments import Peer, SideError, python_of
from bench.peers.processes import Cold, Standing, cold, command_of, finish
from bench.peers.protocol import Asked, Job, Passage, Result

TURN = 51
"""Questions that a side answers before it is another's turn: so many that the threads which the
last side left spinning cost the first one alone. It divides 612."""
COLD_ROUNDS = 3
Tell = Callable[[str], None]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Corpus:
    """What all sides get. ``model`` is a sentence-transformers folder."""

    passages: tuple[Passage, ...]
    questions: tuple[Asked, ...]
    model: str


@dataclass(slots=True)
class Measured:
    """What is known of a side so far; where ``failure`` says something, no more will be."""

    title: str
    added: Result = field(default_factory=Result)
    searched: Result = field(default_factory=Result)
    cold: list[Cold] = field(default_factory=list)
    disk_bytes: int = 0
    failure: str = ""


@dataclass(slots=True)
class _Side:
    peer: Peer
    folder: Path
    corpus: Corpus
    measured: Measured
    python: Path = Path()
    standing: Standing | None = None

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def command(self, act: str) -> list[str]:
        passages = self.corpus.passages if act == "add" else ()
        questions = {"add": (), "cold": self.corpus.questions[:1]}.get(act, self.corpus.questions)
        job = Job(
            act=act,
            model=self.corpus.model,
            folder=str(self.store),
            result=str(self.result(act)),
            passages=passages,
            questions=questions,
        )
        return command_of(self.python, self.peer.module, job, self.folder)

    def result(self, act: str) -> Path:
        return self.folder / f"{act}.result.json"

    def log(self, act: str) -> Path:
        return self.folder / f"{act}.log"


def measure(peers: Sequence[Peer], corpus: Corpus, folder: Path, tell: Tell) -> list[Measured]:
    """The sides in their order, and behind ours the command that answers in words."""
    sides = [_Side(p, folder / p.key, corpus, Measured(p.title)) for p in peers]
    for side in sides:
        tell(f"{side.peer.title}: its environment")
        _attempt(side.measured, partial(_prepare, side), tell)
    for side in sides:
        tell(f"{side.peer.title} adds")
        _attempt(side.measured, partial(_add, side), tell)
    _search_in_turns(sides, tell)
    asking = _cold_rounds(sides, tell)
    found = [side.measured for side in sides]
    return [*found[:1], *asking, *found[1:]]


def _attempt(measured: Measured, act: Callable[[], None], tell: Tell) -> None:
    """Do something for a side that has not failed; if it fails now, the others go on."""
    if measured.failure:
        return
    try:
        act()
    except SideError as error:
        measured.failure = str(error)
        tell(f"{measured.title} failed: {error}")


def _prepare(side: _Side) -> None:
    side.folder.mkdir(parents=True, exist_ok=True)
    side.python = python_of(side.peer, side.folder)


def _add(side: _Side) -> None:
    shutil.rmtree(side.store, ignore_errors=True)
    finish(side.command("add"), side.log("add"))
    side.measured.added = Result.read(side.result("add"))
    files = (path for path in side.store.rglob("*") if path.is_file())
    side.measured.disk_bytes = sum(path.stat().st_size for path in files)


# --- warm ----------------------------------------------------------------------------------------


def turns(questions: int, size: int = TURN) -> Iterator[tuple[int, int]]:
    """The first question of each turn, and the one behind its last."""
    for first in range(0, questions, size):
        yield first, min(first + size, questions)


def rotated(sides: Sequence[_T], number: int) -> list[_T]:
    """The sides, another one first in each round."""
    first = number % max(1, len(sides))
    return [*sides[first:], *sides[:first]]


def _search_in_turns(sides: Sequence[_Side], tell: Tell) -> None:
    try:
        for side in sides:
            tell(f"{side.peer.title} opens")
            _attempt(side.measured, partial(_stand, side), tell)
        for number, (first, end) in enumerate(turns(len(sides[0].corpus.questions))):
            tell(f"questions {first + 1} to {end}, in turns")
            for side in rotated(sides, number):
                _attempt(side.measured, partial(_answer, side, first, end), tell)
        for side in sides:
            _attempt(side.measured, partial(_collect, side), tell)
    finally:
        for side in sides:
            if side.standing is not None:
                side.standing.end()


def _stand(side: _Side) -> None:
    side.standing = Standing(side.command("search"), side.log("search"))


def _answer(side: _Side, first: int, end: int) -> None:
    if side.standing is not None:
        side.standing.turn(first, end)


def _collect(side: _Side) -> None:
    if side.standing is not None:
        side.measured.searched = side.standing.result(side.result("search"))


# --- cold ----------------------------------------------------------------------------------------


def _cold_rounds(sides: Sequence[_Side], tell: Tell) -> list[Measured]:
    """Each side cold, in rounds; what ``qa query`` takes for the same is given back."""
    ours = [side for side in sides if not side.peer.requirements and not side.measured.failure]
    asking = [Measured("Fundstelle, `qa query`") for _ in ours]
    for number in range(COLD_ROUNDS):
        tell(f"cold, round {number + 1}")
        for side in rotated(sides, number):
            _attempt(side.measured, partial(_open_and_search, side), tell)
        for side, measured in zip(ours, asking, strict=True):
            _attempt(measured, partial(_ask, side, measured), tell)
    return asking


def _open_and_search(side: _Side) -> None:
    side.measured.cold.append(cold(side.command("cold"), side.log("cold")))
    if not Result.read(side.result("cold")).found[0]:
        raise SideError("found nothing when it was cold")


def _ask(side: _Side, measured: Measured) -> None:
    question = side.corpus.questions[0].text
    command = [sys.executable, "-m", "qa", "--index", str(side.store), "query", question]
    measured.cold.append(cold(command, side.log("query")))
