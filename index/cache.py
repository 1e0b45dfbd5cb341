"""The user's cache: files that are made once from others, and can be made again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def cache_folder() -> Path:
    """The folder for derived files; ``XDG_CACHE_HOME`` or ``FUNDSTELLE_CACHE`` moves it."""
    import platformdirs

    named = os.environ.get("FUNDSTELLE_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("fundstelle"))


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """``folder``, made where it is not there: whole, or not at all.

    ``make`` writes into an empty folder beside it, which is then renamed. The second of two
    processes that start at once waits and finds it. Raises OSError.
    """
    if not folder.is_dir():
        import filelock

        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                for left in folder.parent.glob(f".{folder.name}.*"):  # by a process that was killed
                    shutil.rmtree(left, ignore_errors=True)
                work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
                try:
                    make(work)
                    work.rename(folder)
                finally:
                    shutil.rmtree(work, ignore_errors=True)
    return folder
