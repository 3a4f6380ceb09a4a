"""Verifies what somebody names: an export's file, without any database, or a database, without its keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import ArgumentError, DBAPIError

from events.archive import BadArchive
from events.heads import Head, NotAHead, read_heads
from events.log import stream_of
from events.readonly import NoSuchDatabase, WrittenMeanwhile, read_only
from events.seals import broken_seals, oldest_received, stream_of_seals
from events.stored import stored
from events.tables import EVENT
from events.types.usage import UsageSealed
from events.verify import Verdict, verify_archive, verify_rows
from service.directory.tables import WORKSPACE
from service.schema import config


class CannotVerify(Exception):
    """There is nothing that could hold or not, in a sentence for people."""


def verify_target(target: str, heads: Path | None = None, workspace_id: str | None = None) -> Verdict:
    """Checks an export's path or a database's URL, against a file of kept heads if there is one.

    workspace_id: `default` in a database, and any in an export, unless it is named. Raises CannotVerify.
    """
    kept = _kept(heads) if heads else []
    if "://" in target:
        return _database(target, kept, workspace_id or "default")
    try:
        with Path(target).open("rb") as file:
            return verify_archive(file, kept, workspace_id)
    except (BadArchive, OSError) as error:
        raise CannotVerify(f"{target}: {_told(error)}") from None


def _kept(path: Path) -> list[Head]:
    try:
        with path.open("rb") as file:
            return read_heads(file)
    except (NotAHead, OSError) as error:
        raise CannotVerify(f"{path}: {_told(error)}") from None


def _database(url: str, kept: Sequence[Head], workspace_id: str) -> Verdict:
    try:
        with read_only(url) as connection:
            _check_schema(connection)
            verdict = verify_rows(workspace_id, stored(connection, workspace_id), kept)
            nothing = _nothing_of(connection, workspace_id) if verdict.holds and verdict.events == 0 else None
            if verdict.holds:
                verdict = _with_seals(connection, workspace_id, verdict)
    except (NoSuchDatabase, WrittenMeanwhile, ArgumentError, ValueError) as error:
        raise CannotVerify(str(error)) from None
    except DBAPIError as error:
        raise CannotVerify(f"the database cannot be read: {type(error.orig).__name__}") from None
    # Only now is it certain that nobody wrote meanwhile.
    if nothing:
        raise CannotVerify(nothing)
    return verdict


def _nothing_of(connection: Connection, workspace_id: str) -> str:
    known = select(WORKSPACE.c.name).where(WORKSPACE.c.workspace_id == workspace_id)
    if connection.execute(known).first() is None:
        return f"there is no workspace {workspace_id} in this database"
    return f"workspace {workspace_id} has no events in this database"


def _with_seals(connection: Connection, workspace_id: str, verdict: Verdict) -> Verdict:
    """Also whether the activity sets are those that were sealed.

    A log that was taken in from an export comes without sets: seals older than the oldest set here cannot be looked at,
    which is said.
    """
    oldest, missing = oldest_received(connection, workspace_id), 0
    for told in stream_of(connection, workspace_id, stream_of_seals(workspace_id)):
        if not isinstance(told.event, UsageSealed):
            continue
        if oldest is None or told.event.received < oldest:
            missing += 1
        elif broken_seals(connection, workspace_id, [told.event]):
            reason = f"the activity sets of what came in on {told.event.received} are not those that were sealed"
            return replace(verdict, bad_position=told.position, reason=reason)
    if missing:
        return replace(verdict, reason=f"{verdict.reason}; the activity sets of {missing} sealed days are not here")
    return verdict


def _check_schema(connection: Connection) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None or not inspect(connection).has_table(EVENT.name):
        raise CannotVerify("this database holds no log of Takehold")
    if revision not in {known.revision for known in ScriptDirectory.from_config(config()).walk_revisions()}:
        raise CannotVerify(f"the database is at revision {revision}, of a newer program than this one")
    there = {column["name"] for column in inspect(connection).get_columns(EVENT.name)}
    if not there >= {column.name for column in EVENT.columns}:
        raise CannotVerify("the log is of an older program than this one, which any other command brings up to date")


def _told(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
