"""Followers turn the event log into read models: rows and checkpoint move in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from events.catalog import UnknownEvent
from events.database import Database
from events.envelope import Recorded
from events.log import read
from events.tables import FOLLOWER

_log = structlog.get_logger(__name__)


Checkpoint = Row[*tuple[Any, ...]]
"""A follower's name, position, epoch, workspace_id, generation and last change, as read."""


@dataclass(frozen=True)
class Step:
    """One event on its way into one generation of a read model; a rebuild writes a new one beside the live one.

    altering: positions of the events that altered rows, which whoever alters rows adds to.
    """

    connection: Connection
    recorded: Recorded
    generation: int
    altering: list[int] = field(default_factory=list)


class Follower(Protocol):
    """Applies events in the order of their positions, each exactly once to a generation."""

    name: str

    def apply(self, step: Step) -> None: ...


class Overtaken(Exception):
    """Somebody else moved the checkpoint in the meantime; the step is undone."""


def missing(connection: Connection, workspace_id: str, names: Sequence[str]) -> list[str]:
    """Those of some followers that have no checkpoint yet."""
    known = set(connection.scalars(select(FOLLOWER.c.name).where(FOLLOWER.c.workspace_id == workspace_id)))
    return [name for name in names if name not in known]


def enrol(connection: Connection, workspace_id: str, names: Sequence[str]) -> None:
    """Makes sure that every follower has a checkpoint; inside a transaction that holds the `events` lock."""
    fresh = [
        {
            "workspace_id": workspace_id,
            "name": name,
            "generation": 1,
            "position": 0,
            "epoch": 0,
            "changed": 0,
            "moved_at": datetime.now(UTC),
        }
        for name in missing(connection, workspace_id, names)
    ]
    if fresh:
        connection.execute(insert(FOLLOWER), fresh)


def advance(
    database: Database,
    workspace_id: str,
    followers: Sequence[Follower],
    limit: int = 500,
    patience: float | None = None,
) -> int:
    """Applies up to `limit` events past the slowest checkpoint; returns how many it read, 0 when all are at the head.

    patience: how long it waits for the store, in seconds; None for as long as any writer. Raises Busy.
    A follower that an event breaks is stopped where it stood and says why; the others go on.
    """
    with database.write("work", workspace_id, patience) as connection:
        rows = {row.name: row for row in _claimed(connection, workspace_id, followers)}
        if not rows:
            return 0
        try:
            events = read(connection, workspace_id, min(row.position for row in rows.values()), limit)
        except UnknownEvent as newer:
            # To guess what it means, or to leave it out, would make a read model wrong without anybody noticing.
            for row in rows.values():
                _stop(connection, row, str(newer))
            return 0
        for follower in followers:
            if events and follower.name in rows:
                _apply(connection, follower, rows[follower.name], events)
        return len(events)


def _claimed(connection: Connection, workspace_id: str, followers: Sequence[Follower]) -> Sequence[Checkpoint]:
    return connection.execute(
        select(
            FOLLOWER.c.name,
            FOLLOWER.c.position,
            FOLLOWER.c.epoch,
            FOLLOWER.c.workspace_id,
            FOLLOWER.c.generation,
            FOLLOWER.c.changed,
        )
        .where(
            FOLLOWER.c.workspace_id == workspace_id,
            FOLLOWER.c.name.in_([follower.name for follower in followers]),
            FOLLOWER.c.stopped.is_(None),
        )
        # Two processes that catch up at once would wait for each other to do the same work; the second skips it.
        .with_for_update(skip_locked=True)
    ).all()


def _apply(connection: Connection, follower: Follower, row: Checkpoint, events: Sequence[Recorded]) -> None:
    at, altering = row.position, [row.changed]
    try:
        with connection.begin_nested():
            for recorded in events:
                if recorded.position > row.position:
                    at = recorded.position
                    follower.apply(Step(connection, recorded, row.generation, altering))
            if events:
                move(connection, row, max(row.position, events[-1].position), altering[-1])
    except (OperationalError, InterfaceError, Overtaken):
        # The store failed, not the event: undo everything and let the next round try again.
        raise
    except Exception as error:
        # What came before it is good: the read model serves the state up to the event that broke it.
        _apply(connection, follower, row, [recorded for recorded in events if recorded.position < at])
        _stop(connection, row, f"{type(error).__name__} at position {at}")


def _stop(connection: Connection, row: Checkpoint, reason: str) -> None:
    _log.error("follower stopped", follower=row.name, reason=reason)
    connection.execute(
        update(FOLLOWER)
        .where(FOLLOWER.c.workspace_id == row.workspace_id, FOLLOWER.c.name == row.name)
        .values(stopped=reason)
    )


def start_again(connection: Connection) -> None:
    """Lets stopped followers try their event once more, as after an upgrade; inside a write transaction."""
    connection.execute(update(FOLLOWER).where(FOLLOWER.c.stopped.is_not(None)).values(stopped=None))


def move(connection: Connection, row: Checkpoint, position: int, changed: int) -> None:
    """Moves a checkpoint that was read as `row` (name, position, epoch, workspace_id). Raises Overtaken.

    changed: position of the last event that altered its rows.
    """
    moved = connection.execute(
        update(FOLLOWER)
        .where(
            FOLLOWER.c.workspace_id == row.workspace_id,
            FOLLOWER.c.name == row.name,
            FOLLOWER.c.position == row.position,
            FOLLOWER.c.epoch == row.epoch,
        )
        .values(position=position, epoch=row.epoch + 1, changed=changed, moved_at=datetime.now(UTC))
    )
    if moved.rowcount != 1:
        raise Overtaken(row.name)
