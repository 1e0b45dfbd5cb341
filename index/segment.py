"""Immutable segments: a folder of named arrays, each an ``.npy`` file with a recorded checksum.

A segment is written once, forced to the disk, and never changed. It counts only when a row of the
store names it; a folder that no row names is a left-over.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError

Arrays: TypeAlias = "Mapping[str, NDArray[np.generic]]"

LAYOUT = "2"
"""Names the arrays that a segment holds; an index with another layout must be rebuilt."""

CHECKED_AT_OPEN = 1 << 20
"""Files up to this size are read and compared with their checksum at every open; it costs 1 ms."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the store remembers of one file of a segment."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """What the store remembers of a segment: its folder's name, its size, its files."""

    name: str
    passages: int
    files: Mapping[str, FileRecord]


def write(folder: Path, arrays: Arrays) -> SegmentRecord:
    """Write ``arrays`` as a new segment below ``folder`` and force it to the disk.

    The array "ids" (n,) gives the number of passages.
    """
    name = f"{int(arrays['ids'][0]):010d}-{secrets.token_hex(4)}"
    target = folder / name
    if not folder.is_dir():
        folder.mkdir(parents=True)
        sync_folder(folder.parent)
    target.mkdir(mode=0o700)
    files = {f"{key}.npy": _write_array(target / f"{key}.npy", a) for key, a in arrays.items()}
    sync_folder(target)
    sync_folder(folder)
    return SegmentRecord(name, len(arrays["ids"]), files)


def open_arrays(folder: Path, record: SegmentRecord) -> dict[str, NDArray[np.generic]]:
    """The arrays of a segment, mapped into memory. Raises IndexDamagedError."""
    return {
        name.removesuffix(".npy"): _open_array(folder / record.name / name, expected)
        for name, expected in record.files.items()
    }


def damage(folder: Path, record: SegmentRecord) -> list[str]:
    """What is wrong with a segment's files, each against its whole checksum; empty when sound."""
    found = []
    for name, expected in record.files.items():
        path = folder / record.name / name
        if not path.is_file():
            found.append(f"{path}: is missing")
        elif path.stat().st_size != expected.bytes or _digest(path) != expected.sha256:
            found.append(f"{path}: does not match its checksum")
    return found


def remove_leftovers(folder: Path, known: Collection[str]) -> list[str]:
    """Delete the segments below ``folder`` that are not ``known``; returns their names.

    What is no folder is none of ours and stays.
    """
    if not folder.is_dir():
        return []
    left_over = [
        entry
        for entry in folder.iterdir()
        if entry.name not in known and entry.is_dir() and not entry.is_symlink()
    ]
    for entry in left_over:
        shutil.rmtree(entry)
    return [entry.name for entry in left_over]


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk, so that a new file's name survives power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_array(path: Path, array: NDArray[np.generic]) -> FileRecord:
    with path.open("xb") as stream:
        np.save(stream, array, allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    return FileRecord(path.stat().st_size, _digest(path))


def _open_array(path: Path, expected: FileRecord) -> NDArray[np.generic]:
    remedy = "Restore it from a backup, or build the index again."
    try:
        size = path.stat().st_size
        if size != expected.bytes:
            raise IndexDamagedError(
                f"{path} has {size} bytes where {expected.bytes} were recorded. {remedy}"
            )
        if size <= CHECKED_AT_OPEN and _digest(path) != expected.sha256:
            raise IndexDamagedError(f"{path} does not match its checksum. {remedy}")
        array: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise IndexDamagedError(f"{path} is missing. {remedy}") from error
    except ValueError as error:
        raise IndexDamagedError(f"{path} is not an array file: {error}. {remedy}") from error
    return array


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
