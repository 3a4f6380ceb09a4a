"""The usage log: what apps observe. Many small rows, deduplicated exactly, read by `seq`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import psycopg
from sqlalchemy import Connection, bindparam, func, select, text

from events.postgres import LOCK_CLASS, TAKE_LOCK
from events.tables import USAGE


# A frozen dataclass takes twelve times as long to make, and there is one for every use anybody makes of anything.
class Observation(msgspec.Struct, frozen=True, gc=False):
    """One use, seen by a source.

    item: the source's own id of it, used for the key only. occurred_ms: instant in milliseconds since 1970 UTC,
    or None when the source gave none. count: actions, at least 1. duration_ms: how long, or None.
    properties: JSON text, or None. sent_ms: when the source says it sent it, or None. keyed_by: the number that the
    source itself goes by, where `source_id` is that of an import in its name: the same item is the same either way.
    """

    source_id: int
    account_id: int
    feature_id: int
    item: str
    occurred_ms: int | None
    count: int = 1
    duration_ms: int | None = None
    properties: str | None = None
    sent_ms: int | None = None
    keyed_by: int | None = None

    @property
    def key(self) -> bytes:
        """By which it is known again."""
        return dedupe_key(self.source_id if self.keyed_by is None else self.keyed_by, self.item, self.occurred_ms)


def dedupe_key(source_id: int, item: str, occurred_ms: int | None) -> bytes:
    """16 bytes: 48 bits of time, then 80 bits of blake2b over source and item id.

    A retry carries the same time, so the key repeats; time comes first, so the index is appended to. Without a time
    of the source's own the time bits are zero, so that a retry's later arrival makes no other key.
    """
    digest = blake2b(f"{source_id}\0{item}".encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return (occurred_ms or 0).to_bytes(6, "big") + digest


_COLUMNS = (
    "workspace_id",
    "k",
    "seq",
    "source_id",
    "account_id",
    "feature_id",
    "occurred_ms",
    "received_ms",
    "sent_ms",
    "count",
    "duration_ms",
    "properties",
)

_INTO = f"usage ({', '.join(_COLUMNS)})"

_SQLITE_INSERT = (
    f"INSERT INTO {_INTO} VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT (workspace_id, k) DO NOTHING"
)
"""Not INSERT OR IGNORE, which would swallow a missing value as if it were a repeat."""

_POSTGRES_COPY = f"COPY {_INTO} FROM STDIN (FORMAT BINARY)"
_POSTGRES_TYPES = ("text", "bytea", "int8", "int4", "int4", "int4", "int8", "int8", "int8", "int8", "int8", "text")
"""Of _COLUMNS; binary COPY converts nothing."""

_POSTGRES_INSERT = text(
    f"INSERT INTO {_INTO}"
    " SELECT r.workspace_id, decode(r.k, 'hex'), r.seq, r.source_id, r.account_id, r.feature_id, r.occurred_ms,"
    " r.received_ms, r.sent_ms, r.count, r.duration_ms, r.properties"
    " FROM json_to_recordset(CAST(:rows AS json)) AS r(workspace_id text, k text, seq bigint, source_id int,"
    " account_id int, feature_id int, occurred_ms bigint, received_ms bigint, sent_ms bigint, count bigint,"
    " duration_ms bigint, properties text)"
    " ON CONFLICT (workspace_id, k) DO NOTHING"
)
"""One statement for a batch; arrays through unnest are four times slower."""

_Row = tuple[Any, ...]


def record(
    connection: Connection, workspace_id: str, observations: Sequence[Observation], received_ms: int
) -> list[bool]:
    """Stores a batch inside a transaction that holds the workspace's `usage` lock; says for each whether it was new."""
    if not observations:
        return []
    first = last_seq(connection, workspace_id) + 1
    rows: list[_Row] = [
        (
            workspace_id,
            o.key,
            seq,
            o.source_id,
            o.account_id,
            o.feature_id,
            received_ms if o.occurred_ms is None else o.occurred_ms,
            received_ms,
            o.sent_ms,
            o.count,
            o.duration_ms,
            o.properties,
        )
        for seq, o in enumerate(observations, start=first)
    ]
    stored = _insert(connection, rows)
    if stored == len(rows):
        return [True] * len(rows)
    fresh = set(
        connection.scalars(select(USAGE.c.seq).where(USAGE.c.workspace_id == workspace_id, USAGE.c.seq >= first))
    )
    return [seq in fresh for seq in range(first, first + len(rows))]


def _insert(connection: Connection, rows: list[_Row]) -> int:
    """Stores the rows that are new; how many those were."""
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        return connection.exec_driver_sql(_SQLITE_INSERT, rows).rowcount
    try:
        # Most batches hold nothing that was stored before, and COPY knows no ON CONFLICT but takes half the time.
        with connection.begin_nested(), raw.cursor().copy(_POSTGRES_COPY) as into:
            into.set_types(_POSTGRES_TYPES)
            for row in rows:
                into.write_row(row)
    except psycopg.Error:
        # Repeats, mostly; whatever else it is, the statement will say so in SQLAlchemy's words.
        payload = json.dumps([dict(zip(_COLUMNS, (row[0], row[1].hex(), *row[2:]), strict=True)) for row in rows])
        return connection.execute(_POSTGRES_INSERT, {"rows": payload}).rowcount
    return len(rows)


def last_seq(connection: Connection, workspace_id: str) -> int:
    """The highest seq given out; seqs rise in the order of commits and may have gaps where repeats were left out.

    Whoever deletes old rows must leave the newest: without it seqs would start anew below the followers' checkpoints.
    """
    return connection.scalar(_LAST_SEQ, {"workspace_id": workspace_id}) or 0


def hold(connection: Connection, workspace_id: str) -> None:
    """Takes the `usage` lock in a transaction that holds the `events` lock already; it is kept to the commit."""
    # On SQLite one lock is all there is.
    if connection.dialect.name == "postgresql":
        connection.execute(TAKE_LOCK, {"class": LOCK_CLASS["usage"], "workspace_id": workspace_id})


# Built once: putting a statement together takes longer than running it, and each batch needs several.
_LAST_SEQ = select(func.max(USAGE.c.seq)).where(USAGE.c.workspace_id == bindparam("workspace_id"))
