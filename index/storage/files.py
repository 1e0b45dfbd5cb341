"""What files gave when they were last read, and what could not be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from index.records import Failure
from index.storage.articles import Articles
from index.storage.connection import Connection
from index.storage.rows import printable, read


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file gave when it was last read.

    ``sha256`` is that of its bytes, empty where not all could be read. ``articles`` has the check
    of each article's row, None where another file gave the version that counts.
    """

    sha256: str
    read_as: str
    articles: dict[str, int | None]


class Files:
    """The files that articles were read from, by their URIs."""

    def __init__(self, connection: Connection, articles: Articles) -> None:
        self._connection = connection
        self._articles = articles

    def all(self) -> dict[str, ReadFile]:
        """The files that articles were read from, by their URIs."""
        return {
            uri: ReadFile(sha256, read_as, read(_object, articles))
            for uri, sha256, read_as, articles in self._connection.rows(
                "SELECT file, sha256, read_as, articles FROM files"
            )
        }

    def put(self, uri: str, sha256: str, read_as: str, articles: Mapping[str, bool]) -> None:
        """Remember what a file gave: ``articles`` by id, True where this file's version counts."""
        checks = self._articles.checks([name for name, counts in articles.items() if counts])
        self._connection.execute(
            """INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (file) DO UPDATE SET
            sha256 = excluded.sha256, read_as = excluded.read_as, articles = excluded.articles""",
            (uri, sha256, read_as, json.dumps({name: checks.get(name) for name in articles})),
        )

    def forget(self, uri: str) -> None:
        self._connection.execute("DELETE FROM files WHERE file = ?", (uri,))

    def follow(self, article_id: str, before: int, after: int) -> None:
        """An article's row was changed by hand: it still counts as its file gave it.

        So ``sync`` gives it the file's title again only where the file itself has changed.
        """
        for uri, articles in self._connection.rows(
            "SELECT file, articles FROM files WHERE instr(articles, ?)", (json.dumps(article_id),)
        ):
            checks = read(_object, articles)
            if checks.get(article_id) == before:
                self._connection.execute(
                    "UPDATE files SET articles = ? WHERE file = ?",
                    (json.dumps(checks | {article_id: after}), uri),
                )


class Failures:
    """The sources that could not be read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[Failure, ...]:
        rows = self._connection.rows("SELECT source, reason FROM failures ORDER BY source")
        return tuple(Failure(source, reason) for source, reason in rows)

    def put(self, failures: Iterable[Failure]) -> None:
        now = datetime.now(UTC).replace(microsecond=0).isoformat()
        self._connection.execute_many(
            """INSERT INTO failures VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE SET
            reason = excluded.reason, at = excluded.at""",
            ((printable(f.source), printable(f.reason), now) for f in failures),
        )

    def forget(self, sources: Iterable[str]) -> None:
        self._connection.execute_many(
            "DELETE FROM failures WHERE source = ?", ((printable(source),) for source in sources)
        )

    def of_files(self) -> dict[str, str]:
        """The file of each that is one which was read before, or a row of such a one.

        What a document says its source is has no part in it: a row of the table of files comes from
        a path that was named on this machine alone.
        """
        known = {row[0] for row in self._connection.rows("SELECT file FROM files")}
        found = {}
        for failure in self.all():
            file, _, row = failure.source.rpartition(":")
            if failure.source in known:
                found[failure.source] = failure.source
            elif file in known and row.isdecimal():
                found[failure.source] = file
        return found


def _object(text: str) -> dict[str, Any]:
    return dict(json.loads(text))
