"""What decides a model's vectors, in one checksum: its weights, tokenizer and module settings."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from index.digest import sha256_of


def remembered_fingerprint(path: Path, memos: Path) -> str:
    """The fingerprint that the folder ``memos`` has, unless a file's size or time changed since."""
    stamp = [
        # The time of a file's last change of any kind, which no program can set back.
        [file.name, s.st_size, s.st_mtime_ns, s.st_ctime_ns]
        for file in _decisive_files(path)
        for s in (file.stat(),)
    ]
    key = hashlib.sha256(json.dumps([str(path.resolve()), stamp]).encode()).hexdigest()[:24]
    memo = memos / key
    try:
        return memo.read_text("ascii")
    except FileNotFoundError:
        fingerprint = fingerprint_of(path)
        memo.parent.mkdir(parents=True, exist_ok=True)
        beside = memo.with_suffix(f".{os.getpid()}")
        beside.write_text(fingerprint, "ascii")
        beside.replace(memo)
        return fingerprint


def fingerprint_of(path: Path) -> str:
    """SHA-256 over the checksums of all files in a model's folder that decide a vector."""
    digest = hashlib.sha256()
    for file in _decisive_files(path):
        digest.update(file.relative_to(path).as_posix().encode() + b"\0")
        digest.update(sha256_of(file).encode() + b"\n")
    return digest.hexdigest()


def _decisive_files(path: Path) -> list[Path]:
    names = ("*.safetensors", "tokenizer.json", "modules.json", "config*.json", "*_config.json")
    return sorted({file for name in names for file in path.rglob(name) if file.is_file()})
