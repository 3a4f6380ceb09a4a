"""Rebuilding: a new generation is filled beside the live one, which serves on, compared with it, and takes its place.

A rebuild that is killed goes on where it stood, because its rows and its place in the log move in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, insert, select, update

from events.database import Database
from events.followers import Overtaken
from events.tables import FOLLOWER, REBUILD
from service.readmodels.generations import differing, erase
from service.readmodels.sources import Source, StillBroken

_APP_VERSION = version("takehold")

_SNAPSHOTS = 20
"""Tries to see both generations at one position while others write; the live one moves a few times a second."""

Progress = Callable[[str, int, int], None]
_Row = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Rebuilt:
    """position: up to which the log was applied. differing: rows in one generation and not in the other; None when
    the live one stood elsewhere, as one that had been stopped, and there was nothing to compare."""

    name: str
    position: int
    differing: int | None


class _Outdated(Exception):
    """What it was begun on has changed; nothing was swapped."""


@dataclass(frozen=True)
class _Compared:
    """How many rows differed between two generations."""

    live: int
    rebuilt: int
    differing: int


def rebuild(
    database: Database, workspace_id: str, source: Source, progress: Progress, check_only: bool = False
) -> Rebuilt:
    """Rebuilds what follows a log of a workspace; with `check_only` the live generation stays, whatever differs.

    Raises StillBroken, CannotRebuild, Busy, and Overtaken when another process finished this rebuild meanwhile.
    """
    _begin(database, workspace_id, source)
    compared = rebuilt = None
    try:
        for _ in range(_SNAPSHOTS):
            _refill(database, workspace_id, source, progress)
            if compared := _compare(database, workspace_id, source):
                break
        while rebuilt is None:
            try:
                _refill(database, workspace_id, source, progress)
                rebuilt = _finish(database, workspace_id, source, check_only, compared)
            except _Outdated:
                _begin_anew(database, workspace_id, source)
    except StillBroken:
        # The program that mends the event may read those before it differently too.
        _begin_anew(database, workspace_id, source)
        raise
    progress(source.name, rebuilt.position, rebuilt.position)
    if check_only:
        _begin_anew(database, workspace_id, source)
    return rebuilt


def _begin(database: Database, workspace_id: str, source: Source) -> None:
    # The events lock, because there is no row yet for two that begin at once to wait on.
    with database.write("events", workspace_id) as connection:
        # Not locked: a rebuild that ends takes these rows in the other order.
        live = _live(connection, workspace_id, source.name, lock=False).generation
        mark = source.mark(connection, workspace_id)
        source.check(connection, workspace_id, live)
        begun = _row(connection, REBUILD, workspace_id, source.name, lock=True)
        if begun is None:
            connection.execute(
                insert(REBUILD).values(
                    workspace_id=workspace_id,
                    name=source.name,
                    generation=live + 1,
                    position=0,
                    epoch=0,
                    mark=mark,
                    started_at=datetime.now(UTC),
                    app_version=_APP_VERSION,
                )
            )
    if begun and (begun.app_version, begun.mark) != (_APP_VERSION, mark):
        # What another version began it may have read differently, and what was copied may not be all that is closed.
        _begin_anew(database, workspace_id, source)


def _begin_anew(database: Database, workspace_id: str, source: Source) -> None:
    """Leaves what was written to another generation, so that whoever clears it away cannot hit what is written next."""
    # The events lock, so that a seal is recorded either before it begins or after.
    with database.write("events", workspace_id) as connection:
        row = _row(connection, REBUILD, workspace_id, source.name, lock=True)
        if row is None:
            return
        connection.execute(
            update(REBUILD)
            .where(*_here(REBUILD, workspace_id, source.name))
            .values(
                generation=row.generation + 1,
                position=0,
                epoch=row.epoch + 1,
                mark=source.mark(connection, workspace_id),
                started_at=datetime.now(UTC),
                app_version=_APP_VERSION,
            )
        )
    erase(database, workspace_id, source.tables, lambda column: column == row.generation)


def _refill(database: Database, workspace_id: str, source: Source, progress: Progress) -> None:
    while True:
        # Outside the lock: reading takes longer than writing, and on SQLite every writer would wait meanwhile.
        with database.read() as connection:
            seen = _claimed(connection, workspace_id, source.name, lock=False)
            goal = _goal(connection, source, _live(connection, workspace_id, source.name, lock=False))
            part = source.read(connection, workspace_id, seen.position, goal)
        progress(source.name, seen.position, goal)
        if part is None:
            return
        with database.write("work", workspace_id) as connection:
            row = _claimed(connection, workspace_id, source.name)
            # Else another process that rebuilds the same has made this step.
            if (row.generation, row.epoch) == (seen.generation, seen.epoch):
                source.write(connection, workspace_id, row.generation, part)
                _move(connection, row, part.position)


def _compare(database: Database, workspace_id: str, source: Source) -> _Compared | None:
    """Compares the generations while everybody writes on; None when they do not stand at the same position.

    Later events are applied to both by the same code, so what was equal or not at one position says it all.
    """
    with database.read() as connection:
        row = _claimed(connection, workspace_id, source.name, lock=False)
        live = _live(connection, workspace_id, source.name, lock=False)
        if live.stopped or live.position != row.position:
            return None
        found = differing(connection, workspace_id, source.tables, live.generation, row.generation)
        return _Compared(int(live.generation), int(row.generation), found)


def _finish(
    database: Database, workspace_id: str, source: Source, check_only: bool, compared: _Compared | None
) -> Rebuilt | None:
    """Swaps; None when there is too much to apply before.

    The checkpoint's row is locked, so that the live generation stands still; it serves meanwhile. Where no snapshot
    caught both at one position, they are compared here, and on SQLite every writer waits for that.
    """
    with database.write("work", workspace_id) as connection:
        row = _claimed(connection, workspace_id, source.name)
        live = _live(connection, workspace_id, source.name)
        # With the checkpoint's row locked nothing can be closed any more.
        if source.mark(connection, workspace_id) != row.mark:
            raise _Outdated
        goal, position = _goal(connection, source, live), int(row.position)
        part = source.read(connection, workspace_id, position, goal)
        if part is not None:
            source.write(connection, workspace_id, row.generation, part)
            _move(connection, row, part.position)
            position = part.position
            if position < goal:
                return None
        differs = None
        if compared and (compared.live, compared.rebuilt) == (live.generation, row.generation):
            differs = compared.differing
        elif not live.stopped and live.position == position:
            differs = differing(connection, workspace_id, source.tables, live.generation, row.generation)
        if not check_only:
            _serve(connection, row, position)
    if not check_only:
        erase(database, workspace_id, source.tables, lambda column: column < row.generation)
    return Rebuilt(source.name, position, differs)


def _goal(connection: Connection, source: Source, live: _Row) -> int:
    """Where the two generations can be compared, or the end of the log when the live one is of no use for that."""
    last = source.last(connection, live.workspace_id)
    unfit = live.stopped or live.position > last
    return last if unfit else int(live.position)


def _claimed(connection: Connection, workspace_id: str, name: str, lock: bool = True) -> _Row:
    row = _row(connection, REBUILD, workspace_id, name, lock)
    if row is None:
        raise Overtaken(name)
    return row


def _row(connection: Connection, table: Table, workspace_id: str, name: str, lock: bool) -> _Row | None:
    wanted = select(table).where(*_here(table, workspace_id, name))
    # Two rebuilds of one model take turns on its row and do the work once; followers leave a locked checkpoint out.
    return connection.execute(wanted.with_for_update() if lock else wanted).first()


def _live(connection: Connection, workspace_id: str, name: str, lock: bool = True) -> _Row:
    row = _row(connection, FOLLOWER, workspace_id, name, lock)
    assert row is not None, "every follower has a checkpoint"
    return row


def _move(connection: Connection, row: _Row, position: int) -> None:
    connection.execute(
        update(REBUILD)
        .where(*_here(REBUILD, row.workspace_id, row.name))
        .values(position=position, epoch=row.epoch + 1)
    )


def _serve(connection: Connection, row: _Row, position: int) -> None:
    connection.execute(delete(REBUILD).where(*_here(REBUILD, row.workspace_id, row.name)))
    connection.execute(
        update(FOLLOWER)
        .where(*_here(FOLLOWER, row.workspace_id, row.name))
        .values(
            generation=row.generation,
            position=position,
            changed=position,
            # A follower that read the checkpoint before must not move the new generation by it.
            epoch=FOLLOWER.c.epoch + 1,
            stopped=None,
            moved_at=datetime.now(UTC),
        )
    )


def _here(table: Table, workspace_id: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.workspace_id == workspace_id, table.c.name == name
