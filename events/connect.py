"""Opens the store that a URL names."""

from __future__ import annotations

from events.database import LOCK_SECONDS, Database
from events.postgres import PostgresDatabase
from events.sqlite import SqliteDatabase


def open_database(url: str, lock_seconds: float = LOCK_SECONDS) -> Database:
    """The store behind `sqlite:///file` or `postgresql://...`. Raises ValueError for any other."""
    if url.startswith("sqlite:"):
        return SqliteDatabase(url, lock_seconds)
    scheme, _, rest = url.partition("://")
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return PostgresDatabase(f"postgresql+psycopg://{rest}", lock_seconds)
    raise ValueError("a database is sqlite:///file or postgresql://...")
