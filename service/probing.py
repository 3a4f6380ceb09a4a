"""Can the store be written? Asked after a write failed, until one of the same kind succeeds."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import delete, insert

from events.database import Database
from service.worker.tables import LEASE

_SUSPECT = "takehold.store_suspect"
_TASK = "probe"
_BYTES = 64 * 1024
"""More than the free pages that a full store may still have: a write that fits into them would prove nothing."""


def suspect(app: Flask) -> None:
    """A request met a store that failed; from now on, whether it can be written is tried."""
    app.extensions[_SUSPECT] = True


def try_if_suspect(app: Flask, database: Database) -> None:
    """Raises what the store raises, as long as it cannot be written. A store that never failed is not written to."""
    if app.extensions.get(_SUSPECT):
        probe(database)
        app.extensions[_SUSPECT] = False


def probe(database: Database) -> None:
    """Writes a row and removes it, durably. Raises what the store raises."""
    # Random, because PostgreSQL would compress anything else to nothing.
    row = {"workspace_id": "", "task": _TASK, "holder": secrets.token_hex(_BYTES // 2), "epoch": 0}
    with database.write("work", "") as connection:
        connection.execute(insert(LEASE).values(**row, until=datetime.now(UTC)))
        connection.execute(delete(LEASE).where(LEASE.c.workspace_id == "", LEASE.c.task == _TASK))
