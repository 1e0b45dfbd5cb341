"""Errors of forty kinds, as libraries raise them on hostile input."""

from __future__ import annotations

import asyncio
import binascii
import csv
import decimal
import json
import re
import sqlite3
import struct
import subprocess
import zlib
from concurrent.futures import InvalidStateError
from urllib.error import HTTPError

import yaml
from lxml import etree

from index.errors import UsageError


class MuteError(Exception):
    """One that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class LinesError(Exception):
    def __str__(self) -> str:
        return "eins\nzwei\0drei\ud800 " * 1_000


def _http_error() -> Exception:
    error = HTTPError("http://x", 500, "x", {}, None)  # type: ignore[arg-type]
    error.close()
    return error


ERRORS: tuple[Exception, ...] = (
    ArithmeticError(), AssertionError(), AttributeError("x", name="y"), BlockingIOError(),
    BrokenPipeError(32, "Broken pipe"), BufferError("x"), ChildProcessError(), ConnectionError(),
    EOFError(), FileExistsError(), FileNotFoundError(2, "x"), ImportError("x", name="lxml"),
    IndexError(10), InterruptedError(), IsADirectoryError(), KeyError(("a", "\ud800")), KeyError(),
    LookupError(b"\xff"), MemoryError(), NameError("x"), NotADirectoryError(), NotImplementedError(),
    OSError(), OSError(5, "Input/output error"), OSError("odd"), OverflowError(34, "x"),
    PermissionError(13, "x"), ProcessLookupError(), RecursionError("x"), ReferenceError(),
    RuntimeError(), StopAsyncIteration(), SyntaxError("x", ("f", 1, 2, "t")), SystemError(),
    TimeoutError(), TypeError(None), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"), UnicodeError(), ValueError("\0"),
    ZeroDivisionError(), ExceptionGroup("x", [ValueError(1), KeyError(2)]), MuteError(), LinesError(),
    UsageError("x"), csv.Error("x"), struct.error("x"),
    zlib.error("x"), binascii.Error("x"), re.error("x"), json.JSONDecodeError("x", "y", 0),
    decimal.InvalidOperation(), sqlite3.OperationalError("x"), asyncio.InvalidStateError(),
    InvalidStateError(), subprocess.TimeoutExpired("x", 1), yaml.YAMLError("x"),
    etree.ParserError("x"), etree.XMLSyntaxError("x", 1, 2, 3), etree.XPathEvalError("x"),
    etree.SerialisationError("x"), _http_error(), Exception(),
)  # fmt: skip
