"""What a disk may hold after power loss, given the operations that were done before it.

The model promises no more than POSIX does. What was written to a file is safe once a sync of that
file has returned, a new name once a sync of its folder has; until then any part of it may be there
or not, in any order, sector by sector. After a file's sync that failed, what it was to force is lost,
even if a later sync succeeds (Rebello et al. 2020, "Can Applications Recover from fsync Failures?").
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Op:
    """One operation on the disk. Paths are relative to the recorded folder.

    ``kind`` is create, write, truncate, sync, mkdir, rmdir, unlink, rename, link, syncdir or mark;
    a mark is no operation but the moment in which a commit was acknowledged. ``error`` is the
    number of the error that was made of it, 0 for none. ``seen`` is False for what was found in the
    file and not seen on its way there, as is written through a mapping.
    """

    kind: str
    path: str = ""
    offset: int = 0
    data: bytes = b""
    target: str = ""
    error: int = 0
    seen: bool = True

    def __str__(self) -> str:
        size = f" {len(self.data)} B at {self.offset}" if self.kind == "write" else ""
        return f"{self.kind} {self.path}{size}{' -> ' + self.target if self.target else ''}"


@dataclass(eq=False)
class File:
    """``now`` is what a reader sees, ``safe`` what no power loss takes away."""

    now: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    unsynced: list[Op] = field(default_factory=list)

    def apply(self, op: Op) -> None:
        _apply(self.now, op)
        self.unsynced.append(op)

    def sync(self, failed: bool) -> None:
        if not failed:
            for op in self.unsynced:
                _apply(self.safe, op)
        self.unsynced.clear()


@dataclass(eq=False)
class Folder:
    """Each entry of ``unsynced`` changes one or more names together, as a renaming does."""

    now: dict[str, Node] = field(default_factory=dict)
    safe: dict[str, Node] = field(default_factory=dict)
    unsynced: list[dict[str, Node | None]] = field(default_factory=list)

    def change(self, names: dict[str, Node | None]) -> None:
        _change(self.now, names)
        self.unsynced.append(names)

    def sync(self, failed: bool) -> None:
        # Names wait in the file system's own log, unlike a file's pages, and may be forced later.
        if not failed:
            for names in self.unsynced:
                _change(self.safe, names)
            self.unsynced.clear()


Node: TypeAlias = "File | Folder"


class Disk:
    """A tree of folders and files, changed by one operation after the other."""

    def __init__(self) -> None:
        self.root = Folder()

    @classmethod
    def of(cls, folder: Path) -> Disk:
        """A disk on which all that is below ``folder`` is safe."""
        disk = cls()
        disk.root = _read_folder(folder)
        return disk

    def apply(self, op: Op) -> None:
        if op.kind == "mark":
            return
        if op.kind in ("sync", "syncdir"):
            node = self.find(op.path)
            if node is not None:
                node.sync(failed=op.error != 0)
            return
        if op.error and op.kind != "write":
            return
        folder, name = self._parent(op.path)
        match op.kind:
            case "create":
                folder.change({name: File()})
            case "mkdir":
                folder.change({name: Folder()})
            case "unlink" | "rmdir":
                folder.change({name: None})
            case "write" | "truncate":
                node = folder.now[name]
                assert isinstance(node, File)
                node.apply(op)
            case "rename" | "link":
                self._name_anew(op, folder, name)
            case _:
                raise AssertionError(op.kind)

    def _name_anew(self, op: Op, folder: Folder, name: str) -> None:
        node = folder.now[name]
        target, new = self._parent(op.target)
        gone: dict[str, Node | None] = {name: None} if op.kind == "rename" else {}
        if target is folder:
            folder.change({**gone, new: node})
        else:
            target.change({new: node})
            if gone:
                folder.change(gone)

    def find(self, path: str) -> Node | None:
        node: Node | None = self.root
        for part in Path(path).parts:
            node = node.now.get(part) if isinstance(node, Folder) else None
        return node

    def files(self) -> dict[str, bytes]:
        """What a reader sees: each file's path and bytes."""
        return {path: bytes(file.now) for path, file in _walk(self.root, "")}

    def write_image(self, folder: Path, fate: Fate) -> None:
        """Lay out below ``folder`` what ``fate`` leaves of the disk."""
        _write_image(self.root, folder, fate)

    def _parent(self, path: str) -> tuple[Folder, str]:
        where = Path(path)
        folder = self.find(str(where.parent)) if where.parent != Path(".") else self.root
        assert isinstance(folder, Folder), path
        return folder, where.name


