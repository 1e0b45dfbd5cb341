"""Immutable segments: a folder of named arrays, each an ``.npy`` file with a recorded checksum.

A segment is written once, forced to the disk, and never changed. It counts only when a row of the
store names it; a folder that no row names is a left-over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from index.digest import sha256_of
from index.errors import IndexDamagedError, unreadable, writing_to
from index.translation import text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Arrays: TypeAlias = "Mapping[str, NDArray[np.generic]]"

LAYOUT = "4"
"""Names the arrays that a segment holds."""

EARLIER = ("3",)
"""Layouts that can be read; the next writer brings their segments up to date (``index.merge``)."""

CHECKED_AT_OPEN = 1 << 20
"""Files up to this size are read and compared with their checksum at every open; it costs 1 ms."""


_HEADER = 128  # bytes, which is all that NumPy takes for an array of few dimensions

UNREADABLE = (ValueError, SyntaxError, TokenError, TypeError, OverflowError, EOFError)
"""What NumPy raises where a file is no array, or the header of one was damaged."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the store remembers of one file of a segment."""

    bytes: int
    sha256: str
    header: str = ""
    """SHA-256 of the first 128 bytes, in which an array's type and shape stand; "" in layout 3."""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """From what ``asdict`` made of it."""
        return cls(int(entry["bytes"]), str(entry["sha256"]), str(entry.get("header", "")))


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """What the store remembers of a segment: its folder's name, its size, its files."""

    name: str
    passages: int
    files: Mapping[str, FileRecord]

    @classmethod
    def of(cls, name: str, passages: int, files: str) -> Self:
        """From a row of the record, with its ``files`` in JSON. Raises ValueError.

        A name that is none of a segment could lead out of the index folder.
        """
        entries = json.loads(files)
        strange = [file for file in entries if not _FILE.fullmatch(file)]
        if not _NAME.fullmatch(name) or strange:
            raise ValueError(f"{(strange or [name])[0]!r} is no name of a segment or its files")
        return cls(name, int(passages), {k: FileRecord.of(v) for k, v in entries.items()})


_NAME = re.compile(r"\d{10,19}-[0-9a-f]+", re.ASCII)
_FILE = re.compile(r"[a-z0-9_]+\.npy")


class FileMissingError(IndexDamagedError):
    """A file that the record names is not there; a merge may have taken it away since."""


def write(folder: Path, arrays: Arrays) -> SegmentRecord:
    """Write ``arrays`` as a new segment below ``folder`` and force it to the disk.

    The array "ids" (n,) gives the number of passages. Raises IndexFolderError.
    """
    with Writer(folder, int(arrays["ids"][0])) as writer:
        for name, array in arrays.items():
            writer.append(name, array)
        return writer.finish()


