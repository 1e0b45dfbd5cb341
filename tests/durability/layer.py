"""Watches, and on request spoils, every change that this process makes below one folder.

Python's own ways to change a file (``os`` and ``open``) are replaced; SQLite is watched through its
layer for the system. What reaches a file otherwise, as through a mapping, is found when the file is
synced. Once installed the layer stays, so it is for child processes.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tests.durability import sqlite_vfs
from tests.durability.disk import Disk, File, Op
from tests.durability.system_functions import REAL, SystemFunctions

Rule: TypeAlias = "Callable[[int, Op], int]"


class Layer:
    """The recorded operations on ``root`` and below, and the rule by which they fail.

    The rule gets an operation's number and the operation, before it is done, and returns 0 or the
    number of an error.
    """

    def __init__(self, root: Path, rule: Rule | None = None, journal: Path | None = None) -> None:
        self.root = str(root.resolve())
        self.ops: list[Op] = []
        self.disk = Disk.of(root)
        # So that what a killed process did is known to the next one.
        self._journal = journal.open("ab", buffering=0) if journal else None
        self.rule = rule or (lambda number, op: 0)
        self._count = 0

    def install(self) -> None:
        sqlite_vfs.install(self)
        SystemFunctions(self).install()

    def mark(self) -> None:
        """A commit has been acknowledged."""
        self._record(Op("mark"))

    def unseen(self) -> list[str]:
        """Files that differ from what the recorded operations made of them; a defect here."""
        recorded = {p: d for p, d in self.disk.files().items() if _counts(p)}
        real = {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in Path(self.root).rglob("*")
            if path.is_file() and _counts(path.name)
        }
        return sorted(p for p in recorded.keys() | real.keys() if recorded.get(p) != real.get(p))

    # --- what is watched -----------------------------------------------------------------------

    def covers(self, path: str) -> bool:
        return path.startswith(self.root + "/") or path == self.root

    def before(
        self, kind: str, path: str, offset: int = 0, data: bytes = b"", target: str = ""
    ) -> int:
        if kind == "sync":
            self.catch_up(path)
        op = Op(kind, self._short(path), offset, data, self._short(target) if target else "")
        self._count += 1
        error = self.rule(self._count, op)
        if error and kind in ("sync", "syncdir"):
            self._record(Op(kind, op.path, error=error))
        return error

    def after(
        self, kind: str, path: str, offset: int = 0, data: bytes = b"", target: str = ""
    ) -> None:
        target = self._short(target) if target else ""
        self._record(Op(kind, self._short(path), offset, data, target))

    def catch_up(self, path: str) -> None:
        """Record what stands in a file and was not seen on its way there."""
        node = self.disk.find(self._short(path))
        if not isinstance(node, File) or not os.path.exists(path):
            return
        with REAL["open"](path, "rb") as stream:
            content = stream.read()
        if content == node.now:
            return
        if len(content) < len(node.now):
            self._record(Op("truncate", self._short(path), len(content), seen=False))
        if content != node.now:
            at = next((i for i, b in enumerate(node.now) if content[i] != b), len(node.now))
            self._record(Op("write", self._short(path), at, content[at:], seen=False))

    def _record(self, op: Op) -> None:
        self.ops.append(op)
        self.disk.apply(op)
        if self._journal:
            self._journal.write(pickle.dumps(op))

    def _short(self, path: str) -> str:
        return os.path.relpath(path, self.root) if path != self.root else ""


def read_journal(path: Path) -> list[Op]:
    """The operations that a killed process had done."""
    ops = []
    with path.open("rb") as stream, contextlib.suppress(EOFError):
        while True:
            ops.append(pickle.load(stream))
    return ops


def kill_at(number: int) -> Rule:
    """A rule that ends the process by SIGKILL before its ``number``th operation."""

    def rule(count: int, op: Op) -> int:
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    return rule


def kill_at_step(step: str, number: int) -> Rule:
    """A rule that ends the process by SIGKILL before the ``number``th operation of one name."""
    seen = 0

    def rule(count: int, op: Op) -> int:
        nonlocal seen
        seen += step_name(op) == step
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    return rule


def step_name(op: Op) -> str:
    """What an operation is in the course of a commit, whatever the segment's name."""
    parts = [
        "*" if i and parts[i - 1] == "segments" else part
        for parts in [Path(op.path).parts]
        for i, part in enumerate(parts)
    ]
    return f"{op.kind} {'/'.join(parts)}"


def _counts(path: str) -> bool:
    return not path.endswith("-shm")
