"""Child processes from one warm parent: a fork costs milliseconds, and the layer stays in them."""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import reprlib
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from threading import Lock
from typing import Any

from tests.durability import sqlite_vfs

PATIENCE = 120.0
"""Seconds after which a child that says nothing is taken for hung."""
_CONTEXT = multiprocessing.get_context("forkserver")
_LOCK = Lock()


def unavailable() -> str | None:
    """Why what SQLite does cannot be watched here; None where it can."""
    found = sqlite_vfs.library()
    return found if isinstance(found, str) else None


def start(function: Callable[..., Any], *arguments: object) -> tuple[ForkServerProcess, Connection]:
    """A child that runs ``function(connection, *arguments)``."""
    with _LOCK:
        _ensure_running()
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=function, args=(theirs, *arguments), daemon=True)
        process.start()
        theirs.close()
    return process, ours


def call(function: Callable[..., Any], *arguments: object) -> Any:
    """What ``function(*arguments)`` returns in a child of its own. Raises ChildError."""
    process, connection = start(_answer, function, arguments)
    what = f"{function.__name__}{reprlib.repr(arguments)}"
    try:
        if not connection.poll(PATIENCE):
            process.kill()
            raise ChildError(f"{what}: no answer in {PATIENCE:.0f} s")
        done, result = connection.recv()
    except EOFError as error:
        process.join()
        raise ChildError(f"{what} ended: {process.exitcode}") from error
    finally:
        connection.close()
    process.join()
    if not done:
        raise ChildError(result)
    return result


class ChildError(AssertionError):
    """A child process failed; the message is its trace."""


def _answer(connection: Connection, function: Callable[..., Any], arguments: Any) -> None:
    try:
        result = True, function(*arguments)
    except BaseException:
        result = False, traceback.format_exc()
    connection.send(result)


def _ensure_running() -> None:
    """Start the warm parent: with one thread, or its children could inherit a held lock."""
    _CONTEXT.set_forkserver_preload(["tests.durability.warm"])
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TOKENIZERS_PARALLELISM")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
