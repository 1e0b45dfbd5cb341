"""What cannot be an article, and why: errors of readers, and records that cannot be stored."""

from __future__ import annotations

import errno

from index.errors import SourceError
from index.records import Article, Failure
from index.translation import text

_LONGEST = 200


def refusal(error: Exception, source: str) -> Failure:
    """The failure of ``source`` that ``error`` is; any error of a reader is one."""
    if isinstance(error, SourceError):
        return Failure(error.source, error.reason)
    if isinstance(error, MemoryError):
        return Failure(source, text("it needs more memory than there is; split it"))
    if isinstance(error, RecursionError):
        return Failure(source, text("it is nested too deeply to be read; save it as plain text"))
    if isinstance(error, OSError):
        return Failure(source, why_unreadable(error))
    told = f"{type(error).__name__}: {_text_of(error)}".removesuffix(": ")
    return Failure(
        source, text("it cannot be read ({told}); save it as plain text and add that", told=told)
    )


def why_unreadable(error: OSError | RuntimeError) -> str:
    """What keeps a file from being read, in words."""
    if isinstance(error, FileNotFoundError):
        return text("not found")
    if isinstance(error, PermissionError):
        return text("not readable; check its permissions")
    if isinstance(error, IsADirectoryError):
        return text("a folder")
    if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:
        return text("a loop of symbolic links")
    if isinstance(error, BlockingIOError):
        return text("it gives nothing to read just now; it is no file with an article")
    reason = error.strerror or _text_of(error) or type(error).__name__
    return text("cannot be read: {reason}", reason=reason)


def admitted(item: Article | Failure) -> Article | Failure:
    """``item``, or the failure of an article that cannot be stored as it is.

    A failure's own words are made storable: they may hold a name that is no UTF-8.
    """
    if isinstance(item, Failure):
        return Failure(_storable(item.source), _storable(item.reason))
    named = [("text", item.text), ("title", item.title), ("source", item.source)]
    named += [("publisher", item.publisher or ""), ("language", item.language)]
    named += [("authors", name) for name in item.authors]
    for name, value in named:
        if reason := _why_not_storable(value):
            return Failure(
                _storable(item.source),
                text("the {name} holds {reason}; correct it there", name=name, reason=reason),
            )
    return item


def _why_not_storable(value: str) -> str | None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        return text(
            "half of a surrogate pair at character {start}, which is no valid text",
            start=error.start,
        )
    return None


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")


def _text_of(error: Exception) -> str:
    """What ``error`` says, on one line; nothing where it cannot even say that."""
    try:
        told = " ".join(str(error).split())
    except Exception:
        return ""
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST]} …"
