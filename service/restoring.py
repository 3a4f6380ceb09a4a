"""Backups of the two stores as files: taken, checked, put back, and looked at afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, MetaData, inspect, select, text
from sqlmodel import SQLModel

from events.database import Database
from events.partitions import keep_months, make_room
from events.stored import stored
from events.tables import EVENT
from events.verify import Verdict, verify_rows
from service.backup import Checked, Progress, check, load, write
from service.readmodels.rebuilding import Rebuilt, rebuild
from service.readmodels.sources import sources
from service.schema import TABLES, make_anew, newest, revisions
from service.settings import LONGEST_RETENTION_DAYS
from service.takehold import Takehold
from service.worker.chores import BACKUP, STORE, note

assert TABLES, "importing the schema is what declares the tables"
DATA_TABLES = SQLModel.metadata


class NotEmpty(Exception):
    """The store holds rows already, and nobody said that they may go."""


class AnotherHistory(Exception):
    """A backup is sound, and not of this database."""


def back_up(database: Database, metadata: MetaData, path: Path, progress: Progress) -> int:
    """Writes a file that only this user may read; answers the number of rows. Complete when it has its name."""
    revision = newest() if metadata is DATA_TABLES else None
    with _arriving(path) as target, database.read() as connection:
        if metadata is DATA_TABLES:
            keep_months(connection)
        return write(target, connection, metadata, revision, datetime.now(UTC), progress)


def check_file(path: Path, metadata: MetaData) -> Checked:
    """Reads a backup file to its end. Raises BadBackup, and OSError for one that cannot be opened."""
    with path.open("rb") as source:
        return check(source, metadata, revisions() if metadata is DATA_TABLES else set())


def check_own(takehold: Takehold, path: Path) -> Checked:
    """Checks a backup of this very database, and notes that there is one. Raises BadBackup and AnotherHistory."""
    checked = check_file(path, DATA_TABLES)
    with takehold.database.read() as connection:
        for workspace, (position, digest) in checked.heads.items():
            here = EVENT.c.workspace_id == workspace, EVENT.c.position == position
            if connection.scalar(select(EVENT.c.hash).where(*here)) != digest:
                raise AnotherHistory(f"the backup is sound, but event {position} of workspace {workspace} is not here")
    _note(takehold.database, path, checked)
    return checked


@dataclass(frozen=True)
class Restore:
    """A store, and the checked file that shall fill it."""

    database: Database
    metadata: MetaData
    path: Path
    checked: Checked

    def run(self, connection: Connection, force: bool, progress: Progress) -> None:
        """Replaces all rows, inside a write transaction. Raises NotEmpty, NewerSchema and BadBackup."""
        if not force and holds_rows(connection, self.metadata):
            raise NotEmpty
        if self.metadata is DATA_TABLES:
            make_anew(connection)
            # What is older than any retention was imported, and may as well go to DEFAULT.
            taken = self.checked.opening.made_at.date()
            make_room(connection, taken - timedelta(days=LONGEST_RETENTION_DAYS), taken)
        else:
            self.metadata.drop_all(connection)
            self.metadata.create_all(connection)
        with self.path.open("rb") as source:
            load(source, connection, self.metadata, sum(self.checked.rows.values()), progress)
        if connection.dialect.name == "postgresql":
            # Until PostgreSQL has looked at them itself, minutes later, it takes them for empty: a follower that is
            # behind would sort all observations for each of its steps.
            tables = map(connection.dialect.identifier_preparer.format_table, self.metadata.sorted_tables)
            connection.execute(text(f"ANALYZE {', '.join(tables)}"))


def restore(data: Restore, keys: Restore | None, force: bool, progress: Progress) -> None:
    """Fills the database, and the key store if asked to. Raises NotEmpty, NewerSchema, BadBackup and Busy."""
    if keys is None:
        with data.database.write("events", "") as connection:
            data.run(connection, force, progress)
    else:
        # Keys are committed last: data without them can be restored again, while lost keys are lost for good.
        with keys.database.write("events", "") as outer:
            keys.run(outer, force, progress)
            with data.database.write("events", "") as connection:
                data.run(connection, force, progress)
    _note(data.database, data.path, data.checked)


def verify(takehold: Takehold) -> dict[str, Verdict]:
    """Whether the hash chain holds, by workspace."""
    with takehold.database.read() as connection:
        return {one.id: verify_rows(one.id, stored(connection, one.id)) for one in takehold.workspaces()}


def compare(takehold: Takehold, progress: Progress) -> dict[str, list[Rebuilt]]:
    """Makes everything that follows a log once more beside what serves, and counts what differs, by workspace.

    Raises StillBroken and CannotRebuild.
    """
    return {
        one.id: [
            rebuild(takehold.database, one.id, source, progress, check_only=True)
            for source in sources(one.zone).values()
        ]
        for one in takehold.workspaces()
    }


def holds_rows(connection: Connection, metadata: MetaData) -> bool:
    """Whether any of the tables that a store has holds a row."""
    there = set(inspect(connection).get_table_names())
    return any(
        connection.execute(select(1).select_from(table).limit(1)).first()
        for table in metadata.sorted_tables
        if table.name in there
    )


def _note(database: Database, path: Path, checked: Checked) -> None:
    with database.write("work", STORE) as connection:
        note(connection, STORE, BACKUP, checked.opening.made_at, detail=path.name)


@contextmanager
def _arriving(path: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is complete and on the disk."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Without it a power cut may take the new name back.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
