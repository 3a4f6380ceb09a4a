"""Activity sets: per source, feature and local day, the accounts that were active and how often.

The follower of the usage log. Sets are kept per received_day as well, which is what lets a past view be shown again
after the raw rows are gone.

Counts of single uses (grain instant) add up. Those that a source reports by day or by week are set: the last one
stands, within a set the one of the highest seq, over received_days that of the latest, and on one received_day over
the numbers of a source, which each of its imports has one of, that of the set whose seq is the highest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from pyroaring import BitMap
from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from events.database import Database
from events.followers import move
from events.seals import Sealed, sealed
from events.tables import ACTIVITY, FEATURE, FOLLOWER, USAGE

NAME = "activity"
_MINUTE_MS = 60 * 1000
_MOST = 2**32 - 1
"""Counts are stored in 32 bits; one that would not fit stays at the top instead of starting again at zero."""
_Key = tuple[int, int, int, int]
_Row = Row[*tuple[Any, ...]]
Group = tuple[_Key, np.ndarray, np.ndarray, int]
"""Source, feature, day and received day; accounts and counts, one each a row; the last seq."""


def advance_activity(database: Database, workspace_id: str, zone: ZoneInfo, limit: int = 10_000) -> int:
    """Folds up to `limit` usage rows into the activity sets; returns how many it read, 0 when all were folded."""
    here = select(
        FOLLOWER.c.name, FOLLOWER.c.position, FOLLOWER.c.epoch, FOLLOWER.c.workspace_id, FOLLOWER.c.generation
    ).where(FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name == NAME)
    # Reading and sorting take four times as long as writing, and on SQLite every other writer would wait meanwhile.
    with database.read() as connection:
        seen = connection.execute(here).first()
        rows = read_usage(connection, workspace_id, seen.position, limit) if seen else []
        closed = sealed(connection, workspace_id)
    if not rows:
        return 0
    groups = grouped(rows, zone, closed)
    with database.write("work", workspace_id) as connection:
        checkpoint = connection.execute(here.with_for_update(skip_locked=True)).first()
        if checkpoint is None:
            return 0
        # Somebody else may have folded these rows in the meantime, or closed a day; then the next call reads on.
        if checkpoint == seen and sealed(connection, workspace_id) == closed:
            merge(connection, workspace_id, checkpoint.generation, groups)
            move(connection, checkpoint, rows[-1].seq, rows[-1].seq)
    return len(rows)


def local_days(milliseconds: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Proleptic ordinals of the local days of instants (int64 milliseconds since 1970 UTC).

    Since 1973 every zone's offset has been of whole minutes, and changed on one, so one look-up per minute is enough.
    Per quarter of an hour is not: some zones change their clocks at one minute past midnight.
    """
    minutes, where = np.unique(milliseconds // _MINUTE_MS, return_inverse=True)
    days = [datetime.fromtimestamp(int(minute) * 60, UTC).astimezone(zone).toordinal() for minute in minutes]
    return np.array(days, dtype=np.int64)[where]


def pack(accounts: np.ndarray, counts: np.ndarray) -> tuple[bytes, bytes]:
    """Set and counts as they are stored; `accounts` sorted and distinct."""
    return BitMap(accounts.astype(np.uint32)).serialize(), counts.astype("<u4").tobytes()


def unpack(accounts: bytes, counts: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Accounts (sorted, int64) and their counts (int64), as `pack` stored them."""
    members = np.array(BitMap.deserialize(accounts).to_array(), dtype=np.int64)
    return members, np.frombuffer(counts, dtype="<u4").astype(np.int64)


def last_of_each(accounts: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each account once (sorted) with the count that stands last."""
    members, from_the_end = np.unique(accounts[::-1], return_index=True)
    return members, counts[::-1][from_the_end]


def read_usage(
    connection: Connection, workspace_id: str, after: int, limit: int, *which: ColumnElement[bool]
) -> Sequence[_Row]:
    """Usage rows past `after`, by seq, at most `limit`: what `grouped` needs of them."""
    return connection.execute(
        select(
            USAGE.c.source_id,
            USAGE.c.feature_id,
            USAGE.c.account_id,
            USAGE.c.occurred_ms,
            USAGE.c.received_ms,
            USAGE.c.count,
            USAGE.c.seq,
        )
        .where(USAGE.c.workspace_id == workspace_id, USAGE.c.seq > after, *which)
        .order_by(USAGE.c.seq)
        .limit(limit)
    ).all()


def grouped(rows: Sequence[_Row], zone: ZoneInfo, closed: Sealed) -> list[Group]:
    """Usage rows, at least one, as what each adds to which set; days are cut in `zone`.

    A history that is told as if it had come in on a day that is closed counts as received on the first open one.
    """
    table = np.array([tuple(row) for row in rows], dtype=np.int64)
    source, feature, account, occurred, received, count, seq = table.T
    received_days = np.maximum(local_days(received, zone), closed.received.toordinal() + 1)
    keys = np.stack([source, feature, local_days(occurred, zone), received_days], axis=1)
    groups, where = np.unique(keys, axis=0, return_inverse=True)
    where = where.reshape(-1)
    found: list[Group] = []
    for index, group in enumerate(groups):
        chosen = where == index
        key = (int(group[0]), int(group[1]), int(group[2]), int(group[3]))
        found.append((key, account[chosen], count[chosen], int(seq[chosen][-1])))
    return found


def merge(connection: Connection, workspace_id: str, generation: int, groups: Sequence[Group]) -> None:
    """Takes groups, in the order of their seqs, into the sets of a generation; inside a write transaction."""
    reported = set(
        connection.scalars(
            select(FEATURE.c.feature_id).where(FEATURE.c.workspace_id == workspace_id, FEATURE.c.grain != "instant")
        )
    )
    for group in groups:
        _merge(connection, workspace_id, generation, group[0][1] in reported, *group)


def _merge(
    connection: Connection,
    workspace_id: str,
    generation: int,
    reported: bool,
    key: _Key,
    accounts: np.ndarray,
    counts: np.ndarray,
    seq: int,
) -> None:
    source, feature, day, received_day = key
    names = {
        "workspace_id": workspace_id,
        "generation": generation,
        "source_id": source,
        "feature_id": feature,
        "day": date.fromordinal(day),
        "received_day": date.fromordinal(received_day),
    }
    here = [ACTIVITY.c[name] == value for name, value in names.items()]
    known = connection.execute(select(ACTIVITY.c.accounts, ACTIVITY.c.counts).where(*here)).first()
    if known:
        old_accounts, old_counts = unpack(known.accounts, known.counts)
        accounts, counts = np.concatenate([old_accounts, accounts]), np.concatenate([old_counts, counts])
    members, values = (last_of_each if reported else _summed)(accounts, counts)
    packed = dict(zip(("accounts", "counts"), pack(members, np.minimum(values, _MOST)), strict=True))
    if known:
        connection.execute(update(ACTIVITY).where(*here).values(**packed, seq=seq))
    else:
        connection.execute(insert(ACTIVITY).values(**names, **packed, seq=seq))


def _summed(accounts: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    members, where = np.unique(accounts, return_inverse=True)
    return members, np.bincount(where, weights=counts).astype(np.int64)
