"""Every table there is, and the way to bring a store to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import events.tables
import service.directory.tables
import service.idempotency
import service.intake.tables
import service.intake.xapi.tables
import service.readmodels.registry
import service.worker.tables
from events.database import Database

TABLES = (
    events.tables,
    service.directory.tables,
    service.idempotency,
    service.intake.tables,
    service.intake.xapi.tables,
    service.readmodels.registry,
    service.worker.tables,
)
"""The modules that declare tables; importing them is what registers the tables."""

_MIGRATIONS = Path(__file__).with_name("migrations")


class NewerSchema(Exception):
    """The store was written by a newer program; this one must not touch it."""


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS))
    return made


def revisions() -> set[str]:
    """Every revision that this program knows."""
    return {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}


def newest() -> str | None:
    """The revision that `upgrade` leads to."""
    return ScriptDirectory.from_config(config()).get_current_head()


def upgrade(database: Database) -> None:
    """Brings the store to the newest schema; does nothing when it is there. Raises NewerSchema."""
    # The lock keeps two processes that start together from migrating at once.
    with database.write("events", "") as connection:
        command.upgrade(_checked(connection), "head")


def make_anew(connection: Connection) -> None:
    """Drops every table with its rows, if there are any, and makes them empty; inside a write transaction.

    Raises NewerSchema.
    """
    settings = _checked(connection)
    if connection.dialect.name == "postgresql" and inspect(connection).has_table("usage"):
        # Or the way down from months would copy every observation before it drops them all.
        connection.execute(text("TRUNCATE usage"))
    command.downgrade(settings, "base")
    command.upgrade(settings, "head")


def _checked(connection: Connection) -> Config:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in revisions():
        raise NewerSchema(f"the database is at revision {current}, which this program does not know")
    settings = config()
    settings.attributes["connection"] = connection
    return settings
