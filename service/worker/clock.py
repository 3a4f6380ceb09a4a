"""Whose clock decides about leases and claims: the database's, so that hosts whose clocks differ agree."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select


def store_now(connection: Connection) -> datetime:
    """PostgreSQL's clock; on SQLite every process shares this machine's."""
    if connection.dialect.name == "postgresql":
        instant = connection.scalar(select(func.clock_timestamp()))
        if isinstance(instant, datetime):
            return instant.astimezone(UTC)
    return datetime.now(UTC)
