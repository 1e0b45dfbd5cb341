"""Watches, and on request spoils, every change that this process makes below one folder.

Python's own ways to change a file (``os`` and ``open``) are replaced; SQLite is watched through its
layer for the system. What reaches a file otherwise, as through a mapping, is found when the file is
synced. Once installed the layer stays, so it is for child processes.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
import pickle
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from tests.durability import sqlite_vfs
from tests.durability.disk import Disk, File, Op

BUFFER = 8192
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
        _patch(self)

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


REAL: dict[str, Callable[..., Any]] = {
    "open": io.open,
    **{
        name: getattr(os, name)
        for name in [
            "write",
            "pwrite",
            "writev",
            "ftruncate",
            "truncate",
            "fsync",
            "fdatasync",
            "rename",
            "replace",
            "link",
            "unlink",
            "remove",
            "rmdir",
            "mkdir",
            "sendfile",
            "copy_file_range",
            "posix_fallocate",
        ]
        if hasattr(os, name)
    },
    "os.open": os.open,
}
"""The functions as they were before any layer was installed."""


def _patch(layer: Layer) -> None:
    def path_of(path: Any, folder: int | None = None) -> str:
        if isinstance(path, int):
            return os.readlink(f"/proc/self/fd/{path}")
        text = os.fsdecode(path)
        if folder is not None:
            text = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text)
        head, tail = os.path.split(os.path.abspath(text))
        return os.path.join(os.path.realpath(head), tail)

    def check(kind: str, path: str, offset: int = 0, target: str = "") -> None:
        error = layer.before(kind, path, offset, target=target)
        if error:
            raise OSError(error, os.strerror(error), None if kind == "sync" else path)

    def opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        where = path_of(path, dir_fd)
        there = os.path.lexists(where)
        covered = layer.covers(where)
        new = covered and bool(flags & os.O_CREAT) and not there
        emptied = covered and bool(flags & os.O_TRUNC) and there and os.path.getsize(where) > 0
        if new:
            check("create", where)
        if emptied:
            check("truncate", where)
        descriptor: int = REAL["os.open"](path, flags, mode, dir_fd=dir_fd)
        if new:
            layer.after("create", where)
        if emptied:
            layer.after("truncate", where)
        return descriptor

    def write(fd: int, data: Any) -> int:
        where = path_of(fd)
        if not layer.covers(where):
            return int(REAL["write"](fd, data))
        offset = os.lseek(fd, 0, os.SEEK_CUR)
        return _write(layer, fd, where, offset, bytes(data), REAL["write"])

    def pwrite(fd: int, data: Any, offset: int) -> int:
        where = path_of(fd)
        if not layer.covers(where):
            return int(REAL["pwrite"](fd, data, offset))
        return _write(
            layer, fd, where, offset, bytes(data), lambda fd, d: REAL["pwrite"](fd, d, offset)
        )

    def writev(fd: int, buffers: Any) -> int:
        return write(fd, b"".join(buffers))

    def copying(name: str, target: int) -> Callable[..., Any]:
        def copy(*arguments: Any, **named: Any) -> Any:
            where = path_of(arguments[target])
            if not layer.covers(where):
                return REAL[name](*arguments, **named)
            check("write", where)
            result = REAL[name](*arguments, **named)
            layer.catch_up(where)
            return result

        return copy

    def truncate(path: Any, length: int) -> None:
        where = path_of(path)
        if layer.covers(where):
            check("truncate", where, length)
        REAL["truncate"](path, length)
        if layer.covers(where):
            layer.after("truncate", where, length)

    def fsync(fd: Any) -> None:
        fd = fd if isinstance(fd, int) else fd.fileno()
        where = path_of(fd)
        if layer.covers(where):
            kind = "syncdir" if stat.S_ISDIR(os.fstat(fd).st_mode) else "sync"
            check(kind, where)
            # Not forced to the real disk: no power is cut here, and it takes most of the time.
            layer.after(kind, where)
        else:
            REAL["fsync"](fd)

    def naming(name: str, kind: str) -> Callable[..., Any]:
        def rename(source: Any, target: Any, **named: Any) -> None:
            old = path_of(source, named.get("src_dir_fd"))
            new = path_of(target, named.get("dst_dir_fd"))
            if layer.covers(old):
                check(kind, old, target=new)
            REAL[name](source, target, **named)
            if layer.covers(old):
                layer.after(kind, old, target=new)

        return rename

    def changing(name: str, kind: str) -> Callable[..., Any]:
        def change(path: Any, *arguments: Any, dir_fd: int | None = None) -> None:
            where = path_of(path, dir_fd)
            wrong = os.path.lexists(where) == (kind == "mkdir")
            if layer.covers(where) and not wrong:
                check(kind, where)
            REAL[name](path, *arguments, dir_fd=dir_fd)
            if layer.covers(where):
                layer.after(kind, where)

        return change

    def open_file(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any) -> Any:
        where = path_of(file)
        if not layer.covers(where) or not set(mode) & set("wxa+"):
            return REAL["open"](file, mode, buffering, *rest, **named)
        flags = os.O_RDWR | os.O_CLOEXEC
        flags |= 0 if "r" in mode else os.O_CREAT
        flags |= os.O_EXCL if "x" in mode else os.O_TRUNC if "w" in mode else 0
        flags |= os.O_APPEND if "a" in mode else 0
        descriptor = file if isinstance(file, int) else opened(file, flags, 0o666)
        stream = WatchedFile(descriptor, str(file), write)
        if "b" in mode:
            return stream
        keys = dict(zip(("encoding", "errors", "newline"), rest, strict=False))
        keys |= {k: v for k, v in named.items() if k in ("encoding", "errors", "newline")}
        return io.TextIOWrapper(stream, **keys)

    replaced = {
        "open": opened,
        "write": write,
        "pwrite": pwrite,
        "writev": writev,
        "truncate": truncate,
        "ftruncate": truncate,
        "fsync": fsync,
        "fdatasync": fsync,
        "rename": naming("rename", "rename"),
        "replace": naming("replace", "rename"),
        "link": naming("link", "link"),
        "unlink": changing("unlink", "unlink"),
        "remove": changing("remove", "unlink"),
        "rmdir": changing("rmdir", "rmdir"),
        "mkdir": changing("mkdir", "mkdir"),
        "sendfile": copying("sendfile", 0),
        "copy_file_range": copying("copy_file_range", 1),
        "posix_fallocate": copying("posix_fallocate", 0),
    }
    for name, function in replaced.items():
        if hasattr(os, name):
            setattr(os, name, function)
    io.open = open_file
    builtins.open = open_file


def _write(
    layer: Layer, fd: int, path: str, offset: int, data: bytes, real: Callable[..., int]
) -> int:
    if _appends(fd):
        offset = os.fstat(fd).st_size
    error = layer.before("write", path, offset, data)
    if error == errno.ENOSPC and len(data) > 1:
        # A full disk takes what still has room.
        part = data[: len(data) // 2]
        real(fd, part)
        layer.after("write", path, offset, part)
    if error:
        raise OSError(error, os.strerror(error), path)
    written = int(real(fd, data))
    layer.after("write", path, offset, data[:written])
    return written


def _appends(fd: int) -> bool:
    import fcntl

    return bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND)


class WatchedFile(io.BufferedIOBase):
    """An open file whose every writing passes the layer; holds back as much as Python's does.

    It is no ``io.BufferedWriter``, or NumPy would hand its descriptor to C.
    """

    def __init__(self, fd: int, name: str, write: Callable[[int, bytes], int]) -> None:
        self._fd = fd
        self.name = name
        self._write = write
        self._held = bytearray()

    def fileno(self) -> int:
        return self._fd

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._held += piece
        if len(self._held) > BUFFER:
            self.flush()
        return len(piece)

    def flush(self) -> None:
        while self._held:
            done = self._write(self._fd, bytes(self._held))
            del self._held[:done]

    def read(self, size: int | None = -1) -> bytes:
        self.flush()
        if size is not None and size >= 0:
            return os.read(self._fd, size)
        pieces = []
        while piece := os.read(self._fd, 1 << 20):
            pieces.append(piece)
        return b"".join(pieces)

    def read1(self, size: int = -1) -> bytes:
        return self.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        self.flush()
        return os.lseek(self._fd, offset, whence)

    def tell(self) -> int:
        return os.lseek(self._fd, 0, os.SEEK_CUR) + len(self._held)

    def truncate(self, size: int | None = None) -> int:
        self.flush()
        length = self.tell() if size is None else size
        os.ftruncate(self._fd, length)
        return length

    def close(self) -> None:
        if self.closed:
            return
        try:
            self.flush()
        finally:
            self._held.clear()
            super().close()
            os.close(self._fd)
