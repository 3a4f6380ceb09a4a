"""The store in one SQLite file: WAL, one writer at a time under a file lock, any number of query-only readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool, StaticPool

from events.database import LOCK_SECONDS, Lock
from events.file_lock import FileLock

_WAL_LIMIT = 64 * 1024 * 1024
"""Bytes of write-ahead log at which a writer checkpoints itself, for when no worker runs to do it."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # NORMAL may lose acknowledged commits when the power goes.
    "PRAGMA synchronous=FULL",
    # Checkpoints are one process's task, under the file lock.
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA foreign_keys=ON",
    # An erased name must not linger in free pages.
    "PRAGMA secure_delete=ON",
)


class SqliteDatabase:
    """The store behind `sqlite:///path`. Raises Busy from `write` when its turn does not come in time."""

    def __init__(self, url: str, lock_seconds: float = LOCK_SECONDS) -> None:
        self.url = url
        name = make_url(url).database
        if not name or name == ":memory:":
            raise ValueError("a SQLite database needs a file: sqlite:///takehold.db")
        self.path = Path(name)
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock"), lock_seconds)
        # The file lock lets one thread write at a time, so one writing connection serves them all.
        self.engine = self._engine(StaticPool, "BEGIN IMMEDIATE", _PRAGMAS)
        self._reader = self._engine(QueuePool, "BEGIN", ("PRAGMA query_only=ON",))

    def _engine(self, pool: type[StaticPool | QueuePool], begin: str, pragmas: tuple[str, ...]) -> Engine:
        size = {"pool_size": 8, "max_overflow": 24} if pool is QueuePool else {}
        engine = create_engine(
            self.url,
            poolclass=pool,
            connect_args={"check_same_thread": False, "timeout": LOCK_SECONDS},
            **size,
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _: object) -> None:
            connection.isolation_level = None
            for pragma in pragmas:
                connection.execute(pragma)

        @event.listens_for(engine, "begin")
        def begin_here(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self, lock: Lock, workspace_id: str) -> Iterator[Connection]:
        with self._lock.held():
            with self.engine.begin() as connection:
                yield connection
            if self._wal_bytes() > _WAL_LIMIT:
                self._checkpoint("PASSIVE")

    def maintain(self) -> None:
        """Moves the write-ahead log into the database file."""
        with self._lock.held():
            self._checkpoint("PASSIVE")

    def close(self) -> None:
        """Closing the last connection checkpoints, which belongs under the file lock like any other checkpoint."""
        self._reader.dispose()
        with self._lock.held():
            self.engine.dispose()
        self._lock.close()

    def _checkpoint(self, mode: str) -> None:
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            if isinstance(raw, sqlite3.Connection):
                raw.execute(f"PRAGMA wal_checkpoint({mode})")

    def _wal_bytes(self) -> int:
        with suppress(FileNotFoundError):
            return self.path.with_name(self.path.name + "-wal").stat().st_size
        return 0
