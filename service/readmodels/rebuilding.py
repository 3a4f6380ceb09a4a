"""Rebuilding: a new generation is filled beside the live one, which serves on, compared with it, and takes its place.

A rebuild that is killed goes on where it stood, because its rows and its place in the log move in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from events.database import Database
from events.followers import Overtaken
from events.tables import FOLLOWER, REBUILD
from service.readmodels.generations import differing, erase, highest
from service.readmodels.sources import Source, StillBroken

_APP_VERSION = version("takehold")

Progress = Callable[[str, int, int], None]
_Row = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Rebuilt:
    """position: up to which the log was applied. differing: rows in one generation and not in the other; None when
    the live one stood elsewhere, as one that had been stopped, and there was nothing to compare."""

    name: str
    position: int
    differing: int | None


def rebuild(
    database: Database, workspace_id: str, source: Source, progress: Progress, check_only: bool = False
) -> Rebuilt:
    """Rebuilds what follows a log of a workspace; with `check_only` the live generation stays, whatever differs.

    Raises StillBroken, CannotRebuild, Busy, and Overtaken when another process finished this rebuild meanwhile.
    """
    generation = _begin(database, workspace_id, source)
    try:
        rebuilt = None
        while rebuilt is None:
            _fill(database, workspace_id, source, progress)
            rebuilt = _finish(database, workspace_id, source, check_only)
    except StillBroken:
        # Its rows are of no use: the program that mends the event may read those before it differently too.
        with database.write("work", workspace_id) as connection:
            connection.execute(delete(REBUILD).where(*_here(REBUILD, workspace_id, source.name)))
        erase(database, workspace_id, source.tables, lambda written: written == generation)
        raise
    progress(source.name, rebuilt.position, rebuilt.position)
    if check_only:
        erase(database, workspace_id, source.tables, lambda written: written == generation)
    else:
        erase(database, workspace_id, source.tables, lambda written: written < generation)
    return rebuilt


def _begin(database: Database, workspace_id: str, source: Source) -> int:
    # The events lock, because there is no row yet for two that begin at once to wait on.
    with database.write("events", workspace_id) as connection:
        live = connection.scalars(
            select(FOLLOWER.c.generation).where(*_here(FOLLOWER, workspace_id, source.name))
        ).one()
        source.check(connection, workspace_id, live)
        begun = connection.execute(select(REBUILD).where(*_here(REBUILD, workspace_id, source.name))).first()
        if begun and begun.app_version == _APP_VERSION:
            return int(begun.generation)
        # What another version began it may have read differently.
        connection.execute(delete(REBUILD).where(*_here(REBUILD, workspace_id, source.name)))
        # Above whatever a rebuild left that was given up and could not clear away.
        generation = 1 + max(live, highest(connection, workspace_id, source.tables))
        connection.execute(
            insert(REBUILD).values(
                workspace_id=workspace_id,
                name=source.name,
                generation=generation,
                position=0,
                epoch=0,
                started_at=datetime.now(UTC),
                app_version=_APP_VERSION,
            )
        )
    return generation


def _fill(database: Database, workspace_id: str, source: Source, progress: Progress) -> None:
    while True:
        # Outside the lock: reading takes longer than writing, and on SQLite every writer would wait meanwhile.
        with database.read() as connection:
            seen = _claimed(connection, workspace_id, source.name)
            goal = _goal(connection, source, _live(connection, workspace_id, source.name))
            part = source.read(connection, workspace_id, seen.position, goal)
        progress(source.name, seen.position, goal)
        if part is None or part.position >= goal:
            return
        with database.write("work", workspace_id) as connection:
            row = _claimed(connection, workspace_id, source.name)
            # Else another process that rebuilds the same has made this step.
            if (row.generation, row.epoch) == (seen.generation, seen.epoch):
                source.write(connection, workspace_id, row.generation, part)
                _move(connection, row, part.position)


def _finish(database: Database, workspace_id: str, source: Source, check_only: bool) -> Rebuilt | None:
    """Compares and swaps; None when there is too much to apply before.

    The checkpoint's row is locked, so that the live generation stands still; it serves, and events are recorded
    meanwhile. On SQLite every writer waits for the comparison.
    """
    with database.write("work", workspace_id) as connection:
        row = _claimed(connection, workspace_id, source.name)
        live = _live(connection, workspace_id, source.name)
        goal = _goal(connection, source, live)
        position = int(row.position)
        part = source.read(connection, workspace_id, position, goal)
        if part is not None:
            source.write(connection, workspace_id, row.generation, part)
            _move(connection, row, part.position)
            position = part.position
            if position < goal:
                return None
        differs = None
        if not live.stopped and live.position == position:
            differs = differing(connection, workspace_id, source.tables, live.generation, row.generation)
        connection.execute(delete(REBUILD).where(*_here(REBUILD, workspace_id, source.name)))
        if not check_only:
            _serve(connection, workspace_id, source.name, row.generation, position)
    return Rebuilt(source.name, position, differs)


def _goal(connection: Connection, source: Source, live: _Row) -> int:
    """Where the two generations can be compared, or the end of the log when the live one is of no use for that."""
    last = source.last(connection, live.workspace_id)
    return last if live.stopped or live.position > last else int(live.position)


def _claimed(connection: Connection, workspace_id: str, name: str) -> _Row:
    # Two rebuilds of one model take turns and do the work once.
    row = connection.execute(_locked(connection, select(REBUILD).where(*_here(REBUILD, workspace_id, name)))).first()
    if row is None:
        raise Overtaken(name)
    return row


def _live(connection: Connection, workspace_id: str, name: str) -> _Row:
    # Followers leave a locked checkpoint out and come back to it.
    return connection.execute(_locked(connection, select(FOLLOWER).where(*_here(FOLLOWER, workspace_id, name)))).one()
