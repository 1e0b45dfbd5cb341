"""The system's functions that change files, replaced by some that ask a layer first."""

from __future__ import annotations

import builtins
import errno
import io
import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.durability.layer import Layer

BUFFER = 8192

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


class SystemFunctions:
    """What stands in for the functions in ``REAL``: each tells the layer before and after."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer

    def install(self) -> None:
        replaced = {
            "open": self.opened,
            "write": self.write,
            "pwrite": self.pwrite,
            "writev": self.writev,
            "truncate": self.truncate,
            "ftruncate": self.truncate,
            "fsync": self.fsync,
            "fdatasync": self.fsync,
            "rename": self._naming("rename", "rename"),
            "replace": self._naming("replace", "rename"),
            "link": self._naming("link", "link"),
            "unlink": self._changing("unlink", "unlink"),
            "remove": self._changing("remove", "unlink"),
            "rmdir": self._changing("rmdir", "rmdir"),
            "mkdir": self._changing("mkdir", "mkdir"),
            "sendfile": self._copying("sendfile", 0),
            "copy_file_range": self._copying("copy_file_range", 1),
            "posix_fallocate": self._copying("posix_fallocate", 0),
        }
        for name, function in replaced.items():
            if hasattr(os, name):
                setattr(os, name, function)
        io.open = self.open_file
        builtins.open = self.open_file

    def _path_of(self, path: Any, folder: int | None = None) -> str:
        if isinstance(path, int):
            return os.readlink(f"/proc/self/fd/{path}")
        text = os.fsdecode(path)
        if folder is not None:
            text = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text)
        head, tail = os.path.split(os.path.abspath(text))
        return os.path.join(os.path.realpath(head), tail)

    def _check(self, kind: str, path: str, offset: int = 0, target: str = "") -> None:
        error = self._layer.before(kind, path, offset, target=target)
        if error:
            raise OSError(error, os.strerror(error), None if kind == "sync" else path)

    def opened(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        where = self._path_of(path, dir_fd)
        there = os.path.lexists(where)
        covered = self._layer.covers(where)
        new = covered and bool(flags & os.O_CREAT) and not there
        emptied = covered and bool(flags & os.O_TRUNC) and there and os.path.getsize(where) > 0
        if new:
            self._check("create", where)
        if emptied:
            self._check("truncate", where)
        descriptor: int = REAL["os.open"](path, flags, mode, dir_fd=dir_fd)
        if new:
            self._layer.after("create", where)
        if emptied:
            self._layer.after("truncate", where)
        return descriptor

    def write(self, fd: int, data: Any) -> int:
        where = self._path_of(fd)
        if not self._layer.covers(where):
            return int(REAL["write"](fd, data))
        offset = os.lseek(fd, 0, os.SEEK_CUR)
        return _write(self._layer, fd, where, offset, bytes(data), REAL["write"])

    def pwrite(self, fd: int, data: Any, offset: int) -> int:
        where = self._path_of(fd)
        if not self._layer.covers(where):
            return int(REAL["pwrite"](fd, data, offset))
        return _write(
            self._layer, fd, where, offset, bytes(data), lambda fd, d: REAL["pwrite"](fd, d, offset)
        )

    def writev(self, fd: int, buffers: Any) -> int:
        return self.write(fd, b"".join(buffers))

    def _copying(self, name: str, target: int) -> Callable[..., Any]:
        def copy(*arguments: Any, **named: Any) -> Any:
            where = self._path_of(arguments[target])
            if not self._layer.covers(where):
                return REAL[name](*arguments, **named)
            self._check("write", where)
            result = REAL[name](*arguments, **named)
            self._layer.catch_up(where)
            return result

        return copy

    def truncate(self, path: Any, length: int) -> None:
        where = self._path_of(path)
        if self._layer.covers(where):
            self._check("truncate", where, length)
        REAL["truncate"](path, length)
        if self._layer.covers(where):
            self._layer.after("truncate", where, length)

    def fsync(self, fd: Any) -> None:
        fd = fd if isinstance(fd, int) else fd.fileno()
        where = self._path_of(fd)
        if self._layer.covers(where):
            kind = "syncdir" if stat.S_ISDIR(os.fstat(fd).st_mode) else "sync"
            self._check(kind, where)
            # Not forced to the real disk: no power is cut here, and it takes most of the time.
            self._layer.after(kind, where)
        else:
            REAL["fsync"](fd)

    def _naming(self, name: str, kind: str) -> Callable[..., Any]:
        def rename(source: Any, target: Any, **named: Any) -> None:
            old = self._path_of(source, named.get("src_dir_fd"))
            new = self._path_of(target, named.get("dst_dir_fd"))
            if self._layer.covers(old):
                self._check(kind, old, target=new)
            REAL[name](source, target, **named)
            if self._layer.covers(old):
                self._layer.after(kind, old, target=new)

        return rename

    def _changing(self, name: str, kind: str) -> Callable[..., Any]:
        def change(path: Any, *arguments: Any, dir_fd: int | None = None) -> None:
            where = self._path_of(path, dir_fd)
            wrong = os.path.lexists(where) == (kind == "mkdir")
            if self._layer.covers(where) and not wrong:
                self._check(kind, where)
            REAL[name](path, *arguments, dir_fd=dir_fd)
            if self._layer.covers(where):
                self._layer.after(kind, where)

        return change

    def open_file(
        self, file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any
    ) -> Any:
        where = self._path_of(file)
        if not self._layer.covers(where) or not set(mode) & set("wxa+"):
            return REAL["open"](file, mode, buffering, *rest, **named)
        flags = os.O_RDWR | os.O_CLOEXEC
        flags |= 0 if "r" in mode else os.O_CREAT
        flags |= os.O_EXCL if "x" in mode else os.O_TRUNC if "w" in mode else 0
        flags |= os.O_APPEND if "a" in mode else 0
        descriptor = file if isinstance(file, int) else self.opened(file, flags, 0o666)
        stream = WatchedFile(descriptor, str(file), self.write)
        if "b" in mode:
            return stream
        keys = dict(zip(("encoding", "errors", "newline"), rest, strict=False))
        keys |= {k: v for k, v in named.items() if k in ("encoding", "errors", "newline")}
        return io.TextIOWrapper(stream, **keys)


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
