"""One file with a whole index in it: written while others write, read again, put back safely.

The file is a plain tar archive (vectors do not compress): first ``manifest.json``, which lists the
other members with their sizes and SHA-256, then the record, then what people keep beside it, then
the segments' files.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from index.beside import BESIDE, content
from index.digest import sha256_of
from index.errors import IndexBusyError, IndexDamagedError, IndexFolderError
from index.maintenance.check import verify
from index.maintenance.record_check import check_record
from index.records import BackupReport
from index.storage import segment
from index.storage.schema import FORMAT
from index.storage.segment import FileRecord, sync_folder
from index.storage.store import Store
from index.translation import numeral, text

MANIFEST = "manifest.json"
RECORD = "articles.db"
KIND = "fundstelle-backup"
VERSION = 2
"""Version 1 holds nothing from beside the record; one with nothing of the kind says so."""

_ATTEMPTS = 10
"""Each time a writer has just merged away what was to be copied."""
_BLOCK = 1 << 20
_LARGEST_MANIFEST = 1 << 28
_MEMBER = re.compile(
    rf"articles\.db|{'|'.join(map(re.escape, BESIDE))}|segments/[0-9a-f-]+/[a-z0-9_]+\.npy"
)


class _SegmentGoneError(Exception):
    """A writer has merged a segment away since the snapshot was taken."""


def backup(folder: Path, file: Path) -> BackupReport:
    """Write the newest commit of the index in ``folder`` to ``file``, and read it again.

    An earlier backup of that name is replaced, but only once the new one is whole; anything else
    is left alone. Others may read and write meanwhile. Raises IndexDamagedError where something
    does not match its checksum, IndexFolderError where ``file`` cannot be written.
    """
    if not (folder / RECORD).is_file():
        raise IndexFolderError(
            text(
                "There is no index in {folder}. Add articles first: qa --index {folder} add PATH",
                folder=folder,
            )
        )
    if file.exists() and not _is_backup(file):
        raise IndexFolderError(
            text("{file} is there and is no backup. Name another file.", file=file)
        )
    new = file.with_name(f"{file.name}.tmp")
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as workplace:
            for _ in range(_ATTEMPTS):
                try:
                    report = _write(folder, new, Path(workplace) / RECORD)
                    break
                except _SegmentGoneError:
                    continue
            else:
                raise IndexBusyError(
                    text(
                        "{folder} is being changed too fast to be copied. Wait, then try again.",
                        folder=folder,
                    )
                )
        _check(new)
        new.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise IndexFolderError(
            text(
                "{file} cannot be written: {error}. Check that its folder is there, may be "
                "written and has room.",
                file=file,
                error=error.strerror or error,
            )
        ) from error
    finally:
        new.unlink(missing_ok=True)
    return BackupReport(str(file), *report, file.stat().st_size)


def restore(file: Path, folder: Path) -> BackupReport:
    """Put the index of a backup into ``folder``, which must be empty or not there.

    It is unpacked beside it, checked whole, and only then given its name. Raises IndexDamagedError
    where the backup is damaged, IndexFolderError where it is none or the folder cannot be used.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise IndexFolderError(
            text(
                "{folder} is there and not empty. Nothing is overwritten: name a new folder "
                "with --index.",
                folder=folder,
            )
        )
    new = folder.with_name(f"{folder.name}.restore-{secrets.token_hex(4)}")
    try:
        new.mkdir(parents=True, mode=0o700)
        _unpack(file, new)
        report = verify(new)
        if report.damage:
            first = report.damage[0]
            raise IndexDamagedError(
                text(
                    "The index in {file} is damaged: {where}: {problem}. Nothing was put into "
                    "{folder}. Use another backup.",
                    file=file,
                    where=first.where,
                    problem=first.problem,
                    folder=folder,
                )
            )
        for leftover in (f"{RECORD}-wal", f"{RECORD}-shm"):
            (new / leftover).unlink(missing_ok=True)
        new.replace(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise IndexFolderError(
            text(
                "{folder} cannot be written: {error}. Check that there is room and that its "
                "folder may be written.",
                folder=folder,
                error=error.strerror or error,
            )
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return BackupReport(str(folder), report.articles, report.passages, report.files, report.bytes)


# ---- writing -------------------------------------------------------------------------------------


def _write(folder: Path, file: Path, copy: Path) -> tuple[int, int, int]:
    """One attempt; returns the numbers of articles, passages and files."""
    copy.unlink(missing_ok=True)
    with closing(Store(folder / RECORD, read_only=True)) as store, store.snapshot():
        store.copy_to(copy)
        segments = store.segments.all()
        counts = store.counts()
        layout = store.settings().get("segments", segment.LAYOUT)
    _check_record(folder, copy)
    paths = {RECORD: copy, **_copies_beside(folder, copy.parent)}
    members = {n: FileRecord(path.stat().st_size, sha256_of(path)) for n, path in paths.items()}
    for entry in segments:
        for name, expected in entry.files.items():
            member = f"segments/{entry.name}/{name}"
            members[member], paths[member] = expected, folder / member
    with file.open("wb") as stream:
        os.chmod(file, 0o600)
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
            _put(archive, MANIFEST, io.BytesIO(_manifest(members, layout)))
            for member, expected in members.items():
                if paths[member].exists() and not paths[member].is_file():
                    raise IndexDamagedError(
                        text(
                            "{member} is no file. qa repair builds it again; then back up.",
                            member=paths[member],
                        )
                    )
                try:
                    source = paths[member].open("rb")
                except FileNotFoundError as error:
                    if _is_current(folder, member):
                        raise IndexDamagedError(
                            text(
                                "{member} is missing. qa repair builds it again; then back up.",
                                member=paths[member],
                            )
                        ) from error
                    raise _SegmentGoneError from error
                with source:
                    if os.fstat(source.fileno()).st_size != expected.bytes:
                        raise IndexDamagedError(
                            text(
                                "{member} has not the size that was recorded. qa repair builds it "
                                "again; then back up.",
                                member=paths[member],
                            )
                        )
                    _put(archive, member, source)
        stream.flush()
        os.fsync(stream.fileno())
    return counts.articles, counts.passages, len(members)


def _copies_beside(folder: Path, target: Path) -> dict[str, Path]:
    """What is kept beside the record, of one moment, by its names. Raises IndexFolderError."""
    found = {name: data for name in BESIDE if (data := content(folder / name)) is not None}
    for name, data in found.items():
        (target / name).write_bytes(data)
    return {name: target / name for name in found}


def _check_record(folder: Path, copy: Path) -> None:
    """A damaged record is not carried on from backup to backup. Raises IndexDamagedError."""
    with closing(Store(copy, read_only=True, undecoded=True)) as store, store.snapshot():
        damage = check_record(store).damage
    if damage:
        raise IndexDamagedError(
            text(
                "{folder} is damaged: {where}: {problem}. qa verify shows all of it, qa repair "
                "saves what is sound; then back up.",
                folder=folder,
                where=damage[0].where,
                problem=damage[0].problem,
            )
        )


def _is_current(folder: Path, member: str) -> bool:
    """Whether the newest commit still names the segment of a member."""
    with closing(Store(folder / RECORD, read_only=True)) as store:
        return any(member.startswith(f"segments/{entry.name}/") for entry in store.segments.all())


def _manifest(members: Mapping[str, FileRecord], layout: str) -> bytes:
    return json.dumps(
        {
            "kind": KIND,
            "version": VERSION if members.keys() & set(BESIDE) else 1,
            "format": FORMAT,
            "layout": layout,
            "made": datetime.now(UTC).replace(microsecond=0).isoformat(),
            "files": {name: asdict(entry) for name, entry in members.items()},
        },
        indent=1,
    ).encode("ascii")


def _put(archive: tarfile.TarFile, name: str, source: IO[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.size = source.seek(0, os.SEEK_END)
    info.mode = 0o600
    source.seek(0)
    archive.addfile(info, source)


# ---- reading -------------------------------------------------------------------------------------


def _check(file: Path) -> None:
    """Read a backup whole and compare it with its manifest. Raises IndexDamagedError."""
    _unpack(file, None)


def _unpack(file: Path, folder: Path | None) -> None:
    """Write a backup's members below ``folder``, or only compare them with the manifest.

    Nothing is taken from the archive's own headers but each member's name, and that only where the
    manifest has it and it is one that an index has: no path leads elsewhere, no link is followed.
    """
    try:
        with tarfile.open(file, mode="r:") as archive:
            expected = _read_manifest(archive, file)
            while (member := archive.next()) is not None:
                if member.name not in expected or not member.isreg():
                    raise IndexDamagedError(
                        text(
                            "{file} holds {name!r}, which its list does not have or which is there "
                            "twice. Use another backup.",
                            file=file,
                            name=member.name,
                        )
                    )
                entry = expected.pop(member.name)
                source = archive.extractfile(member)
                assert source is not None  # it is a regular file
                if member.size != entry.bytes or _copy(source, folder, member.name) != entry.sha256:
                    raise IndexDamagedError(
                        text(
                            "{file}: {name} does not match its checksum. Use another backup.",
                            file=file,
                            name=member.name,
                        )
                    )
    except FileNotFoundError as error:
        raise IndexFolderError(text("{file}: there is no such file.", file=file)) from error
    except tarfile.TarError as error:
        raise IndexDamagedError(
            text("{file} is no backup, or damaged: {error}.", file=file, error=error)
        ) from error
    if expected:
        raise IndexDamagedError(
            text(
                "{file} ends before {next}. Use another backup.",
                file=file,
                next=next(iter(expected)),
            )
        )
    if folder is not None:
        for made in (*sorted((folder / "segments").glob("*")), folder / "segments", folder):
            if made.is_dir():
                sync_folder(made)


def _read_manifest(archive: tarfile.TarFile, file: Path) -> dict[str, FileRecord]:
    """What a backup says that it holds. Raises IndexFolderError where it is of another kind."""
    member = archive.next()
    if member is None or member.name != MANIFEST or not member.isreg():
        raise IndexFolderError(text("{file} is no backup of an index.", file=file))
    if member.size > _LARGEST_MANIFEST:
        raise IndexDamagedError(
            text(
                "{file} has a list of {size} bytes. Use another backup.",
                file=file,
                size=numeral(member.size),
            )
        )
    source = archive.extractfile(member)
    assert source is not None  # it is a regular file
    try:
        manifest = json.loads(source.read())
        if manifest["kind"] != KIND:
            raise IndexFolderError(text("{file} is no backup of an index.", file=file))
        if manifest["version"] > VERSION or manifest["format"] > FORMAT:
            raise IndexFolderError(
                text(
                    "{file} was made by a newer version of Fundstelle. Install it: pip install "
                    "--upgrade fundstelle",
                    file=file,
                )
            )
        found = {name: FileRecord.of(entry) for name, entry in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexDamagedError(
            text("{file}: its list cannot be read. Use another backup.", file=file)
        ) from error
    strange = [name for name in found if not _MEMBER.fullmatch(name)]
    if strange:
        raise IndexDamagedError(
            text(
                "{file} names {strange!r}, which is no part of an index.",
                file=file,
                strange=strange[0],
            )
        )
    return found


def _copy(source: IO[bytes], folder: Path | None, name: str) -> str:
    """Write one member, forced to the disk, and return its SHA-256."""
    digest = hashlib.sha256()
    if folder is None:
        while block := source.read(_BLOCK):
            digest.update(block)
        return digest.hexdigest()
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as stream:
        while block := source.read(_BLOCK):
            digest.update(block)
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest()


def _is_backup(file: Path) -> bool:
    """Whether a file may be replaced: it is a backup, whole or not."""
    try:
        with tarfile.open(file, mode="r:") as archive:
            first = archive.next()
            return first is not None and first.name == MANIFEST
    except (tarfile.TarError, OSError):
        return False
