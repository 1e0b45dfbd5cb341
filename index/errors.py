"""One tree of errors. Each message names the thing, the reason and the remedy."""

from __future__ import annotations


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
