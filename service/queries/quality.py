"""How good the telemetry is: who is unknown, who is silent, whose clock is off, and what had no place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, and_, case, distinct, func, select

from events.tables import SOURCE, USAGE
from service.directory.tables import ACCOUNT, SOURCE_TERMS
from service.readmodels.expectations import expected_since

RECENT = timedelta(days=7)
_LATE_MS, _AHEAD_MS = 24 * 3_600_000, 60_000


@dataclass(frozen=True)
class SourceQuality:
    """What is known of a source.

    since: day from which on it has to report, where agreed. actors, unknown_actors: what it calls somebody, and those
    of them that are nobody we know. received: observations that came in during the last seven days. last: instant at
    which the last of these came. late: share that came more than a day after it happened; ahead: share that happened
    more than a minute after it came, by clocks that are off; None without any.
    """

    source: str
    emails_verified: bool
    since: date | None
    actors: int
    unknown_actors: int
    received: int
    last: datetime | None
    late: float | None
    ahead: float | None


def source_quality(connection: Connection, workspace_id: str, now: datetime) -> list[SourceQuality]:
    """Every source that posted, or that terms were agreed with, by name; what was retracted came in all the same."""
    terms = {
        row.source: row.emails_verified
        for row in connection.execute(select(SOURCE_TERMS).where(SOURCE_TERMS.c.workspace_id == workspace_id))
    }
    expected = expected_since(connection, workspace_id)
    names = connection.scalars(select(SOURCE.c.name).where(SOURCE.c.workspace_id == workspace_id)).all()
    actors = _actors(connection, workspace_id)
    recent = _recent(connection, workspace_id, now)
    found = []
    for name in sorted({*names, *terms, *expected}):
        every, unknown = actors.get(name, (0, 0))
        received, last_ms, late, ahead = recent.get(name, (0, None, 0, 0))
        found.append(
            SourceQuality(
                name,
                terms.get(name, False),
                expected.get(name),
                every,
                unknown,
                received,
                None if last_ms is None else datetime.fromtimestamp(last_ms / 1000, UTC),
                late / received if received else None,
                ahead / received if received else None,
            )
        )
    return found


def _actors(connection: Connection, workspace_id: str) -> dict[str, tuple[int, int]]:
    # A source that went on under another number after a retraction had its actors anew once.
    unlinked = case((ACCOUNT.c.linked, None), else_=ACCOUNT.c.actor_index)
    rows = connection.execute(
        select(SOURCE.c.name, func.count(distinct(ACCOUNT.c.actor_index)), func.count(distinct(unlinked)))
        .join(SOURCE, _same_source(ACCOUNT))
        .where(ACCOUNT.c.workspace_id == workspace_id)
        .group_by(SOURCE.c.name)
    )
    return {name: (every, unknown) for name, every, unknown in rows}


def _recent(connection: Connection, workspace_id: str, now: datetime) -> dict[str, tuple[int, int | None, int, int]]:
    since = int((now - RECENT).timestamp() * 1000)
    rows = connection.execute(
        select(
            SOURCE.c.name,
            func.count(),
            func.max(USAGE.c.received_ms),
            func.sum(case((USAGE.c.received_ms - USAGE.c.occurred_ms > _LATE_MS, 1), else_=0)),
            func.sum(case((USAGE.c.occurred_ms - USAGE.c.received_ms > _AHEAD_MS, 1), else_=0)),
        )
        .join(SOURCE, _same_source(USAGE))
        .where(and_(USAGE.c.workspace_id == workspace_id, USAGE.c.received_ms >= since))
        .group_by(SOURCE.c.name)
    )
    return {name: (number, last, int(late), int(ahead)) for name, number, last, late, ahead in rows}


def _same_source(table: Table) -> ColumnElement[bool]:
    return and_(SOURCE.c.workspace_id == table.c.workspace_id, SOURCE.c.source_id == table.c.source_id)
