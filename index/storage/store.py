"""The record: one SQLite file with articles, passages and the names of the segments.

Its transaction is the only commit point of an index. No room but this one holds SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from index.storage.articles import Articles
from index.storage.audit import Audit
from index.storage.browsing import Browsing
from index.storage.connection import Connection
from index.storage.files import Failures, Files
from index.storage.segment_rows import SegmentRows
from index.storage.texts import Texts


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds."""

    articles: int
    texts: int
    passages: int
    segments: int


class Store(Connection):
    """An open record, its tables by subject. What writes is called inside ``atomic()`` only."""

    def __init__(
        self, path: Path, *, read_only: bool, undecoded: bool = False, anew: bool = False
    ) -> None:
        """See ``Connection``. Raises IndexFolderError, IndexDamagedError, IndexMismatchError."""
        super().__init__(path, read_only=read_only, undecoded=undecoded, anew=anew)
        self.articles = Articles(self)
        self.texts = Texts(self, self.articles)
        self.files = Files(self, self.articles)
        self.failures = Failures(self)
        self.segments = SegmentRows(self)
        self.audit = Audit(self)
        self.browsing = Browsing(self, self.articles)

    def settings(self) -> dict[str, str]:
        return dict(self.rows("SELECT name, value FROM settings"))

    def put_settings(self, settings: Mapping[str, str]) -> None:
        self.execute_many(
            """INSERT INTO settings VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
            settings.items(),
        )

    def counts(self) -> Counts:
        tables = ("articles", "texts", "passages", "segments")
        return Counts(*(int(self.rows(f"SELECT count(*) FROM {t}")[0][0]) for t in tables))
