"""For verify, repair and backup: the rows as they stand, and what SQLite says of the file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.errors import IndexFolderError
from index.storage.connection import Connection, log_size
from index.storage.rows import marks
from index.storage.schema import (
    FORMAT,
    SEQUENCES,
    TABLES,
    is_header_as_made,
    is_whole,
    row_check,
    schema_as_made,
)
from index.storage.sqlite_errors import explained


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row by its columns; ``sound`` where they are what was written."""

    rowid: int
    values: dict[str, Any]
    check: object
    sound: bool


class Audit:
    """A record looked at from outside: sound rows and others."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def own_checks(self) -> list[str]:
        """What SQLite finds wrong with the file, and what is not as this version makes it."""
        try:
            found = [str(row[0]) for row in self._connection.stream("PRAGMA integrity_check(20)")]
            found = [line for line in found if line != "ok"]
            found += [
                f"foreign key: {row[:3]}"
                for row in self._connection.rows("PRAGMA foreign_key_check")
            ]
            if self._connection.rows("PRAGMA user_version")[0][0] != FORMAT:
                found.append("the number of its format was changed")
            if self._connection.schema() != schema_as_made():
                found.append("its tables are not those of this format")
            # While there is a log, the newest pages stand in that, under its checksums.
            if not log_size(self._connection.path):
                if not is_header_as_made(self._connection.path):
                    found.append("the header of the file was changed")
                if not is_whole(self._connection.path):
                    found.append("the file does not end where a page ends")
        except (sqlite3.DatabaseError, UnicodeDecodeError, IndexFolderError) as error:
            return [str(error)]
        return found

    def sums(self) -> dict[str, tuple[int, int]]:
        """For each table the number of its rows and the sum of their checks, as recorded."""
        return {
            name: (rows, total)
            for name, rows, total in self._connection.rows("SELECT * FROM checks")
        }

    def sequences(self) -> list[tuple[Any, ...]]:
        """The highest id that each table has used."""
        return self._connection.rows(f"SELECT name, seq FROM {SEQUENCES}")

    def raw_rows(
        self, table: str, *, newest_first: bool = False, rowid: int | None = None
    ) -> Iterator[RawRow]:
        """Every row of a table as it stands, or one, each compared with its checksum.

        Raises IndexDamagedError after the last row that can be read.
        """
        columns = [*TABLES[table], *(["text"] if table == "texts" else [])]
        names = ", ".join(f'"{column}"' for column in columns)
        order = "DESC" if newest_first else "ASC"
        chosen = "" if rowid is None else f"WHERE rowid = {rowid:d}"
        try:
            for row in self._connection.stream(
                f'SELECT rowid, "check", {names} FROM {table} NOT INDEXED {chosen} '
                f"ORDER BY rowid {order}"
            ):
                values = dict(zip(columns, row[2:], strict=True))
                covered = [values[column] for column in TABLES[table]]
                yield RawRow(row[0], values, row[1], _is_sound(table, row[1], covered, values))
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise explained(self._connection.path, error) from error

    def put_raw(self, table: str, values: Mapping[str, object]) -> None:
        """Write a row that ``raw_rows`` read from another record."""
        names = ", ".join(f'"{column}"' for column in values)
        self._connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks(list(values))})", tuple(values.values())
        )

    def put_sequence(self, table: str, highest: int) -> None:
        """Let the next id of ``table`` be above ``highest``."""
        self._connection.execute(f"DELETE FROM {SEQUENCES} WHERE name = ?", (table,))
        self._connection.execute(f"INSERT INTO {SEQUENCES} VALUES (?, ?)", (table, highest))


def _is_sound(
    table: str, check: object, covered: Sequence[object], values: Mapping[str, Any]
) -> bool:
    try:
        if check != row_check(*covered):
            return False
        return table != "texts" or values["sha256"] == _sha256(values["text"])
    except (TypeError, AttributeError):  # a blob where a text was
        return False


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
