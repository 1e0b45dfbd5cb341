"""Documents read in a process of their own, which is ended when one takes too long.

A page of a stranger can keep a parser busy for hours, or take all memory; a thread cannot be
ended, a process can. One process reads many documents. It is started when the first one comes.
"""

from __future__ import annotations

import atexit
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.messages import Incoming, Message, decoded, message
from index.ingest.options import Kind, ReadOptions
from index.records import Article, Failure
from index.translation import language, text

_START_SECONDS = 60.0
"""What a process may take to be ready on a busy machine; that is no time of a document's."""
_CHUNK = 1 << 16
_MOST = 2
"""Processes at once: each may take a gigabyte, and starting one takes a second."""


def read_apart(kind: Kind, document: Document, options: ReadOptions) -> Iterator[Article | Failure]:
    """What the reader of ``kind`` gives of ``document``, within ``options.seconds``.

    Raises ``SourceError`` where it takes longer, or ends the process.
    """
    with _slots:
        process = _take()
        try:
            header, data = process.ask(kind, document, options)
        except BaseException:  # an interrupt too: this answer would be taken for the next one's
            process.end()
            raise
        _idle.append(process)
    for name, level, said in header["warnings"]:
        logging.getLogger(name).log(level, "%s", said)
    yield from decoded(data)


class _Process:
    """A running worker."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self.owner = os.getpid()
        self._ready = False
        self._popen = subprocess.Popen(
            # -P: else a module of any name in the folder one stands in would come first.
            [sys.executable, "-P", "-m", "index.ingest.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": path},
            bufsize=0,
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._input, self._output = self._popen.stdin, self._popen.stdout
        os.set_blocking(self._input.fileno(), False)
        os.set_blocking(self._output.fileno(), False)

    def ask(self, kind: Kind, document: Document, options: ReadOptions) -> Message:
        """Send a document and wait for the answer. Raises ``SourceError``."""
        if not self._ready:
            if self._exchange(b"", _START_SECONDS) is None:
                reason = text(
                    "the process that reads it does not start; {python} -m index.ingest.worker "
                    "shows why",
                    python=sys.executable,
                )
                raise SourceError(document.uri, reason)
            self._ready = True
        header = {
            "kind": kind,
            "uri": document.uri,
            "options": asdict(options),
            "language": language(),
        }
        try:
            answer = self._exchange(message(header, document.data), options.seconds)
        except TimeoutError:
            reason = text(
                "it cannot be read within {seconds:g} seconds; save its text as .txt",
                seconds=options.seconds,
            )
            raise SourceError(document.uri, reason) from None
        if answer is None:
            reason = text(
                "its reader has ended ({ending}); save its text as .txt", ending=self._ending()
            )
            raise SourceError(document.uri, reason)
        return answer

    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def end(self) -> None:
        """Kill it, and let go of what it has."""
        if self.owner == os.getpid():
            self._popen.kill()
            self._popen.wait()
        self._input.close()
        self._output.close()

    def _exchange(self, question: bytes, seconds: float) -> Message | None:
        """Write ``question`` and read one message; None where the process ends first.

        Raises ``TimeoutError``. An interrupt ends the waiting at once.
        """
        deadline = time.monotonic() + seconds
        unsent, answer = memoryview(question), Incoming()
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            if unsent:
                selector.register(self._input, selectors.EVENT_WRITE)
            while True:
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if time.monotonic() > deadline:
                    raise TimeoutError
                for key, _ in ready:
                    if key.fileobj is self._input:
                        unsent = self._send(unsent)
                        if not unsent:
                            selector.unregister(self._input)
                    elif not (piece := os.read(key.fd, _CHUNK)):
                        return None
                    elif whole := answer.add(piece):
                        return whole

    def _send(self, unsent: memoryview) -> memoryview:
        """What is left to send; nothing where the process has ended, which reading will tell."""
        try:
            return unsent[os.write(self._input.fileno(), unsent[:_CHUNK]) :]
        except BrokenPipeError:
            return unsent[:0]

    def _ending(self) -> str:
        code = self._popen.wait()
        return f"signal {-code}" if code < 0 else f"code {code}"


_idle: list[_Process] = []
_lock = threading.Lock()
_slots = threading.BoundedSemaphore(_MOST)


def _take() -> _Process:
    """A process that waits, or a new one. One that a fork has copied stays its parent's."""
    with _lock:
        for process in [process for process in _idle if process.owner == os.getpid()]:
            _idle.remove(process)
            if process.is_alive():
                return process
            process.end()
    return _Process()


def _end_all() -> None:
    while _idle:
        _idle.pop().end()


atexit.register(_end_all)
