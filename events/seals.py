"""Sealing: the activity sets of a received day that is over never change again, and the event log holds their digest.

digest = sha256 over the sets of the day in the order of source, feature and day of use, each as a line of JSON: its
source, feature and day, then sha256 of its accounts and of its counts, in hex.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, false, func, select

from events.log import last_of
from events.tables import ACTIVITY, FOLLOWER, USAGE
from events.types.usage import UsageSealed

_NAME = "activity"
_STREAMS = UUID("5f0f0c36-7f1f-4f7a-8ef3-7d55a2b5c0ad")


class Sealed(NamedTuple):
    """Up to which received day sets are closed, and which observations had been counted then; the beginning of time
    and 0 while none is."""

    received: date
    through: int

    def covers(self, zone: ZoneInfo) -> ColumnElement[bool]:
        """Which observations closed sets were made from, as a condition on the usage log."""
        if not self.through:
            return false()
        # What is told later as if it had come in before counts as received on an open day.
        return and_(USAGE.c.seq <= self.through, USAGE.c.received_ms < _midnight(self.received, zone, 1))


def stream_of_seals(workspace_id: str) -> UUID:
    """The stream that holds a workspace's seals."""
    return uuid5(_STREAMS, workspace_id)


def sealed(connection: Connection, workspace_id: str) -> Sealed:
    """What is closed by now."""
    stream = stream_of_seals(workspace_id)
    last = last_of(connection, workspace_id, [stream]).get(stream)
    if last is None:
        return Sealed(date.min, 0)
    assert isinstance(last.event, UsageSealed)
    return Sealed(last.event.received, last.event.through)


def to_seal(connection: Connection, workspace_id: str, zone: ZoneInfo, now: datetime) -> list[UsageSealed]:
    """Seals of the received days that are over and not closed yet, oldest first; inside a write transaction.

    None while anything that came in on such a day is still to be folded.
    """
    today = now.astimezone(zone).date()
    follower = connection.execute(
        select(FOLLOWER.c.position, FOLLOWER.c.generation)
        .where(FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name == _NAME)
        # Else the sets could change between their digest and the commit that closes them.
        .with_for_update()
    ).first()
    if follower is None or _waiting(connection, workspace_id, follower.position, today, zone):
        return []
    closed = sealed(connection, workspace_id)
    days = connection.scalars(
        select(ACTIVITY.c.received_day)
        .where(
            ACTIVITY.c.workspace_id == workspace_id,
            ACTIVITY.c.generation == follower.generation,
            ACTIVITY.c.received_day > closed.received,
            ACTIVITY.c.received_day < today,
        )
        .distinct()
        .order_by(ACTIVITY.c.received_day)
    ).all()
    made = []
    for day in days:
        number, digest = digest_of(connection, workspace_id, follower.generation, day)
        made.append(UsageSealed(received=day, sets=number, digest=digest, through=follower.position))
    return made


def digest_of(connection: Connection, workspace_id: str, generation: int, received: date) -> tuple[int, str]:
    """How many sets a received day has in a generation, and their digest."""
    rows = connection.execute(
        select(ACTIVITY)
        .where(_of_generation(workspace_id, generation), ACTIVITY.c.received_day == received)
        .order_by(ACTIVITY.c.source_id, ACTIVITY.c.feature_id, ACTIVITY.c.day)
    )
    number, digest = 0, hashlib.sha256()
    for row in rows:
        parts = (hashlib.sha256(part).hexdigest() for part in (row.accounts, row.counts))
        digest.update(msgspec.json.encode([row.source_id, row.feature_id, row.day, *parts]) + b"\n")
        number += 1
    return number, digest.hexdigest()


def broken_seals(connection: Connection, workspace_id: str, seals: Sequence[UsageSealed]) -> list[date]:
    """The received days whose sets are not those that were sealed."""
    generation = connection.scalar(
        select(FOLLOWER.c.generation).where(FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name == _NAME)
    )
    return [
        one.received
        for one in seals
        if digest_of(connection, workspace_id, generation or 0, one.received) != (one.sets, one.digest)
    ]


def oldest_received(connection: Connection, workspace_id: str) -> date | None:
    """The first day on which anything came in that there is a set of; None without any."""
    first = select(func.min(ACTIVITY.c.received_day)).where(ACTIVITY.c.workspace_id == workspace_id)
    found: date | None = connection.scalar(first)
    return found


def forgettable(
    connection: Connection, workspace_id: str, zone: ZoneInfo, before_ms: int, limit: int = 5_000
) -> list[int]:
    """Numbers of observations that came in before an instant and whose sets are closed, at most `limit`.

    The newest stays, or seqs would start anew below the followers.
    """
    here = USAGE.c.workspace_id == workspace_id
    newest = select(func.max(USAGE.c.seq)).where(here).scalar_subquery()
    closed = sealed(connection, workspace_id).covers(zone)
    return list(
        connection.scalars(
            select(USAGE.c.seq)
            .where(here, closed, USAGE.c.seq < newest, USAGE.c.received_ms < before_ms)
            .order_by(USAGE.c.seq)
            .limit(limit)
        )
    )


def forget(connection: Connection, workspace_id: str, numbers: Sequence[int]) -> int:
    """Deletes observations by their numbers, inside a transaction that holds the `usage` lock; how many."""
    here = USAGE.c.workspace_id == workspace_id
    return connection.execute(delete(USAGE).where(here, USAGE.c.seq.in_(numbers))).rowcount


def _waiting(connection: Connection, workspace_id: str, position: int, today: date, zone: ZoneInfo) -> bool:
    left = select(USAGE.c.seq).where(
        USAGE.c.workspace_id == workspace_id, USAGE.c.seq > position, USAGE.c.received_ms < _midnight(today, zone)
    )
    return connection.execute(left.limit(1)).first() is not None


def _of_generation(workspace_id: str, generation: int) -> ColumnElement[bool]:
    return and_(ACTIVITY.c.workspace_id == workspace_id, ACTIVITY.c.generation == generation)


def _midnight(day: date, zone: ZoneInfo, later: int = 0) -> int:
    """The instant in ms at which a day begins, or one so many days later."""
    return int(datetime.combine(day + timedelta(days=later), time(), zone).timestamp() * 1000)
