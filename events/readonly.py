"""Opens somebody's database to look at, never to write: no schema is brought up to date, no file is left beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from events.connect import open_database


class NoSuchDatabase(Exception):
    """There is no database file."""


class WrittenMeanwhile(Exception):
    """A program began to write the database while it was read as one that nobody writes."""


@contextmanager
def read_only(url: str) -> Iterator[Connection]:
    """One consistent snapshot of `sqlite:///file` or `postgresql://...`.

    Raises ValueError for any other URL, NoSuchDatabase, WrittenMeanwhile at the end, and SQLAlchemy's DBAPIError.
    """
    if not url.startswith("sqlite:"):
        database = open_database(url)
        try:
            with database.read() as connection:
                yield connection
        finally:
            database.close()
        return
    path = Path(make_url(url).database or "").resolve()
    if not path.is_file():
        raise NoSuchDatabase(f"there is no database file {path.name}")
    # A reader of a database in WAL mode that nobody has open would leave two files beside it, and needs to be allowed
    # to; `immutable` needs neither, and is right for as long as nobody writes.
    immutable = not path.with_name(path.name + "-wal").exists()
    mode = "mode=ro&immutable=1" if immutable else "mode=ro"
    before = path.stat()
    engine = create_engine(f"sqlite:///file:{quote(str(path))}?{mode}&uri=true", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            # The driver begins no transaction for a SELECT, and several would see several states.
            connection.exec_driver_sql("BEGIN")
            yield connection
    finally:
        engine.dispose()
    now = path.stat()
    if immutable and (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size):
        raise WrittenMeanwhile("the database was written meanwhile; verify it again")
