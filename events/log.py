"""The event log: facts in one gapless order per workspace.

Rule for writers: a position is assigned under the workspace's lock, and the lock is held to commit.
Rule for readers: `position > checkpoint ORDER BY position`, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select

from events.catalog import UnknownEvent, decode, encode
from events.chain import GENESIS, link
from events.envelope import NewEvent, Recorded, Who, new_id
from events.tables import EVENT

_APP_VERSION = version("takehold")


Content = tuple[UUID, str, str, datetime]
"""An event's stream, wire name, canonical data and instant: what must be equal for two arrivals to be one fact."""


class Conflict(Exception):
    """A stream is not at the version its writer expected."""


class IdTaken(Exception):
    """An event of that id stands in the log already and says something else."""

    def __init__(self, event_id: UUID) -> None:
        super().__init__(f"event {event_id} was recorded before with other content")
        self.event_id = event_id


def append(
    connection: Connection,
    workspace_id: str,
    events: Sequence[NewEvent],
    who: Who,
    expected: Mapping[UUID, int] | None = None,
) -> list[Recorded]:
    """Appends in order, inside a transaction that holds the workspace's `events` lock.

    An event whose id stands in the log with the same content is left out; what is returned was newly recorded.
    expected: version that a stream must be at (0 for a new one).
    Raises Conflict, and IdTaken for an id that was used for something else.
    """
    versions = _versions(connection, workspace_id, {new.stream for new in events} | set(expected or {}))
    for stream, wanted in (expected or {}).items():
        if versions[stream] != wanted:
            raise Conflict(f"stream is at version {versions[stream]}, expected {wanted}")
    fresh = _without_repeats(connection, workspace_id, events)
    last, previous, recorded_at = head(connection, workspace_id)
    # Never steps back, so that what was known at an instant is a prefix of positions.
    recorded_at = max(datetime.now(UTC), recorded_at)
    rows, recorded = [], []
    for position, new in enumerate(fresh, start=last + 1):
        versions[new.stream] += 1
        row: dict[str, Any] = {
            "workspace_id": workspace_id,
            "position": position,
            "stream": new.stream,
            "stream_version": versions[new.stream],
            "event_id": new.event_id or new_id(),
            "type": new.event.wire,
            "schema_version": new.event.version,
            "data": encode(new.event),
            "actor": who.actor,
            "via": who.via,
            "import_id": who.import_id,
            "app_version": _APP_VERSION,
            "correlation": who.correlation,
            "causation": who.causation,
            "occurred_at": new.occurred_at.astimezone(UTC),
            "recorded_at": recorded_at,
        }
        previous = row["hash"] = link(previous, row)
        rows.append(row)
        recorded.append(_recorded(row, new.event))
    if rows:
        connection.execute(insert(EVENT), rows)
    return recorded


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
    for row in connection.execute(select(EVENT).where(*wanted).order_by(EVENT.c.position).limit(limit)):
        try:
            found.append(_recorded(dict(row._mapping), decode(row.type, row.schema_version, row.data)))
        except UnknownEvent as newer:
            if not found:
                raise UnknownEvent(f"{newer}, at position {row.position}") from None
            break
    return found


def stream_of(connection: Connection, workspace_id: str, stream: UUID) -> list[Recorded]:
    """One stream from its beginning; empty when there is none."""
    rows = connection.execute(
        select(EVENT)
        .where(EVENT.c.workspace_id == workspace_id, EVENT.c.stream == stream)
        .order_by(EVENT.c.stream_version)
    )
    return [_recorded(dict(row._mapping), decode(row.type, row.schema_version, row.data)) for row in rows]


def last_of(connection: Connection, workspace_id: str, streams: Sequence[UUID]) -> dict[UUID, Recorded]:
    """The last event of each stream; streams that do not exist are left out."""
    found: dict[UUID, Recorded] = {}
    for some in _chunks(streams):
        here = (EVENT.c.workspace_id == workspace_id) & EVENT.c.stream.in_(some)
        last = (
            select(EVENT.c.stream, func.max(EVENT.c.stream_version).label("version"))
            .where(here)
            .group_by(EVENT.c.stream)
            .subquery()
        )
        newest = (last.c.stream == EVENT.c.stream) & (last.c.version == EVENT.c.stream_version)
        for row in connection.execute(select(EVENT).join(last, newest).where(EVENT.c.workspace_id == workspace_id)):
            found[row.stream] = _recorded(dict(row._mapping), decode(row.type, row.schema_version, row.data))
    return found


