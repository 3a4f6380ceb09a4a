"""The usage log: what apps observe. Many small rows, deduplicated exactly, read by `seq`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, Table, func, insert, select, text

from events.tables import FEATURE, SOURCE, USAGE


@dataclass(frozen=True, slots=True)
class Observation:
    """One use, seen by a source.

    item: the source's own id of it, used for the key only. occurred_ms: instant in milliseconds since 1970 UTC,
    or None when the source gave none. count: actions, at least 1. duration_ms: how long, or None.
    properties: JSON text, or None. sent_ms: when the source says it sent it, or None.
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


def dedupe_key(source_id: int, item: str, occurred_ms: int | None) -> bytes:
    """16 bytes: 48 bits of time, then 80 bits of blake2b over source and item id.

    A retry carries the same time, so the key repeats; time comes first, so the index is appended to. Without a time
    of the source's own the time bits are zero, so that a retry's later arrival makes no other key.
    """
    digest = blake2b(f"{source_id}\0{item}".encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return (occurred_ms or 0).to_bytes(6, "big") + digest


_SQLITE_INSERT = (
    "INSERT INTO usage (workspace_id, k, seq, source_id, account_id, feature_id, occurred_ms, received_ms,"
    " sent_ms, count, duration_ms, properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (workspace_id, k) DO NOTHING"
)
"""Not INSERT OR IGNORE, which would swallow a missing value as if it were a repeat."""

_NAMES = [
    "k",
    "seq",
    "source_id",
    "account_id",
    "feature_id",
    "occurred_ms",
    "sent_ms",
    "count",
    "duration_ms",
    "properties",
]

_POSTGRES_INSERT = text(
    "INSERT INTO usage (workspace_id, k, seq, source_id, account_id, feature_id, occurred_ms, received_ms, sent_ms,"
    " count, duration_ms, properties)"
    " SELECT :workspace_id, decode(r.k, 'hex'), r.seq, r.source_id, r.account_id, r.feature_id, r.occurred_ms,"
    " :received_ms, r.sent_ms, r.count, r.duration_ms, r.properties"
    " FROM json_to_recordset(CAST(:rows AS json)) AS r(k text, seq bigint, source_id int, account_id int,"
    " feature_id int, occurred_ms bigint, sent_ms bigint, count bigint, duration_ms bigint, properties text)"
    " ON CONFLICT (workspace_id, k) DO NOTHING"
)
"""One statement for a batch; arrays through unnest are four times slower."""


def record(
    connection: Connection, workspace_id: str, observations: Sequence[Observation], received_ms: int
) -> list[bool]:
    """Stores a batch inside a transaction that holds the workspace's `usage` lock; says for each whether it was new."""
    if not observations:
        return []
    first = last_seq(connection, workspace_id) + 1
    rows = [
        (
            dedupe_key(o.source_id, o.item, o.occurred_ms),
            seq,
            o.source_id,
            o.account_id,
            o.feature_id,
            received_ms if o.occurred_ms is None else o.occurred_ms,
            o.sent_ms,
            o.count,
            o.duration_ms,
            o.properties,
        )
        for seq, o in enumerate(observations, start=first)
    ]
    if connection.dialect.name == "sqlite":
        stored = connection.exec_driver_sql(
            _SQLITE_INSERT, [(workspace_id, *row[:6], received_ms, *row[6:]) for row in rows]
        ).rowcount
    else:
        payload = json.dumps([dict(zip(_NAMES, (row[0].hex(), *row[1:]), strict=True)) for row in rows])
        stored = connection.execute(
            _POSTGRES_INSERT, {"workspace_id": workspace_id, "received_ms": received_ms, "rows": payload}
        ).rowcount
    if stored == len(rows):
        return [True] * len(rows)
    fresh = set(
        connection.scalars(select(USAGE.c.seq).where(USAGE.c.workspace_id == workspace_id, USAGE.c.seq >= first))
    )
    return [seq in fresh for seq in range(first, first + len(rows))]


def last_seq(connection: Connection, workspace_id: str) -> int:
    """The highest seq given out; seqs rise in the order of commits and may have gaps where repeats were left out.

    Whoever deletes old rows must leave the newest: without it seqs would start anew below the followers' checkpoints.
    """
    return connection.scalar(select(func.max(USAGE.c.seq)).where(USAGE.c.workspace_id == workspace_id)) or 0


def intern_source(connection: Connection, workspace_id: str, name: str) -> int:
    """The number of a source, given out on first sight; inside a transaction that holds the `usage` lock."""
    return _intern(connection, SOURCE, "source_id", {"workspace_id": workspace_id, "name": name})


def intern_feature(
    connection: Connection, workspace_id: str, app: str, name: str, kind: str = "use", grain: str = "instant"
) -> int:
    """The number of a feature, given out on first sight; inside a transaction that holds the `usage` lock.

    kind: use, passive, success or failure. grain: instant, day or week; how finely the source knows the time.
    """
    values = {"workspace_id": workspace_id, "app": app, "name": name, "kind": kind, "grain": grain}
    return _intern(connection, FEATURE, "feature_id", values)


def _intern(connection: Connection, table: Table, number: str, values: dict[str, str]) -> int:
    found = connection.scalar(
        select(table.c[number]).where(*(table.c[name] == value for name, value in values.items()))
    )
    if found is not None:
        return int(found)
    highest = connection.scalar(select(func.max(table.c[number])).where(table.c.workspace_id == values["workspace_id"]))
    connection.execute(insert(table).values({number: (highest or 0) + 1, **values}))
    return (highest or 0) + 1