class Writer:
    """Writes a new segment part by part, so that no array of it has to be in memory as a whole.

    The folder's name begins with the ``first`` passage's id: names sort in the order of ids. What
    was not finished is a left-over. What the disk refuses is an IndexFolderError.
    """

    def __init__(self, folder: Path, first: int) -> None:
        self._folder = folder
        self._target = folder / f"{first:010d}-{secrets.token_hex(4)}"
        self._files: dict[str, _ArrayFile] = {}
        with writing_to(self._target):
            if not folder.is_dir():
                folder.mkdir(parents=True)
                sync_folder(folder.parent)
            self._target.mkdir(mode=0o700)

    def append(self, name: str, rows: NDArray[np.generic]) -> None:
        """Write further ``rows`` of the array ``name``; an empty array needs a call, too."""
        path = self._target / f"{name}.npy"
        with writing_to(path):
            if name not in self._files:
                self._files[name] = _ArrayFile(path, rows)
            self._files[name].append(rows)

    def finish(self) -> SegmentRecord:
        """Force everything to the disk; returns what the store has to remember."""
        with writing_to(self._target):
            files = {file.path.name: file.finish() for file in self._files.values()}
            sync_folder(self._target)
            sync_folder(self._folder)
        return SegmentRecord(self._target.name, self._files["ids"].rows, files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()


class _ArrayFile:
    """An ``.npy`` file that grows; its header keeps room for the number of rows."""

    def __init__(self, path: Path, first: NDArray[np.generic]) -> None:
        self.path = path
        self.rows = 0
        self._like = first[:0]
        self._stream = path.open("xb")
        self._write_header()

    def append(self, rows: NDArray[np.generic]) -> None:
        if rows.dtype != self._like.dtype or rows.shape[1:] != self._like.shape[1:]:
            raise ValueError(f"{self.path.name}: rows unlike those before")
        self.rows += len(rows)
        if rows.size:
            import numpy as np

            self._stream.write(np.ascontiguousarray(rows).reshape(-1).view(np.uint8).data)

    def finish(self) -> FileRecord:
        self._stream.seek(0)
        self._write_header()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        return FileRecord(
            self.path.stat().st_size, sha256_of(self.path), _digest_of_header(self.path)
        )

    def close(self) -> None:
        """Let go of a file that may not be finished, which is a left-over then."""
        with suppress(OSError):  # closing writes what was held back, on a full disk in vain
            self._stream.close()

    def _write_header(self) -> None:
        import numpy as np

        header = np.lib.format.header_data_from_array_1_0(self._like)
        header["shape"] = (self.rows, *self._like.shape[1:])
        np.lib.format.write_array_header_1_0(self._stream, header)


def open_arrays(folder: Path, record: SegmentRecord) -> dict[str, NDArray[np.generic]]:
    """The arrays of a segment, mapped into memory. Raises IndexDamagedError."""
    return {
        name.removesuffix(".npy"): _open_array(folder / record.name / name, expected)
        for name, expected in record.files.items()
    }


def open_array(folder: Path, record: SegmentRecord, name: str) -> NDArray[np.generic]:
    """One array of a segment, mapped into memory. Raises IndexDamagedError."""
    expected = record.files.get(f"{name}.npy")
    if expected is None:
        raise IndexDamagedError(
            text(
                "{record} has no {name}. qa repair builds it again from the record.",
                record=folder / record.name,
                name=name,
            )
        )
    return _open_array(folder / record.name / f"{name}.npy", expected)


@dataclass(frozen=True, slots=True)
class FileDamage:
    """A file that is not as it was written."""

    path: Path
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


def damage(folder: Path, record: SegmentRecord) -> list[FileDamage]:
    """What is wrong with a segment's files, each against its whole checksum; empty when sound."""
    found = []
    for name, expected in record.files.items():
        path = folder / record.name / name
        try:
            if _size_of(path) != expected.bytes or sha256_of(path) != expected.sha256:
                found.append(FileDamage(path, text("does not match its checksum")))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            found.append(FileDamage(path, text("is missing")))
        except OSError as error:
            raise unreadable(path, error) from error
    return found


def remove_leftovers(
    folder: Path, known: Collection[str], still: Callable[[], None] = lambda: None
) -> list[str]:
    """Delete the segments below ``folder`` that are not ``known``; returns their names.

    What is no folder is none of ours and stays. ``still`` is called before the first is deleted,
    and raises where ``known`` comes from a record that has been replaced: as a segment's name is
    never used twice, those of the index that has the folder now are not among the ones found.
    """
    if folder.is_symlink() or not folder.is_dir():
        return []
    with writing_to(folder):
        left_over = [
            entry
            for entry in folder.iterdir()
            if entry.name not in known and entry.is_dir() and not entry.is_symlink()
        ]
    if left_over:
        still()
    for entry in left_over:
        with writing_to(entry):
            shutil.rmtree(entry)
    return [entry.name for entry in left_over]


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk, so that a new file's name survives power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_array(path: Path, expected: FileRecord) -> NDArray[np.generic]:
    import numpy as np

    remedy = "qa repair builds it again from the articles; or restore a backup."
    try:
        size = _size_of(path)
        if size != expected.bytes:
            raise IndexDamagedError(
                text(
                    "{path} has {size} bytes where {bytes} were recorded. {remedy}",
                    path=path,
                    size=size,
                    bytes=expected.bytes,
                    remedy=remedy,
                )
            )
        if expected.header and _digest_of_header(path) != expected.header:
            raise IndexDamagedError(
                text(
                    "The header of {path} is not the recorded one. {remedy}",
                    path=path,
                    remedy=remedy,
                )
            )
        if size <= CHECKED_AT_OPEN and sha256_of(path) != expected.sha256:
            raise IndexDamagedError(
                text("{path} does not match its checksum. {remedy}", path=path, remedy=remedy)
            )
        array: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise FileMissingError(
            text("{path} is missing. {remedy}", path=path, remedy=remedy)
        ) from error
    except UNREADABLE as error:
        raise IndexDamagedError(
            text(
                "{path} is not an array file: {error}. {remedy}",
                path=path,
                error=error,
                remedy=remedy,
            )
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    return array


def _size_of(path: Path) -> int:
    """-1 of what is no file: to open a pipe would take for ever."""
    status = path.stat()
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def _digest_of_header(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.sha256(stream.read(_HEADER)).hexdigest()