def by_id(connection: Connection, workspace_id: str, event_id: UUID) -> Recorded | None:
    """One event by its id; None when there is none."""
    row = connection.execute(
        select(EVENT).where(EVENT.c.workspace_id == workspace_id, EVENT.c.event_id == event_id)
    ).first()
    return _recorded(dict(row._mapping), decode(row.type, row.schema_version, row.data)) if row else None


def of_import(connection: Connection, workspace_id: str, import_id: UUID) -> list[Recorded]:
    """Everything that one import recorded, oldest first."""
    rows = connection.execute(
        select(EVENT)
        .where(EVENT.c.workspace_id == workspace_id, EVENT.c.import_id == import_id)
        .order_by(EVENT.c.position)
    )
    return [_recorded(dict(row._mapping), decode(row.type, row.schema_version, row.data)) for row in rows]


def position_at(connection: Connection, workspace_id: str, instant: datetime) -> int:
    """The last position recorded up to `instant`; 0 when there is none."""
    found = connection.scalar(
        select(func.max(EVENT.c.position)).where(EVENT.c.workspace_id == workspace_id, EVENT.c.recorded_at <= instant)
    )
    return found or 0


def first_broken_link(rows: Sequence[Row[*tuple[Any, ...]]], previous: str = GENESIS) -> int | None:
    """The first position whose hash does not follow from the row before it; None when the chain holds."""
    for row in rows:
        if link(previous, dict(row._mapping)) != row.hash:
            return int(row.position)
        previous = row.hash
    return None


def content(new: NewEvent) -> Content:
    """What an event says, as `contents` tells it of recorded ones."""
    # In UTC, because Python holds a local time that comes twice (clocks going back) unequal to any other zone's.
    return (new.stream, new.event.wire, encode(new.event), new.occurred_at.astimezone(UTC))


def contents(connection: Connection, workspace_id: str, event_ids: Sequence[UUID]) -> dict[UUID, Content]:
    """What the events of these ids say; ids that stand nowhere are left out."""
    known: dict[UUID, Content] = {}
    for some in _chunks(event_ids):
        found = connection.execute(
            select(EVENT.c.event_id, EVENT.c.stream, EVENT.c.type, EVENT.c.data, EVENT.c.occurred_at).where(
                EVENT.c.workspace_id == workspace_id, EVENT.c.event_id.in_(some)
            )
        )
        known.update({row.event_id: (row.stream, row.type, row.data, row.occurred_at) for row in found})
    return known


def _versions(connection: Connection, workspace_id: str, streams: set[UUID]) -> dict[UUID, int]:
    versions = dict.fromkeys(streams, 0)
    for some in _chunks(list(streams)):
        found = connection.execute(
            select(EVENT.c.stream, func.max(EVENT.c.stream_version))
            .where(EVENT.c.workspace_id == workspace_id, EVENT.c.stream.in_(some))
            .group_by(EVENT.c.stream)
        )
        versions.update((stream, last) for stream, last in found)
    return versions


def _without_repeats(connection: Connection, workspace_id: str, events: Sequence[NewEvent]) -> list[NewEvent]:
    known = contents(connection, workspace_id, [new.event_id for new in events if new.event_id])
    fresh = []
    for new in events:
        if new.event_id:
            if new.event_id in known:
                if known[new.event_id] != content(new):
                    raise IdTaken(new.event_id)
                continue
            known[new.event_id] = content(new)
        fresh.append(new)
    return fresh


def _chunks(ids: Sequence[UUID], size: int = 500) -> list[Sequence[UUID]]:
    """SQLite and PostgreSQL both bound the number of parameters in one statement."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _recorded(row: Mapping[str, Any], event: Any) -> Recorded:
    return Recorded(
        workspace_id=row["workspace_id"],
        position=row["position"],
        stream=row["stream"],
        stream_version=row["stream_version"],
        event_id=row["event_id"],
        event=event,
        actor=row["actor"],
        via=row["via"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        correlation=row["correlation"],
        hash=row["hash"],
    )
