"""The tables of the record: how they are made, and the checksums of their rows.

SQLite finds a damaged structure by itself, not a changed letter in a text, so each row has a
checksum in a generated column, and each table a sum of them that triggers keep.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from index.storage import descriptors

FORMAT = 1
"""The newest storage format this version writes and reads."""


_TABLES_OF_M001: dict[str, tuple[str, ...]] = {
    "settings": ("name", "value"),
    "texts": ("id", "sha256", "title", "language"),  # and the text, by its sha256
    "articles": (
        *("number", "id", "text_id", "source", "title", "authors", "publisher", "published"),
        *("fetched", "language"),
    ),
    "passages": ("id", "text_id", "start", "end", "sentences"),
    "segments": ("name", "passages", "files"),
    "removed": ("passage_id",),
    "failures": ("source", "reason", "at"),
    "files": ("file", "sha256", "read_as", "articles"),
}
"""What the first migration covers with checks. Frozen with it: a later one brings its own."""

TABLES: dict[str, tuple[str, ...]] = {**_TABLES_OF_M001}
"""The columns of each table that its rows' ``check`` covers, in this order; the newest format's."""

SEQUENCES = "sqlite_sequence"
_CHECK_BITS = 62
"""A sum of two checks of so many bits still fits SQLite's integers."""


def row_check(*values: object) -> int:
    """The checksum of one row, 62 bits of BLAKE2b: SQLite's own checks miss changed contents."""
    digest = hashlib.blake2b(json.dumps(values).encode("ascii"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - _CHECK_BITS)


# As it stands in every index of this format, blanks included: tables are compared by their text.
_STATEMENTS_OF_M001 = """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE texts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        sha256 TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL,
        title TEXT NOT NULL,      -- the title that stands in the embedded text of its passages
        language TEXT NOT NULL
    ) STRICT;
    CREATE TABLE articles (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        text_id INTEGER NOT NULL REFERENCES texts (id),
        source TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        authors TEXT NOT NULL,    -- a JSON list
        publisher TEXT,
        published TEXT,           -- YYYY-MM-DD
        fetched TEXT NOT NULL,    -- ISO 8601, UTC
        language TEXT NOT NULL
    ) STRICT;
    CREATE INDEX articles_of_text ON articles (text_id);
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text_id INTEGER NOT NULL REFERENCES texts (id),
        start INTEGER NOT NULL,   -- code points
        "end" INTEGER NOT NULL,
        sentences TEXT NOT NULL   -- a JSON list of [start, end]
    ) STRICT;
    CREATE INDEX passages_of_text ON passages (text_id);
    CREATE TABLE segments (
        name TEXT PRIMARY KEY,
        passages INTEGER NOT NULL,
        files TEXT NOT NULL       -- a JSON object: file -> {bytes, sha256}
    ) STRICT;
    CREATE TABLE removed (passage_id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE failures (
        source TEXT PRIMARY KEY,
        reason TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE files (
        file TEXT PRIMARY KEY,    -- the URI of a file that was read
        sha256 TEXT NOT NULL,     -- of its bytes; empty where not all of it could be read
        read_as TEXT NOT NULL,    -- options and versions it was read with
        articles TEXT NOT NULL    -- a JSON object: article id -> check of its row, or null
    ) STRICT;
    CREATE TABLE checks (
        name TEXT PRIMARY KEY,    -- of a table
        rows INTEGER NOT NULL,
        total INTEGER NOT NULL    -- the sum of its rows' checks, modulo 2^62
    ) STRICT;
    """


def _m001_first_format(connection: sqlite3.Connection) -> None:
    connection.create_function("row_check", -1, row_check, deterministic=True)
    for statement in _STATEMENTS_OF_M001.split(";\n"):
        connection.execute(_with_check(statement, _TABLES_OF_M001))
    for table in _TABLES_OF_M001:
        connection.execute("INSERT INTO checks VALUES (?, 0, 0)", (table,))
        for event, rows, total in (
            ("INSERT", "rows + 1", 'total + new."check"'),
            ("DELETE", "rows - 1", 'total - old."check"'),
            ("UPDATE", "rows", 'total - old."check" + new."check"'),
        ):
            connection.execute(
                f"""CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} BEGIN
                UPDATE checks SET rows = {rows}, total = ({total}) & {(1 << _CHECK_BITS) - 1}
                WHERE name = '{table}'; END"""
            )
    connection.execute("INSERT INTO checks VALUES (?, 0, 0)", (SEQUENCES,))


def _with_check(statement: str, tables: Mapping[str, tuple[str, ...]]) -> str:
    """A CREATE TABLE with the generated column that holds each row's checksum."""
    name = re.match(r"\s*CREATE TABLE (\w+)", statement)
    if name is None or name[1] not in tables:
        return statement
    columns = ", ".join(f'"{column}"' for column in tables[name[1]])
    body, _, end = statement.rpartition(")")
    check = f'"check" INTEGER NOT NULL GENERATED ALWAYS AS (row_check({columns})) STORED'
    # The last column may be followed by a comment, so the comma stands at the start of the line.
    return f"{body.rstrip()}\n        , {check}\n    ){end}"


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_m001_first_format,)
"""Append-only: a migration that has been released is never changed."""


def total_of(checks: Iterable[int]) -> int:
    return sum(checks) & ((1 << _CHECK_BITS) - 1)


@cache
def schema_as_made() -> list[tuple[Any, ...]]:
    """The schema that this version's migrations make."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for migration in MIGRATIONS:
            migration(connection)
        return connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2"
        ).fetchall()
    finally:
        connection.close()


_PAGE = 4096
_MOST_LOST = 64
"""The number of pages may be damaged as well: no record of so many times the size is made."""


def restore_header(path: Path) -> None:
    """Write those parts of a copy's header anew that are the same in every index.

    What is cut off at the end of the file is filled with zeros, so that the rest can be read.
    """
    with path.open("r+b") as stream:
        header = bytearray(stream.read(100).ljust(100, b"\0"))
        header[:24] = b"SQLite format 3\0" + bytes((0x10, 0, 2, 2, 0, 64, 32, 32))
        header[44:60] = (4).to_bytes(4, "big") + bytes(8) + (1).to_bytes(4, "big")
        header[60:92] = FORMAT.to_bytes(4, "big") + bytes(28)
        stream.seek(0)
        stream.write(header)
        size, whole = stream.seek(0, os.SEEK_END), int.from_bytes(header[28:32], "big") * _PAGE
        if size < whole <= _MOST_LOST * size:
            stream.truncate(whole)


def is_whole(path: Path) -> bool:
    """Whether the file ends where a page ends.

    SQLite reads what is missing of its last page as zeros, which is what may have stood there.
    """
    return path.stat().st_size % _PAGE == 0


def is_header_as_made(path: Path) -> bool:
    """Whether the parts of the file's header are constant that SQLite does not compare itself.

    https://sqlite.org/fileformat.html, "The Database Header": the journal's version, the payload
    fractions, the schema's format, the encoding, the application's number, and what is reserved.
    """
    with descriptors.opened(path) as descriptor:
        header = os.pread(descriptor, 100, 0)
    return (
        header[18:24] in (bytes((2, 2, 0, 64, 32, 32)), bytes((1, 1, 0, 64, 32, 32)))
        and header[44:48] == (4).to_bytes(4, "big")
        and header[48:52] == bytes(4)
        and header[56:60] == (1).to_bytes(4, "big")
        and header[68:92] == bytes(24)
    )
