"""Followers turn the event log into read models: rows and checkpoint move in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from events.database import Database
from events.envelope import Recorded
from events.log import read
from events.tables import FOLLOWER

_log = structlog.get_logger(__name__)


Checkpoint = Row[*tuple[Any, ...]]
"""A follower's name, position, epoch and workspace_id, as read."""


class Follower(Protocol):
    """Applies events in the order of their positions, each exactly once."""

    name: str

    def apply(self, connection: Connection, recorded: Recorded) -> None: ...


class Overtaken(Exception):
    """Somebody else moved the checkpoint in the meantime; the step is undone."""


def missing(connection: Connection, workspace_id: str, names: Sequence[str]) -> list[str]:
    """Those of some followers that have no checkpoint yet."""
    known = set(connection.scalars(select(FOLLOWER.c.name).where(FOLLOWER.c.workspace_id == workspace_id)))
    return [name for name in names if name not in known]


def enrol(connection: Connection, workspace_id: str, names: Sequence[str]) -> None:
    """Makes sure that every follower has a checkpoint; inside a transaction that holds the `events` lock."""
    fresh = [
        {"workspace_id": workspace_id, "name": name, "position": 0, "epoch": 0, "moved_at": datetime.now(UTC)}
        for name in missing(connection, workspace_id, names)
    ]
    if fresh:
        connection.execute(insert(FOLLOWER), fresh)


def advance(database: Database, workspace_id: str, followers: Sequence[Follower], limit: int = 500) -> int:
    """Applies up to `limit` events past the slowest checkpoint; returns how many it read, 0 when all are at the head.

    A follower that an event breaks is stopped where it stood and says why; the others go on.
    """
    with database.write("work", workspace_id) as connection:
        rows = {row.name: row for row in _claimed(connection, workspace_id, followers)}
        if not rows:
            return 0
        events = read(connection, workspace_id, min(row.position for row in rows.values()), limit)
        for follower in followers:
            if events and follower.name in rows:
                _apply(connection, follower, rows[follower.name], events)
        return len(events)


def _claimed(connection: Connection, workspace_id: str, followers: Sequence[Follower]) -> Sequence[Checkpoint]:
    return connection.execute(
        select(FOLLOWER.c.name, FOLLOWER.c.position, FOLLOWER.c.epoch, FOLLOWER.c.workspace_id)
        .where(
            FOLLOWER.c.workspace_id == workspace_id,
            FOLLOWER.c.name.in_([follower.name for follower in followers]),
            FOLLOWER.c.stopped.is_(None),
        )
        # Two processes that catch up at once would wait for each other to do the same work; the second skips it.
        .with_for_update(skip_locked=True)
    ).all()


def _apply(connection: Connection, follower: Follower, row: Checkpoint, events: Sequence[Recorded]) -> None:
    at = row.position
    try:
        with connection.begin_nested():
            for recorded in events:
                if recorded.position > row.position:
                    at = recorded.position
                    follower.apply(connection, recorded)
            move(connection, row, max(row.position, events[-1].position))
    except (OperationalError, InterfaceError, Overtaken):
        # The store failed, not the event: undo everything and let the next round try again.
        raise
    except Exception as error:
        _log.error("follower stopped", follower=follower.name, position=at, error=type(error).__name__)
        connection.execute(
            update(FOLLOWER)
            .where(FOLLOWER.c.workspace_id == row.workspace_id, FOLLOWER.c.name == follower.name)
            .values(stopped=f"{type(error).__name__} at position {at}")
        )


def move(connection: Connection, row: Checkpoint, position: int) -> None:
    """Moves a checkpoint that was read as `row` (name, position, epoch, workspace_id). Raises Overtaken."""
    moved = connection.execute(
        update(FOLLOWER)
        .where(
            FOLLOWER.c.workspace_id == row.workspace_id,
            FOLLOWER.c.name == row.name,
            FOLLOWER.c.position == row.position,
            FOLLOWER.c.epoch == row.epoch,
        )
        .values(position=position, epoch=row.epoch + 1, moved_at=datetime.now(UTC))
    )
    if moved.rowcount != 1:
        raise Overtaken(row.name)
