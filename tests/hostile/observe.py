"""What a server does, seen from outside: the files it opens, the connections it makes."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IN_ACCESS, _IN_OPEN, _IN_ISDIR = 0x1, 0x20, 0x40000000


class Opened:
    """Names of files in watched folders that anybody opened; Linux tells, no other system here.

    Folders are left out: whoever walks over the disk opens them, and only them.
    """

    def __init__(self, *folders: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK)
        assert self._fd >= 0
        for folder in folders:
            watch = libc.inotify_add_watch(self._fd, os.fsencode(folder), _IN_ACCESS | _IN_OPEN)
            assert watch >= 0

    def names(self) -> set[str]:
        """Those opened since this was asked last."""
        names: set[str] = set()
        try:
            while data := os.read(self._fd, 65_536):
                names |= _names(data)
        except BlockingIOError:
            return names
        return names

    def close(self) -> None:
        os.close(self._fd)


def _names(data: bytes) -> set[str]:
    names = set()
    while data:
        _, mask, _, length = struct.unpack_from("iIII", data)
        if not mask & _IN_ISDIR:
            names.add(data[16 : 16 + length].rstrip(b"\x00").decode("utf-8", "replace"))
        data = data[16 + length :]
    return names - {""}


class Listener:
    """Counts who connects to a port of this machine."""

    def __init__(self) -> None:
        self.count = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.count += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()
