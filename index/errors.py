"""One tree of errors. Each message names the thing, the reason and the remedy."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.translation import text


class FundstelleError(Exception):
    """Base of every error this project raises on purpose."""


class UsageError(FundstelleError):
    """The caller asked for something that cannot be done: a wrong option, an empty question."""


class SourceError(FundstelleError):
    """One source could not be read as an article; the rest of a batch goes on."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class ModelError(FundstelleError):
    """A model is missing, damaged or unsafe to load."""


class IndexFolderError(FundstelleError):
    """Base of what can be wrong with an index folder."""


class IndexMismatchError(IndexFolderError):
    """The index was built with another model, analysis or splitter than the one asked for."""


class IndexDamagedError(IndexFolderError):
    """A stored file does not match its recorded size or checksum."""


class IndexBusyError(IndexFolderError):
    """Another process is writing to the index."""


class ArticleNotFoundError(FundstelleError):
    """No article, or more than one, has that id."""


def unreadable(path: Path, error: OSError) -> IndexFolderError:
    """A file or folder of an index that the system does not let us read."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        remedy = text("Start the program again, or raise the limit to open files (ulimit -n)")
    elif error.errno in (errno.EACCES, errno.EPERM):
        remedy = text("Check who may read there")
    else:
        remedy = text("Check the disk; qa verify shows what is damaged")
    return IndexFolderError(
        text(
            "{path} cannot be read: {reason}. {remedy}.",
            path=path,
            reason=error.strerror or error,
            remedy=remedy,
        )
    )


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """What the system refuses while ``path`` is written becomes an IndexFolderError."""
    try:
        yield
    except OSError as error:
        raise unwritable(Path(error.filename) if error.filename else path, error) from error


def unwritable(path: Path, error: OSError) -> IndexFolderError:
    """A file or folder of an index that the system does not let us write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = text("Make room")
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        remedy = text("Check who may write there")
    elif error.errno == errno.EFBIG:
        remedy = text("Raise the limit to the size of files (ulimit -f)")
    elif error.errno in (errno.EMFILE, errno.ENFILE):
        remedy = text("Raise the limit to the number of open files (ulimit -n)")
    else:
        remedy = text("Check the disk")
    return IndexFolderError(
        text(
            "{path} cannot be written: {reason}. What was stored before is untouched. {remedy}, "
            "then try again.",
            path=path,
            reason=error.strerror,
            remedy=remedy,
        )
    )
