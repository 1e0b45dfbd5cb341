"""The folder of uploads: how much it holds, for how long, and which paths are in it."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.translation import text

QUOTA = 1_000_000_000
"""Bytes that all uploads together may take."""

MAX_AGE = 3_600.0
"""Seconds until an upload that nobody added goes. An upload under way may take half of it."""

SWEEP_EVERY = 300.0
LEAST_SIZE = 4_096
"""An empty file costs this much of the quota: it takes a block of the disk's folder too."""

_PLACE = re.compile(r"[0-9a-f]{64}/[^/\x00]{1,255}")
"""An upload lies under its hash: ``HASH/NAME``."""


class NotAnUploadError(Exception):
    """A path that names no uploaded file; the text says so without telling what is there."""


class Uploads:
    """The uploads in ``folder``. Sizes are counted as bytes come in, and set right by ``sweep``."""

    def __init__(self, folder: Path, quota: int = QUOTA, max_age: float = MAX_AGE) -> None:
        self.folder = folder.resolve()
        self.quota = quota
        self.max_age = max_age
        self._used = 0
        self._lock = threading.Lock()

    def file(self, path: object) -> Path:
        """``path`` as that of an uploaded file. Raises NotAnUploadError for everything else.

        The text of the path is judged first, so nothing outside the folder is ever touched, not
        even to look whether it is there.
        """
        prefix = f"{self.folder}/"
        if not isinstance(path, str) or not path.startswith(prefix):
            raise NotAnUploadError(text("not an uploaded file"))
        if not _PLACE.fullmatch(path[len(prefix) :]) or path.endswith(("/.", "/..")):
            raise NotAnUploadError(text("not an uploaded file"))
        found = Path(path)
        try:
            is_folder = stat.S_ISDIR(found.parent.lstat().st_mode)
            is_file = stat.S_ISREG(found.lstat().st_mode)
        except (OSError, ValueError):  # ValueError: no file can have such a name
            raise NotAnUploadError(text("the upload is not there (any more)")) from None
        if not (is_folder and is_file):
            raise NotAnUploadError(text("not an uploaded file"))
        return found

    def take(self, size: int) -> bool:
        """Count ``size`` bytes that come in; False if there is no room for them."""
        with self._lock:
            if self._used + size > self.quota:
                return False
            self._used += size
            return True

    def sweep(self, now: float | None = None) -> None:
        """Remove what is too old, and count what is left."""
        oldest = (time.time() if now is None else now) - self.max_age
        used = 0
        for path in self._files():
            with suppress(FileNotFoundError):  # added or ended meanwhile
                found = path.lstat()
                if found.st_mtime < oldest:
                    path.unlink()
                else:
                    used += max(found.st_size, LEAST_SIZE)
        with self._lock:
            self._used = used
        self._remove_empty_folders(oldest)

    def remove(self, path: Path) -> None:
        """Remove an upload that was added, and its folder if nothing else lies in it."""
        path.unlink(missing_ok=True)
        with suppress(OSError):  # other names of the same bytes
            path.parent.rmdir()

    def _files(self) -> Iterator[Path]:
        for parent, _, names in os.walk(self.folder):
            yield from (Path(parent, name) for name in names)

    def _remove_empty_folders(self, oldest: float) -> None:
        for folder in self.folder.iterdir():
            with suppress(OSError):  # a file, or a folder that is in use
                if folder.lstat().st_mtime < oldest:
                    folder.rmdir()


@contextmanager
def private_uploads(quota: int = QUOTA) -> Iterator[Uploads]:
    """Uploads in a folder that only this user can read, swept now and then; it goes at the end."""
    with tempfile.TemporaryDirectory(prefix="fundstelle-", ignore_cleanup_errors=True) as folder:
        uploads = Uploads(Path(folder), quota)
        ended = threading.Event()

        def sweep_now_and_then() -> None:
            while not ended.wait(SWEEP_EVERY):
                uploads.sweep()

        # Gradio reads it whenever a component or an application is made.
        os.environ["GRADIO_TEMP_DIR"] = str(uploads.folder)
        threading.Thread(target=sweep_now_and_then, daemon=True).start()
        try:
            yield uploads
        finally:
            ended.set()
