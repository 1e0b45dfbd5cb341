"""The sides' processes: an act to its end, one that stands and answers in turns, and a cold one."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.peers import clock
from bench.peers.environments import SideError, last_line
from bench.peers.protocol import Job, Result

ROOT = Path(__file__).resolve().parents[2]
ADD_SECONDS = 3600
TURN_SECONDS = 900
COLD_SECONDS = 300
GRACE_SECONDS = 20
SETTINGS = {
    "PYTHONPATH": str(ROOT),
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
}
"""No side tells anybody anything, or fetches what it does not have."""


@dataclass(frozen=True, slots=True)
class Cold:
    """One fresh process: seconds on the wall, and its peak of memory."""

    seconds: float
    peak_mb: float


def command_of(python: Path, module: str, job: Job, folder: Path) -> list[str]:
    """The command that does a job, which is written beside the side's other files."""
    file = folder / f"{job.act}.json"
    job.write(file)
    return [str(python), "-m", module, str(file)]


def finish(command: Sequence[str], log: Path) -> None:
    """Run a command to its end. Raises SideError."""
    with log.open("w", encoding="utf-8") as stream:
        try:
            done = subprocess.run(
                command,
                env=_environment(),
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                timeout=ADD_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise SideError(f"not done within {ADD_SECONDS} s") from None
    if done.returncode:
        raise SideError(_reason(log))


def cold(command: Sequence[str], log: Path) -> Cold:
    """Run a command in a process that nothing is warm in. Raises SideError."""
    with log.open("w", encoding="utf-8") as stream:
        done = subprocess.run(
            [sys.executable, "-I", str(Path(clock.__file__)), str(COLD_SECONDS), *command],
            env=_environment(),
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            timeout=2 * COLD_SECONDS,
        )
    told = json.loads(done.stdout) if done.returncode == 0 else {"code": done.returncode}
    if told["code"] == -signal.SIGKILL:
        raise SideError(f"was ended: not done within {COLD_SECONDS} s, or out of memory")
    if told["code"]:
        raise SideError(_reason(log))
    return Cold(told["seconds"], told["peak_mb"])


class Standing:
    """A process that keeps its store open and warm, and works only in its turns."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._log = log
        with log.open("w", encoding="utf-8") as stream:
            self._process = subprocess.Popen(
                command,
                env=_environment(),
                cwd=log.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )
        try:
            self._hear("ready")
        except SideError:
            self.end()
            raise

    def turn(self, first: int, end: int) -> None:
        """Let it answer the questions from ``first`` up to ``end``. Raises SideError."""
        assert self._process.stdin is not None
        try:
            print(first, end, file=self._process.stdin, flush=True)
        except OSError:
            raise SideError(_reason(self._log)) from None
        self._hear("done")

    def result(self, file: Path) -> Result:
        """Let it write what came of its turns, and end. Raises SideError."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            code = self._process.wait(TURN_SECONDS)
        except subprocess.TimeoutExpired:
            raise SideError(f"did not end within {TURN_SECONDS} s") from None
        if code:
            raise SideError(_reason(self._log))
        return Result.read(file)

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what it no longer reads
                    stream.close()

    def _hear(self, word: str) -> None:
        stream = self._process.stdout
        assert stream is not None
        ready, _, _ = select.select([stream], [], [], TURN_SECONDS)
        if not ready:
            raise SideError(f"said nothing for {TURN_SECONDS} s")
        if stream.readline().strip() != word:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_SECONDS)  # until it has said why
            raise SideError(_reason(self._log))


def _environment() -> dict[str, str]:
    return {**os.environ, **SETTINGS}


def _reason(log: Path) -> str:
    return last_line(log.read_text("utf-8", errors="replace"))
