"""Rebuilding: a new generation is filled beside the live one, which serves on, compared with it, and takes its place.

A rebuild that is killed goes on where it stood, because its rows and its place in the log move in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, Table, delete, func, insert, select, union_all, update

from events.database import Database
from events.followers import Overtaken, Step
from events.log import head, read
from events.tables import FOLLOWER, REBUILD
from service.readmodels.registry import ReadModel

_BATCH = 1000
_ERASE = 5000
"""Rows of a generation that serves no longer, erased at a time, so that no writer waits long."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Rebuilt:
    """events: how many the log holds. differing: rows in one generation and not in the other; None when the live one
    had been stopped by an event, and so stood elsewhere."""

    name: str
    events: int
    differing: int | None


class StillBroken(Exception):
    """An event breaks the new generation too; the old one stays."""


def rebuild(database: Database, workspace_id: str, model: ReadModel, progress: Progress) -> Rebuilt:
    """Rebuilds one read model of a workspace. Raises StillBroken, Busy, and Overtaken when another did it meanwhile."""
    _begin(database, workspace_id, model)
    while True:
        with database.write("work", workspace_id) as connection:
            row = _claimed(connection, workspace_id, model.name)
            last = head(connection, workspace_id)[0]
            done = _step(connection, row, model, _BATCH)
        progress(model.name, done, last)
        if last - done < _BATCH:
            break
    # The last events are applied under the events lock: nothing is appended between the comparison and the change.
    with database.write("events", workspace_id) as connection:
        row = _claimed(connection, workspace_id, model.name)
        last = head(connection, workspace_id)[0]
        while _step(connection, row, model, _BATCH) < last:
            row = _claimed(connection, workspace_id, model.name)
        differing = _compare(connection, workspace_id, model, row.generation, last)
        _serve(connection, workspace_id, model, row.generation, last)
    progress(model.name, last, last)
    _erase_older(database, workspace_id, model, row.generation)
    return Rebuilt(model.name, last, differing)


def _begin(database: Database, workspace_id: str, model: ReadModel) -> None:
    with database.write("events", workspace_id) as connection:
        here = (REBUILD.c.workspace_id == workspace_id, REBUILD.c.name == model.name)
        if connection.execute(select(REBUILD.c.name).where(*here)).first():
            return
        live = connection.scalar(
            select(FOLLOWER.c.generation).where(FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name == model.name)
        )
        connection.execute(
            insert(REBUILD).values(
                workspace_id=workspace_id,
                name=model.name,
                generation=(live or 0) + 1,
                position=0,
                epoch=0,
                started_at=datetime.now(UTC),
            )
        )
    # What an earlier generation left, if its eraser was killed.
    _erase_older(database, workspace_id, model, live or 0)


def _claimed(connection: Connection, workspace_id: str, name: str) -> Row[*tuple[object, ...]]:
    row = connection.execute(
        select(REBUILD)
        .where(REBUILD.c.workspace_id == workspace_id, REBUILD.c.name == name)
        # Two rebuilds of one model take turns and do the work once.
        .with_for_update()
    ).first()
    if row is None:
        raise Overtaken(name)
    return row


def _step(connection: Connection, row: Row[*tuple[object, ...]], model: ReadModel, limit: int) -> int:
    events = read(connection, row.workspace_id, after=row.position, limit=limit)
    for recorded in events:
        try:
            model.apply(Step(connection, recorded, row.generation))
        except Exception as error:
            raise StillBroken(f"{model.name}: {type(error).__name__} at position {recorded.position}") from error
    position = events[-1].position if events else int(row.position)
    moved = connection.execute(
        update(REBUILD)
        .where(REBUILD.c.workspace_id == row.workspace_id, REBUILD.c.name == row.name, REBUILD.c.epoch == row.epoch)
        .values(position=position, epoch=row.epoch + 1)
    )
    if moved.rowcount != 1:
        raise Overtaken(row.name)
    return position


def _compare(connection: Connection, workspace_id: str, model: ReadModel, generation: int, last: int) -> int | None:
    """Brings the live generation to the same position and counts the rows that only one of the two has."""
    live = connection.execute(
        select(FOLLOWER).where(FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name == model.name).with_for_update()
    ).one()
    if live.stopped or live.position > last:
        return None
    position = live.position
    while events := read(connection, workspace_id, after=position, limit=_BATCH):
        for recorded in events:
            model.apply(Step(connection, recorded, live.generation))
        position = events[-1].position
    return sum(_differing(connection, table, workspace_id, live.generation, generation) for table in model.tables)


def _differing(connection: Connection, table: Table, workspace_id: str, one: int, other: int) -> int:
    columns = [column for column in table.columns if column.name != "generation"]

    def rows(generation: int) -> object:
        return select(*columns).where(table.c.workspace_id == workspace_id, table.c.generation == generation)

    only_one = rows(one).except_(rows(other)).subquery()  # type: ignore[attr-defined]
    only_other = rows(other).except_(rows(one)).subquery()  # type: ignore[attr-defined]
    both = union_all(select(func.count()).select_from(only_one), select(func.count()).select_from(only_other))
    return sum(connection.scalars(both))


def _serve(connection: Connection, workspace_id: str, model: ReadModel, generation: int, position: int) -> None:
    connection.execute(
        update(FOLLOWER)
        .where(FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name == model.name)
        .values(
            generation=generation,
            position=position,
            epoch=FOLLOWER.c.epoch + 1,
            stopped=None,
            moved_at=datetime.now(UTC),
        )
    )
    connection.execute(delete(REBUILD).where(REBUILD.c.workspace_id == workspace_id, REBUILD.c.name == model.name))


def _erase_older(database: Database, workspace_id: str, model: ReadModel, kept: int) -> None:
    for table in model.tables:
        key = list(table.primary_key.columns)
        old = select(*key).where(table.c.workspace_id == workspace_id, table.c.generation < kept).limit(_ERASE)
        while True:
            with database.write("work", workspace_id) as connection:
                some = connection.execute(old).all()
                for row in some:
                    connection.execute(delete(table).where(*(c == v for c, v in zip(key, row, strict=True))))
            if len(some) < _ERASE:
                break
