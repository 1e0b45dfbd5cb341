"""A layer between SQLite and the system, by its own interface for that (sqlite.org/vfs.html).

The methods of the system's layer are copied, and those that change a file are called through
Python. It stands below the very SQLite that the ``sqlite3`` module uses, so nothing of the product
is replaced.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sqlite3
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any, Protocol

OPEN_CREATE = 0x4
NEW_JOURNAL = 0x800 | 0x4000 | 0x80000
"""Main journal, super journal, log: SQLite syncs their folder with the first sync of the file."""
OK, FULL, CANTOPEN = 0, 13, 14
IOERR = 10
IOERR_WRITE, IOERR_FSYNC, IOERR_DIR_FSYNC, IOERR_TRUNCATE, IOERR_DELETE = (
    IOERR | number << 8 for number in (3, 4, 5, 6, 10)
)

_FILE = c_void_p
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, _FILE, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_CLOSE = CFUNCTYPE(c_int, _FILE)
_WRITE = CFUNCTYPE(c_int, _FILE, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, _FILE, c_int64)
_SYNC = CFUNCTYPE(c_int, _FILE, c_int)


class _Methods(ctypes.Structure):
    """sqlite3_io_methods"""

    _fields_ = (
        ("iVersion", c_int),
        ("xClose", c_void_p),
        ("xRead", c_void_p),
        ("xWrite", c_void_p),
        ("xTruncate", c_void_p),
        ("xSync", c_void_p),
        ("xFileSize", c_void_p),
        *((f"x{number}", c_void_p) for number in range(12)),
    )


class _Vfs(ctypes.Structure):
    """sqlite3_vfs"""

    _fields_ = (
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        ("xOpen", c_void_p),
        ("xDelete", c_void_p),
        *((f"x{number}", c_void_p) for number in range(14)),
    )


class Watcher(Protocol):
    """Who is asked before each operation, and told after it. An error it returns is made of it."""

    def covers(self, path: str) -> bool: ...
    def before(self, kind: str, path: str, offset: int = 0, data: bytes = b"") -> int: ...
    def after(self, kind: str, path: str, offset: int = 0, data: bytes = b"") -> None: ...


def library() -> ctypes.CDLL | str:
    """The SQLite library that the ``sqlite3`` module uses, or why it cannot be reached."""
    maps = Path("/proc/self/maps")
    if not maps.is_file():
        return "it is not known which SQLite this Python uses: there is no /proc"
    import _sqlite3

    lines = [line for line in maps.read_text().splitlines() if "libsqlite3" in line]
    loaded = {line.split(maxsplit=5)[5].strip() for line in lines}
    extension = getattr(_sqlite3, "__file__", None)
    for name in [*sorted(loaded), extension, None]:
        found = ctypes.CDLL(name)
        if hasattr(found, "sqlite3_vfs_register"):
            found.sqlite3_libversion.restype = c_char_p
            if found.sqlite3_libversion().decode() == sqlite3.sqlite_version:
                return found
    return "this Python's SQLite is built into it and hides its names"


def install(watcher: Watcher) -> None:
    """Put the layer below every database that this process opens from now on."""
    found = library()
    if isinstance(found, str):
        raise RuntimeError(found)
    _KEPT.append(_Shim(found, watcher))


_KEPT: list[Any] = []
"""What SQLite points to must not be collected."""


class _Shim:
    def __init__(self, sqlite: ctypes.CDLL, watcher: Watcher) -> None:
        self._watcher = watcher
        self._paths: dict[int, str] = {}
        self._real: dict[int, _Methods] = {}
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}
        self._sync_folder: set[int] = set()
        sqlite.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._below = sqlite.sqlite3_vfs_find(None)
        self._real_open = _OPEN(self._below.contents.xOpen)
        self._real_delete = _DELETE(self._below.contents.xDelete)
        self._callbacks = {
            "xClose": _CLOSE(self._close),
            "xWrite": _WRITE(self._write),
            "xTruncate": _TRUNCATE(self._truncate),
            "xSync": _SYNC(self._sync),
        }
        self._open_callback = _OPEN(self._open)
        self._delete_callback = _DELETE(self._delete)
        self._vfs = _Vfs()
        ctypes.memmove(ctypes.byref(self._vfs), self._below, ctypes.sizeof(_Vfs))
        self._vfs.pNext = None
        self._vfs.zName = b"watched"
        self._vfs.xOpen = ctypes.cast(self._open_callback, c_void_p)
        self._vfs.xDelete = ctypes.cast(self._delete_callback, c_void_p)
        if sqlite.sqlite3_vfs_register(ctypes.byref(self._vfs), 1) != OK:
            raise RuntimeError("SQLite did not take the layer")

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        # The address is handed on: SQLite keeps it, and options stand behind the name.
        path = os.fsdecode(ctypes.string_at(name)) if name else ""
        if not path or not self._watcher.covers(path):
            return int(self._real_open(self._below, name, file, flags, out))
        new = bool(flags & OPEN_CREATE) and not os.path.exists(path)
        if new and self._watcher.before("create", path):
            # SQLite looks whether the file has methods that it must close with.
            ctypes.cast(file, POINTER(c_void_p))[0] = None
            return CANTOPEN
        result = int(self._real_open(self._below, name, file, flags, out))
        if result != OK:
            return result
        if new:
            self._watcher.after("create", path)
        if flags & OPEN_CREATE and flags & NEW_JOURNAL:
            self._sync_folder.add(file)
        self._paths[file] = path
        self._redirect(file)
        return OK

    def _redirect(self, file: int) -> None:
        """Give an open file our methods in the place of those it has."""
        pointer = ctypes.cast(file, POINTER(c_void_p))
        address = pointer[0]
        assert address is not None
        if address not in self._methods:
            real = _Methods.from_address(address)
            ours = _Methods()
            ctypes.memmove(ctypes.byref(ours), address, ctypes.sizeof(_Methods))
            for name, callback in self._callbacks.items():
                setattr(ours, name, ctypes.cast(callback, c_void_p))
            self._methods[address] = (real, ours)
        self._real[file], ours = self._methods[address]
        pointer[0] = ctypes.addressof(ours)

    def _delete(self, vfs: int, name: bytes, sync_folder: int) -> int:
        path = os.fsdecode(name)
        if not self._watcher.covers(path) or not os.path.exists(path):
            return int(self._real_delete(self._below, name, sync_folder))
        if self._watcher.before("unlink", path):
            return IOERR_DELETE
        result = int(self._real_delete(self._below, name, sync_folder))
        if result != OK:
            return result
        self._watcher.after("unlink", path)
        if sync_folder:
            folder = os.path.dirname(path)
            if self._watcher.before("syncdir", folder):
                return IOERR_DIR_FSYNC
            self._watcher.after("syncdir", folder)
        return OK

    def _close(self, file: int) -> int:
        self._sync_folder.discard(file)
        self._paths.pop(file)
        return int(_CLOSE(self._real.pop(file).xClose)(file))

    def _write(self, file: int, buffer: int, size: int, offset: int) -> int:
        path, data = self._paths[file], ctypes.string_at(buffer, size)
        error = self._watcher.before("write", path, offset, data)
        if error:
            return FULL if error == errno.ENOSPC else IOERR_WRITE
        result = int(_WRITE(self._real[file].xWrite)(file, buffer, size, offset))
        if result == OK:
            self._watcher.after("write", path, offset, data)
        return result

    def _truncate(self, file: int, size: int) -> int:
        path = self._paths[file]
        if self._watcher.before("truncate", path, size):
            return IOERR_TRUNCATE
        result = int(_TRUNCATE(self._real[file].xTruncate)(file, size))
        if result == OK:
            self._watcher.after("truncate", path, size)
        return result

    def _sync(self, file: int, flags: int) -> int:
        path = self._paths[file]
        if self._watcher.before("sync", path):
            return IOERR_FSYNC
        result = int(_SYNC(self._real[file].xSync)(file, flags))
        if result != OK:
            return result
        self._watcher.after("sync", path)
        if file in self._sync_folder:
            # SQLite does not look whether this one succeeds.
            self._sync_folder.discard(file)
            folder = os.path.dirname(path)
            if not self._watcher.before("syncdir", folder):
                self._watcher.after("syncdir", folder)
        return OK