class Fate:
    """What becomes of each unsynced operation when the power fails."""

    NAMES = ("lost", "kept", "names kept", "data kept", "torn")

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self._random = random.Random(f"{name} {seed}")

    def entries(self, folder: Folder) -> dict[str, Node]:
        names = dict(folder.safe)
        for change in folder.unsynced:
            if self._keeps_names():
                _change(names, change)
        return names

    def content(self, file: File) -> bytes:
        content = bytearray(file.safe)
        pieces = [piece for op in file.unsynced for piece in _sectors(op)]
        if self.name == "torn":
            share = self._random.choice((0.2, 0.5, 0.8, 0.95))
            pieces = [piece for piece in pieces if self._random.random() < share]
            if self._random.random() < 0.5:
                self._random.shuffle(pieces)
        elif self.name in ("lost", "names kept"):
            pieces = []
        for piece in pieces:
            _apply(content, piece)
        # The new size may have been kept without what was to fill it.
        if self.name in ("names kept", "torn") and len(content) < len(file.now):
            missing = len(file.now) - len(content)
            if self._random.random() < 0.4:
                content += bytes(missing)
            elif self._random.random() < 0.4:
                content += self._random.randbytes(missing)
        return bytes(content)

    def leftover_wal_index(self) -> bytes | None:
        """What an index of the log, which is never forced to the disk, may look like."""
        if self.name != "torn" or self._random.random() < 0.5:
            return None
        return self._random.choice((b"", bytes(32768), self._random.randbytes(32768)))

    def _keeps_names(self) -> bool:
        if self.name == "torn":
            return self._random.random() < 0.5
        return self.name in ("kept", "names kept")


def _read_folder(folder: Path) -> Folder:
    entries: dict[str, Node] = {}
    for path in folder.iterdir():
        if path.is_dir():
            entries[path.name] = _read_folder(path)
        elif not path.name.endswith("-shm"):
            content = path.read_bytes()
            entries[path.name] = File(bytearray(content), bytearray(content))
    return Folder(dict(entries), dict(entries))


def _write_image(node: Folder, folder: Path, fate: Fate) -> None:
    folder.mkdir(exist_ok=True)
    for name, child in fate.entries(node).items():
        if isinstance(child, Folder):
            _write_image(child, folder / name, fate)
        else:
            (folder / name).write_bytes(fate.content(child))
    if (folder / "articles.db").exists():
        rubbish = fate.leftover_wal_index()
        if rubbish is not None:
            (folder / "articles.db-shm").write_bytes(rubbish)


def _walk(folder: Folder, prefix: str) -> Iterator[tuple[str, File]]:
    for name, node in folder.now.items():
        if isinstance(node, Folder):
            yield from _walk(node, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", node


def _apply(content: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        if op.offset < len(content):
            del content[op.offset :]
        else:
            content += bytes(op.offset - len(content))
        return
    if op.offset > len(content):
        content += bytes(op.offset - len(content))
    content[op.offset : op.offset + len(op.data)] = op.data


def _change(names: dict[str, Node], change: dict[str, Node | None]) -> None:
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _sectors(op: Op) -> Iterator[Op]:
    """A writing in the pieces that reach the disk one by one."""
    if op.kind != "write":
        yield op
        return
    at = 0
    while at < len(op.data):
        end = at + SECTOR - (op.offset + at) % SECTOR
        yield Op("write", op.path, op.offset + at, op.data[at:end])
        at = end
