"""Writing the event log: positions, stream versions and the hash chain are given out under the workspace's lock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, text

from events.catalog import encode
from events.chain import link
from events.envelope import NewEvent, Recorded, Who, new_id
from events.log import head
from events.repeats import without_repeats
from events.tables import EVENT

_APP_VERSION = version("takehold")

_COLUMNS = tuple(column.name for column in EVENT.columns)
_INTO = f"event ({', '.join(_COLUMNS)})"
_SQLITE_INSERT = f"INSERT INTO {_INTO} VALUES ({', '.join('?' * len(_COLUMNS))})"

_POSTGRES_TYPES = {"INTEGER": "int", "BIGINT": "bigint", "CHAR(32)": "uuid", "DATETIME": "timestamptz"}
_FIELDS = ", ".join(f"{column.name} {_POSTGRES_TYPES.get(str(column.type), 'text')}" for column in EVENT.columns)
_POSTGRES_INSERT = text(
    f"INSERT INTO {_INTO} SELECT {', '.join(_COLUMNS)} FROM json_to_recordset(CAST(:rows AS json)) AS r({_FIELDS})"
)
"""One statement however many events; executemany takes twice as long, arrays through unnest three times."""

_LAST = "SELECT max(stream_version) FROM event WHERE workspace_id = :workspace_id AND stream = asked.{}"
_VERSIONS = {
    "sqlite": text(f"SELECT asked.value, ({_LAST.format('value')}) FROM json_each(:streams) AS asked"),
    "postgresql": text(
        f"SELECT asked.stream, ({_LAST.format('stream')}) FROM unnest(CAST(:streams AS uuid[])) AS asked(stream)"
    ),
}
"""A look-up in the index per stream; grouping would read all versions of a stream to find its last."""


class Conflict(Exception):
    """A stream is not at the version its writer expected."""


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
    fresh = without_repeats(connection, workspace_id, events)
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
        recorded.append(_recorded(row, new))
    if rows:
        _insert(connection, rows)
    return recorded


def _versions(connection: Connection, workspace_id: str, streams: set[UUID]) -> dict[UUID, int]:
    """The last version of each stream, 0 for one that does not exist."""
    if connection.dialect.name == "sqlite":
        asked: Any = json.dumps([stream.hex for stream in streams])
    else:
        asked = list(streams)
    found = connection.execute(
        _VERSIONS[connection.dialect.name], {"workspace_id": workspace_id, "streams": asked}
    ).all()
    return {stream if isinstance(stream, UUID) else UUID(stream): last or 0 for stream, last in found}


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    # Below SQLAlchemy's own insert, which took longer over its parameters than the database over the rows.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_SQLITE_INSERT, [tuple(map(_as_sqlite, map(row.get, _COLUMNS))) for row in rows])
    else:
        connection.execute(_POSTGRES_INSERT, {"rows": msgspec.json.encode(rows).decode()})


def _as_sqlite(value: Any) -> Any:
    """As SQLAlchemy keeps ids and instants in SQLite, since that is what reads them."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


def _recorded(row: Mapping[str, Any], new: NewEvent) -> Recorded:
    return Recorded(
        workspace_id=row["workspace_id"],
        position=row["position"],
        stream=row["stream"],
        stream_version=row["stream_version"],
        event_id=row["event_id"],
        event=new.event,
        actor=row["actor"],
        via=row["via"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        correlation=row["correlation"],
        hash=row["hash"],
    )
