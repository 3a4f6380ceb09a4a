"""The event log: facts in one gapless order per workspace. Here it is read; `events.appending` writes it.

Rule for writers: a position is assigned under the workspace's lock, and the lock is held to commit.
Rule for readers: `position > checkpoint ORDER BY position`, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, select

from events.catalog import UnknownEvent, decode
from events.chain import GENESIS, link
from events.envelope import Recorded
from events.tables import EVENT

_SHOWN = select(
    EVENT.c.workspace_id,
    EVENT.c.position,
    EVENT.c.stream,
    EVENT.c.stream_version,
    EVENT.c.event_id,
    EVENT.c.actor,
    EVENT.c.via,
    EVENT.c.occurred_at,
    EVENT.c.recorded_at,
    EVENT.c.correlation,
    EVENT.c.hash,
    EVENT.c.type,
    EVENT.c.schema_version,
    EVENT.c.data,
)
_Row = Row[*tuple[Any, ...]]
_Id = TypeVar("_Id", UUID, bytes)


def head(connection: Connection, workspace_id: str) -> tuple[int, str, datetime]:
    """Position, hash and instant of the last event; 0, zeros and the beginning of time for an empty log."""
    row = connection.execute(
        select(EVENT.c.position, EVENT.c.hash, EVENT.c.recorded_at)
        .where(EVENT.c.workspace_id == workspace_id)
        .order_by(EVENT.c.position.desc())
        .limit(1)
    ).first()
    return (row.position, row.hash, row.recorded_at) if row else (0, GENESIS, datetime.min.replace(tzinfo=UTC))


def read(
    connection: Connection,
    workspace_id: str,
    after: int = 0,
    limit: int = 500,
    types: Sequence[str] = (),
    stream: UUID | None = None,
) -> list[Recorded]:
    """Events past position `after`, oldest first, at most `limit`; of some types or of one stream only.

    Ends before an event that is newer than this program; raises UnknownEvent when that is the very next one.
    """
    wanted = [EVENT.c.workspace_id == workspace_id, EVENT.c.position > after]
    if types:
        wanted.append(EVENT.c.type.in_(types))
    if stream:
        wanted.append(EVENT.c.stream == stream)
    found: list[Recorded] = []
    for row in connection.execute(_SHOWN.where(*wanted).order_by(EVENT.c.position).limit(limit)).all():
        try:
            found.append(_recorded(row))
        except UnknownEvent as newer:
            if not found:
                raise UnknownEvent(f"{newer}, at position {row.position}") from None
            break
    return found


def stream_of(connection: Connection, workspace_id: str, stream: UUID) -> list[Recorded]:
    """One stream from its beginning; empty when there is none."""
    return _all(connection, workspace_id, EVENT.c.stream == stream)


def of_import(connection: Connection, workspace_id: str, import_id: UUID) -> list[Recorded]:
    """Everything that one import recorded, oldest first."""
    return _all(connection, workspace_id, EVENT.c.import_id == import_id)


def by_id(connection: Connection, workspace_id: str, event_id: UUID) -> Recorded | None:
    """One event by its id; None when there is none."""
    found = _all(connection, workspace_id, EVENT.c.event_id == event_id)
    return found[0] if found else None


def last_of(connection: Connection, workspace_id: str, streams: Sequence[UUID]) -> dict[UUID, Recorded]:
    """The last event of each stream; streams that do not exist are left out."""
    found: dict[UUID, Recorded] = {}
    for some in chunks(streams):
        here = (EVENT.c.workspace_id == workspace_id) & EVENT.c.stream.in_(some)
        last = (
            select(EVENT.c.stream, func.max(EVENT.c.stream_version).label("version"))
            .where(here)
            .group_by(EVENT.c.stream)
            .subquery()
        )
        newest = (last.c.stream == EVENT.c.stream) & (last.c.version == EVENT.c.stream_version)
        for row in connection.execute(_SHOWN.join(last, newest).where(EVENT.c.workspace_id == workspace_id)):
            found[row.stream] = _recorded(row)
    return found


def position_at(connection: Connection, workspace_id: str, instant: datetime) -> int:
    """The last position recorded up to `instant`; 0 when there is none."""
    found = connection.scalar(
        select(func.max(EVENT.c.position)).where(EVENT.c.workspace_id == workspace_id, EVENT.c.recorded_at <= instant)
    )
    return found or 0


def first_broken_link(rows: Sequence[_Row], previous: str = GENESIS) -> int | None:
    """The first position whose hash does not follow from the row before it; None when the chain holds."""
    for row in rows:
        if link(previous, dict(row._mapping)) != row.hash:
            return int(row.position)
        previous = row.hash
    return None


def chunks(ids: Sequence[_Id], size: int = 500) -> list[Sequence[_Id]]:
    """SQLite and PostgreSQL both bound the number of parameters in one statement."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _all(connection: Connection, workspace_id: str, which: ColumnElement[bool]) -> list[Recorded]:
    rows = connection.execute(_SHOWN.where(EVENT.c.workspace_id == workspace_id, which)).all()
    # Sorted here: told to order by position, SQLite reads the whole log by its key in place of a stream by its index.
    return sorted(map(_recorded, rows), key=lambda told: told.position)


def _recorded(row: _Row) -> Recorded:
    # Taken apart at once: a look-up by name for each column was half the time of reading a log.
    workspace, position, stream, number, event_id, actor, via, occurred, recorded, correlation, hashed, *event = row
    return Recorded(
        workspace_id=workspace,
        position=position,
        stream=stream,
        stream_version=number,
        event_id=event_id,
        event=decode(*event),
        actor=actor,
        via=via,
        occurred_at=occurred,
        recorded_at=recorded,
        correlation=correlation,
        hash=hashed,
    )
