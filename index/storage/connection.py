"""One open connection to ``articles.db``: opened, prepared, renewed, its transactions."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.errors import IndexDamagedError, IndexFolderError, writing_to
from index.storage import descriptors
from index.storage.identity import (
    IDENTITY,
    Place,
    has_segments,
    is_another,
    is_gone,
    place_of,
    refuse_strange,
    was_replaced,
)
from index.storage.rows import casefold, folded, names
from index.storage.schema import FORMAT, MIGRATIONS, SEQUENCES, row_check, schema_as_made, total_of
from index.storage.sqlite_errors import explained, is_foreign, newer, no_index, unusable
from index.translation import text

_BLOCK = 1 << 20


class Connection:
    """One open record; methods may be called from several threads, one at a time."""

    def __init__(
        self, path: Path, *, read_only: bool, undecoded: bool = False, anew: bool = False
    ) -> None:
        """Open the record.

        ``undecoded``: bytes that are no UTF-8 come as surrogates, no error. ``anew``: it may be
        begun beside segments, as a repair does.
        """
        self._lock = threading.RLock()
        self._commits = 0
        self._generation = 0
        self._opened = False
        self._interrupted: BaseException | None = None
        self._is_log_forced = False
        self._still: Callable[[], None] | None = None
        self._identity: str | None = None
        self._place: Place | None = None
        self._read_only = read_only
        self._undecoded = undecoded
        self._anew = anew
        self.path = path
        self._connection = self._connect()
        self._opened = True

    def _connect(self) -> sqlite3.Connection:
        refuse_strange(self.path)
        mode = "rwc"
        if self._read_only:
            mode = "ro&immutable=1" if _is_immutable(self.path) else "ro"
        before = place_of(self.path)
        if before:
            descriptors.hold(before)
        try:
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=10.0,
            )
        except sqlite3.OperationalError as error:
            if before:
                descriptors.release(before)
            raise unusable(self.path, self._read_only, error) from error
        try:
            self._connection = connection
            self._add_functions()
            self._prepare(self._read_only)
            self._place = place_of(self.path)
            if before and self._place != before:
                raise was_replaced(self.path)
            if self._place and not before:
                descriptors.hold(self._place)
        except BaseException as error:
            connection.close()
            if before:
                descriptors.release(before)
            if isinstance(error, sqlite3.OperationalError):
                raise unusable(self.path, self._read_only, error) from error
            # SQLite's message quotes the file, so the bytes of a damaged one may be no UTF-8.
            if isinstance(error, (sqlite3.DatabaseError, UnicodeDecodeError)):
                raise no_index(self.path, str(error)) from error
            raise
        return connection

    def _add_functions(self) -> None:
        # SQLite's own lower() knows ASCII alone, and its length() ends at a NUL character.
        self._connection.create_function("characters", 1, len, deterministic=True)
        self._connection.create_function("casefold", 1, casefold, deterministic=True)
        self._connection.create_function("folded", 1, folded, deterministic=True)
        self._connection.create_function("names", 4, names, deterministic=True)
        self._connection.create_function("row_check", -1, self._row_check, deterministic=True)
        if self._undecoded:
            self._connection.text_factory = _undecoded

    def close(self) -> None:
        self._connection.close()
        if self._place:
            descriptors.release(self._place)
            self._place = None

    def _prepare(self, read_only: bool) -> None:
        # In one statement: another process may be making the tables just now.
        version, tables = self.rows(
            "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        )[0]
        if version > FORMAT or version < 0:
            raise newer(self.path, version)
        if version == 0 and tables:
            raise no_index(self.path, text("it is another program's database"))
        if version == 0 and not self._anew and has_segments(self.path):
            raise IndexDamagedError(
                text(
                    "{path} is empty, though segments lie beside it: what it held is lost. Restore "
                    "a backup: qa restore FILE --index NEW_FOLDER",
                    path=self.path,
                )
            )
        # A trigger that comes with an index from elsewhere could do anything to what is written.
        if version == FORMAT and not self._undecoded and self.schema() != schema_as_made():
            raise no_index(self.path, text("its tables are not those of this format"))
        if read_only:
            if version < FORMAT:
                raise IndexFolderError(
                    text(
                        "{path} is empty: nothing was added yet. Add articles first: qa --index "
                        "{parent} add PATH",
                        path=self.path,
                        parent=self.path.parent,
                    )
                )
            return
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        # Rows that OR REPLACE takes away are taken from the sum of their table as well.
        self._connection.execute("PRAGMA recursive_triggers = ON")
        if version < FORMAT:
            with self.atomic():
                # Another process may have done it while this one waited for the lock.
                version = int(self.rows("PRAGMA user_version")[0][0])
                for migration in MIGRATIONS[version:]:
                    migration(self._connection)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    # --- the file that has the name ------------------------------------------------------------

    @contextmanager
    def held(self, still: Callable[[], None]) -> Iterator[None]:
        """For the holder of the writer's lock: it is one and the same record all the time.

        ``still`` is called before each commit, and raises where the lock is no longer held.
        """
        with self._lock:
            self._renew()
            self._still = still
        try:
            yield
        finally:
            self._still = None

    def check_place(self) -> None:
        """Raises IndexFolderError where this is no longer the record that has the name."""
        if self._still is not None:
            self._still()
        if self._opened and place_of(self.path) != self._place:
            raise was_replaced(self.path)

    def _renew(self) -> None:
        """Before a use: open the record that has the name now, where it is of the same index."""
        if not self._opened or self._connection.in_transaction:
            return
        place = place_of(self.path)
        if place == self._place:
            return
        if self._still is not None:
            raise was_replaced(self.path)
        if place is None:
            raise is_gone(self.path)
        self._remember_identity()
        fresh = Connection(self.path, read_only=self._read_only, undecoded=self._undecoded)
        try:
            if not self._is_same_index(fresh):
                raise is_another(self.path)
            # The file that has lost its name is closed with the other one.
            self._connection, fresh._connection = fresh._connection, self._connection
            self._place, fresh._place = fresh._place, self._place
        finally:
            fresh.close()
        self._add_functions()
        self._generation += 1
        self._is_log_forced = False

    def _remember_identity(self) -> None:
        """What the open file says, which another process may have written to since."""
        try:
            settings = dict(self._connection.execute("SELECT name, value FROM settings").fetchall())
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            return  # it is damaged; what was known before counts
        # One without settings holds nothing yet, so any index may take its place.
        self._identity = settings.get(IDENTITY, "" if settings else None)

    def _is_same_index(self, fresh: Connection) -> bool:
        # A new one has no settings yet.
        rows = fresh.rows("SELECT value FROM settings WHERE name = ?", (IDENTITY,))
        return self._identity in (None, rows[0][0] if rows else None)

    # --- transactions --------------------------------------------------------------------------

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """One write transaction: all of it or nothing.

        Raises IndexFolderError where the disk is full or cannot be written, IndexDamagedError.
        """
        with self._lock, self._explained():
            self._renew()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._check_sequences()
                self.check_place()
                self._connection.execute("COMMIT")
            except BaseException:
                # After some errors, such as a full disk, SQLite has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._commits += 1
            # What lies in a file that has lost its name is not acknowledged.
            self.check_place()

    def _row_check(self, *values: object) -> int:
        """SQLite tells an error of its own for what is raised in here, such as Ctrl-C."""
        try:
            return row_check(*values)
        except BaseException as error:
            self._interrupted = error
            raise

    def _check_sequences(self) -> None:
        """Triggers cannot watch SQLite's own table of the highest ids, so a commit sums it."""
        rows = self._connection.execute(f"SELECT name, seq FROM {SEQUENCES}").fetchall()
        self._connection.execute(
            "UPDATE checks SET rows = ?, total = ? WHERE name = ?",
            (len(rows), total_of(row_check(*row) for row in rows), SEQUENCES),
        )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads that all see the same commit; for a connection that one thread has.

        Raises IndexFolderError.
        """
        with self._explained():
            self._renew()
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def force_log(self) -> None:
        """Write the log's own bytes into it once more and force them to the disk.

        For the holder of the writer's lock, before its first commit. Where the sync of a process
        before failed, the system may take pages for written that are not (Rebello et al. 2020, "Can
        Applications Recover from fsync Failures?"); SQLite would write behind them what power loss
        would take away with them. Raises IndexFolderError.
        """
        if self._is_log_forced or not log_size(self.path):
            return
        log = _log_of(self.path)
        with self._lock, writing_to(log):
            descriptor, place = os.open(log, os.O_RDWR), 0
            try:
                while block := os.pread(descriptor, _BLOCK, place):
                    place += os.pwrite(descriptor, block, place)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._is_log_forced = True

    def data_version(self) -> tuple[int, int, int]:
        """What differs after every commit, of another connection (first) or this one (second).

        And where another file has taken the record's place (third).
        """
        with self._lock:
            version = int(self.rows("PRAGMA data_version")[0][0])
            return version, self._commits, self._generation

    def copy_to(self, path: Path) -> None:
        """A copy of what this connection sees, forced to the disk; inside ``snapshot()``."""
        self.rows("SELECT count(*) FROM settings")  # a snapshot begins with its first read
        target = sqlite3.connect(path, isolation_level=None)
        try:
            target.execute("PRAGMA synchronous = FULL")
            self._connection.backup(target)
        except sqlite3.DatabaseError as error:
            raise explained(path, error) from error
        finally:
            target.close()

    def checkpoint(self) -> None:
        """Take what stands in the log over into the file, as far as readers let it."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- statements ----------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._explained((sqlite3.DatabaseError, UnicodeDecodeError)):
            self._renew()
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows one by one, SQLite's errors as they are: for who looks at a damaged file."""
        return iter(self._connection.execute(sql, tuple(parameters)))

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """One statement of a transaction."""
        self._connection.execute(sql, tuple(parameters))

    def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """One statement of a transaction, for each of the rows."""
        self._connection.executemany(sql, rows)

    def schema(self) -> list[tuple[Any, ...]]:
        """What tables, indexes and triggers there are."""
        return self.rows("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")

    @contextmanager
    def _explained(
        self, kinds: tuple[type[Exception], ...] = (sqlite3.DatabaseError,)
    ) -> Iterator[None]:
        """SQLite's errors as ours, with the file, the reason and the remedy."""
        try:
            yield
        except kinds as error:
            if self._interrupted is not None:
                interrupted, self._interrupted = self._interrupted, None
                raise interrupted from None
            if not self._opened or not is_foreign(error):
                raise
            raise explained(self.path, error) from error


def _undecoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _is_immutable(path: Path) -> bool:
    """Whether nobody can be writing to the record: on a medium or in a folder without write access.

    SQLite's log needs a file for the locks of its readers beside it, even to read, which cannot be
    made there. Without a log the file is whole and can be read as it is; with one it must not be,
    for the newest commits stand in the log.
    """
    return not os.access(path.parent, os.W_OK) and not log_size(path)


def log_size(path: Path) -> int:
    log = _log_of(path)
    return log.stat().st_size if log.exists() else 0


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
