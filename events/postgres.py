"""The store on PostgreSQL: writers of one workspace take turns on an advisory lock, readers see one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, TextClause, create_engine, event, text
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from events.database import LOCK_SECONDS, Busy, Lock
from events.watchdog import Watchdog

LOCK_CLASS: dict[Lock, int] = {"events": 7301, "usage": 7302}

TAKE_LOCK = text("SELECT pg_advisory_xact_lock(:class, hashtext(:workspace_id))")
"""A statement of its own: together with max()+1 in one statement it gave 1,320 unique violations in 1,600 tries,
because the statement's snapshot is older than the lock."""

_LINK = {
    # Without these a connection over a cut link hangs for ever.
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


_PING_SECONDS = 2.0
"""A pooled connection that does not answer in this time is not used. Waiting for one's turn (LOCK_SECONDS), this, and
connecting anew stay below 10 s together, which is what a client may be kept waiting for."""


class PostgresDatabase:
    """The store behind `postgresql+psycopg://...`. Raises Busy from `write` when its turn does not come in time."""

    def __init__(self, url: str, lock_seconds: float = LOCK_SECONDS) -> None:
        self.url = url
        self._seconds = lock_seconds
        self.engine = create_engine(
            url,
            pool_size=8,
            max_overflow=24,
            # Waiting for a connection is waiting for one's turn as well.
            pool_timeout=lock_seconds,
            # Values are people's names and notes; an error message must not carry them.
            hide_parameters=True,
            connect_args={**_LINK, "prepare_threshold": 5},
        )
        # Several statements of one request must agree on what has happened, which READ COMMITTED does not give.
        self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._use_seconds: float | None = None
        self._watchdog = Watchdog()
        self._watch_connections()

    def _watch_connections(self) -> None:
        @event.listens_for(self.engine, "checkout")
        def taken(connection: psycopg.Connection, record: object, _: object) -> None:
            try:
                # Not SQLAlchemy's own ping, which a stopped server would keep waiting like any other statement.
                self._watchdog.begin(record, connection.fileno(), _PING_SECONDS)
                self.engine.dialect.do_ping(connection)  # type: ignore[arg-type]
                if self._use_seconds is None:
                    self._watchdog.end(record)
                else:
                    self._watchdog.begin(record, connection.fileno(), self._use_seconds)
            except psycopg.Error:
                raise InvalidatePoolError from None

        # Only here is the use over: a stopped server would keep the rollback waiting that ends it.
        @event.listens_for(self.engine, "checkin")
        def given_back(_: object, record: object) -> None:
            self._watchdog.end(record)

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
        try:
            with self.engine.begin() as connection:
                connection.execute(_lock_timeout(self._seconds if patience is None else patience))
                if lock in LOCK_CLASS:
                    connection.execute(TAKE_LOCK, {"class": LOCK_CLASS[lock], "workspace_id": workspace_id})
                yield connection
        except NoConnectionFree:
            raise Busy("every connection is taken") from None
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                raise Busy("another writer holds the workspace") from None
            raise

    def limit_use(self, seconds: float) -> None:
        self._use_seconds = seconds

    def maintain(self) -> None:
        """Nothing: PostgreSQL looks after its own log."""

    def close(self) -> None:
        self.engine.dispose()
        self._watchdog.close()


def _lock_timeout(seconds: float) -> TextClause:
    # 0 would switch it off.
    return text(f"SET LOCAL lock_timeout = '{max(1, int(seconds * 1000))}ms'")
