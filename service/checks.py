"""What `takehold doctor` looks at."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import available_timezones

from sqlalchemy import text

from events.database import Database
from events.sqlite import SqliteDatabase
from service.settings import Settings
from service.takehold import Takehold
from service.vitals import Finding, heads, vitals

_WAL_RESET_MENDED = (3, 51, 3)
_FREE_BYTES = 512 * 1024 * 1024


def check_all(takehold: Takehold, settings: Settings) -> list[Finding]:
    """Everything, in the order in which to mend it."""
    findings = [_engine(takehold.database), _durability(takehold.database), _disk(takehold.database), _zones()]
    with takehold.database.read() as connection:
        findings += vitals(connection, [one.id for one in takehold.workspaces()], datetime.now(UTC))
    findings.append(heads(settings))
    mail = settings.smtp_host or "none; mail lands in the local mailbox page"
    return [*findings, Finding("mail server", True, mail, note=not settings.smtp_host)]


def _engine(database: Database) -> Finding:
    if isinstance(database, SqliteDatabase):
        mended = sqlite3.sqlite_version_info >= _WAL_RESET_MENDED
        # The file lock keeps apart what the bug needs to happen at once.
        note = "" if mended else " (has the WAL-reset bug; every write here takes the file lock, which avoids it)"
        return Finding("SQLite", True, sqlite3.sqlite_version + note, note=not mended)
    with database.read() as connection:
        version = int(connection.scalar(text("SELECT current_setting('server_version_num')")) or 0)
    return Finding("PostgreSQL", version >= 150000, f"{version // 10000}.{version % 10000}; 15 or newer is supported")


def _durability(database: Database) -> Finding:
    if isinstance(database, SqliteDatabase):
        with database.write("work", "") as connection:
            level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
            journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        return Finding(
            "durability", level == 2 and journal == "wal", f"journal {journal}, synchronous {level} (2 is FULL)"
        )
    with database.read() as connection:
        fsync = connection.scalar(text("SELECT current_setting('fsync')"))
        commit = connection.scalar(text("SELECT current_setting('synchronous_commit')"))
    return Finding("durability", fsync == "on" and commit != "off", f"fsync {fsync}, synchronous_commit {commit}")


def _disk(database: Database) -> Finding:
    folder = database.path.resolve().parent if isinstance(database, SqliteDatabase) else Path.cwd()
    free = shutil.disk_usage(folder).free
    return Finding("free disk", free > _FREE_BYTES, f"{free // 2**20} MiB")


def _zones() -> Finding:
    number = len(available_timezones())
    return Finding("time zones", number > 400, f"{number} known")
