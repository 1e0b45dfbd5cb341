"""The rows that name the segments, and the passages in them that no longer count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial

from index.storage.connection import Connection
from index.storage.rows import read
from index.storage.segment import SegmentRecord


class SegmentRows:
    """The live segments of a record."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[SegmentRecord]:
        """The live segments, oldest first."""
        return [
            read(partial(SegmentRecord.of, name, passages), files)
            for name, passages, files in self._connection.rows(
                "SELECT name, passages, files FROM segments ORDER BY name"
            )
        ]

    def put(self, record: SegmentRecord) -> None:
        files = {name: asdict(entry) for name, entry in record.files.items()}
        self._connection.execute(
            "INSERT INTO segments VALUES (?, ?, ?)",
            (record.name, record.passages, json.dumps(files)),
        )

    def replace(
        self, old: Sequence[str], new: SegmentRecord | None, passages: tuple[int, int]
    ) -> None:
        """Put ``new`` in the place of ``old`` segments, which held the ids in [first, end).

        The marks of the removed ones among these go: they stand in no segment any more.
        """
        self._connection.execute_many(
            "DELETE FROM segments WHERE name = ?", ((name,) for name in old)
        )
        self._connection.execute(
            "DELETE FROM removed WHERE passage_id >= ? AND passage_id < ?", passages
        )
        if new:
            self.put(new)

    def delete(self, name: str) -> None:
        self._connection.execute("DELETE FROM segments WHERE name = ?", (name,))

    def removed(self) -> list[int]:
        """The removed ones that still stand in a segment, in order."""
        return [
            row[0]
            for row in self._connection.rows("SELECT passage_id FROM removed ORDER BY passage_id")
        ]

    def removed_between(self, first: int, end: int) -> int:
        """How many of the ids in [first, end) are removed."""
        condition = "passage_id >= ? AND passage_id < ?"
        rows = self._connection.rows(
            f"SELECT count(*) FROM removed WHERE {condition}", (first, end)
        )
        return int(rows[0][0])

    def put_removed(self, ids: Iterable[int]) -> None:
        """Make these the passages that stand in segments and no longer count."""
        self._connection.execute("DELETE FROM removed")
        self._connection.execute_many(
            "INSERT INTO removed VALUES (?)", ((number,) for number in ids)
        )

    def state(self) -> tuple[object, ...]:
        """What is the same in two commits only if the same passages can be found in both.

        A segment's name is never used twice, and what is removed from it stays removed.
        """
        names = [row[0] for row in self._connection.rows("SELECT name FROM segments ORDER BY name")]
        sums = self._connection.rows(
            "SELECT name, rows, total FROM checks WHERE name IN ('segments', 'removed') ORDER BY 1"
        )
        return (*names, *sums)
