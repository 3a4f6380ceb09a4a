"""The store in one SQLite file: WAL, one writer at a time under a file lock, any number of query-only readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import QueuePool, StaticPool

from events.database import LOCK_SECONDS, Busy, Lock
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
    # Else INSERT OR REPLACE would overwrite an event without the trigger that forbids its deletion.
    "PRAGMA recursive_triggers=ON",
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
        # Two names of one file (a symbolic link) must lead to one lock.
        self.path = Path(name).resolve()
        self._seconds = lock_seconds
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock"), lock_seconds)
        # The file lock lets one thread write at a time, so one writing connection serves them all.
        # A log cut back to the limit when it starts anew is what keeps writers from checkpointing at every turn.
        limit = f"PRAGMA journal_size_limit={_WAL_LIMIT}"
        self.engine = self._engine(StaticPool, "BEGIN IMMEDIATE", (*_PRAGMAS, limit))
        self._reader = self._engine(QueuePool, "BEGIN", ("PRAGMA query_only=ON",))

    def _engine(self, pool: type[StaticPool | QueuePool], begin: str, pragmas: tuple[str, ...]) -> Engine:
        # Waiting for a connection is waiting for one's turn as well.
        size = {"pool_size": 8, "max_overflow": 24, "pool_timeout": self._seconds} if pool is QueuePool else {}
        engine = create_engine(
            self.url,
            poolclass=pool,
            connect_args={"check_same_thread": False, "timeout": self._seconds},
            # Values are people's names and notes; an error message must not carry them.
            hide_parameters=True,
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
        try:
            connection = self._reader.connect()
        except NoConnectionFree:
            raise Busy("every connection is taken") from None
        with connection:
            yield connection

    @contextmanager
    def write(self, lock: Lock, workspace_id: str, patience: float | None = None) -> Iterator[Connection]:
        with self._lock.held(patience):
            try:
                with self.engine.connect() as connection:
                    # Against programs that know nothing of the file lock; the connection is this thread's alone.
                    self._wait_for_others(connection, self._seconds if patience is None else patience)
                    with connection.begin():
                        yield connection
            except OperationalError as error:
                # A program that knows nothing of the file lock, such as sqlite3 on the command line.
                if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                    raise Busy("the database is locked by another program") from None
                raise
            if self._wal_bytes() > _WAL_LIMIT:
                # On a full disk it fails; what was written stands, and must not be called failed.
                with suppress(sqlite3.OperationalError):
                    self._checkpoint("PASSIVE")

    def limit_use(self, seconds: float) -> None:
        """Nothing: there is no server that could stand still."""

    def maintain(self) -> None:
        """Moves the write-ahead log into the database file."""
        with self._lock.held():
            self._checkpoint("PASSIVE")

    def close(self) -> None:
        """Closing the last connection checkpoints, which belongs under the file lock like any other checkpoint."""
        with self._lock.held():
            self._reader.dispose()
            self.engine.dispose()

    def _wait_for_others(self, connection: Connection, seconds: float) -> None:
        raw = connection.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            raw.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")

    def _checkpoint(self, mode: str) -> None:
        with self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            if isinstance(raw, sqlite3.Connection):
                raw.execute(f"PRAGMA wal_checkpoint({mode})")

    def _wal_bytes(self) -> int:
        with suppress(FileNotFoundError):
            return self.path.with_name(self.path.name + "-wal").stat().st_size
        return 0
