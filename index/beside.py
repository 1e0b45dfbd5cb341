"""Files of JSON lines that lie beside the record: what users said of answers, how evaluations went.

An index is whole without them, and nothing else replaces them. People may read and edit them. A
change writes a file anew and then gives it its name, so that it is there whole at any time; the
changes of several processes come one after another.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from index.errors import IndexBusyError, IndexFolderError, unreadable, unwritable
from index.translation import text

FEEDBACK = "feedback.jsonl"
EVALUATIONS = "evaluations.jsonl"
BESIDE = (FEEDBACK, EVALUATIONS)

_LOCK = "beside.lock"
_LONGEST_WAIT = 10.0
"""Seconds; another process holds the lock for as long as a small file takes to be written."""


def rows(file: Path) -> list[Mapping[str, Any]]:
    """The objects of a file, in their order; lines that hold none are passed over.

    Without a file there are none. Raises IndexFolderError.
    """
    return [row for line in _lines(file) if (row := _object(line))]


def put(
    file: Path,
    row: Mapping[str, Any],
    replaces: Callable[[Mapping[str, Any]], bool] = lambda row: False,
) -> None:
    """Append an object to a file; those that it ``replaces`` go, every other line stays as it is.

    Raises IndexFolderError where the file cannot be read or written, IndexBusyError.
    """
    import filelock

    # Half of a surrogate pair, which UTF-8 cannot write, becomes the escape that JSON has for it.
    added = json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace")
    try:
        with filelock.FileLock(file.with_name(_LOCK), timeout=_LONGEST_WAIT):
            kept = [line for line in _lines(file) if not replaces(_object(line))]
            _write(file, b"".join(line + b"\n" for line in (*kept, added)))
    except filelock.Timeout as error:
        raise IndexBusyError(
            text("{path} is being written by another process. Try again.", path=file)
        ) from error
    except OSError as error:
        raise unwritable(file, error) from error


def content(file: Path) -> bytes | None:
    """What a file holds; None where there is none. Raises IndexFolderError."""
    try:
        mode = os.lstat(file).st_mode
        if not stat.S_ISREG(mode):  # a link could lead to a file of the user's, a pipe never ends
            _refuse(file, "a link" if stat.S_ISLNK(mode) else "no file")
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(file, error) from error


def _refuse(file: Path, what: str) -> NoReturn:
    raise IndexFolderError(
        text(
            "{path} is {what}, which no index has there. Remove it, or name another folder "
            "with --index.",
            path=file,
            what=what,
        )
    )


def _lines(file: Path) -> list[bytes]:
    """Bytes, so that a line which is no JSON stays what it is."""
    return [line for line in (content(file) or b"").split(b"\n") if line.strip()]


def _object(line: bytes) -> Mapping[str, Any]:
    """The object of a line; an empty one where it holds none."""
    try:
        row = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError among the first
        return {}
    return row if isinstance(row, dict) else {}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _write(file: Path, data: bytes) -> None:
    from index.storage.segment import sync_folder  # with numpy, which reading does not need

    new = file.with_name(f"{file.name}.tmp")
    new.unlink(missing_ok=True)  # of a process that was killed; the lock is ours
    with new.open("xb") as stream:  # never through a link
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
    sync_folder(file.parent)
