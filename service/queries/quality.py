"""How good the telemetry is: who is unknown, who is silent, whose clock is off, and what had no place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, case, func, select

from events.tables import SOURCE, USAGE
from service.directory.tables import ACCOUNT, SOURCE_TERMS

RECENT = timedelta(days=7)
_LATE_MS, _AHEAD_MS = 24 * 3_600_000, 60_000


@dataclass(frozen=True)
class SourceQuality:
    """What is known of a source.

    actors, unknown_actors: accounts, and those that are nobody we know. received: observations that came in during the
    last seven days. last: instant at which the last of these came. late: share that came more than a day after it
    happened; ahead: share that happened more than a minute after it came, by clocks that are off; None without any.
    """

    source: str
    emails_verified: bool
    actors: int
    unknown_actors: int
    received: int
    last: datetime | None
    late: float | None
    ahead: float | None


def source_quality(connection: Connection, workspace_id: str, now: datetime) -> list[SourceQuality]:
    """Every source that ever posted, or that terms were agreed with, by name."""
    sources = connection.execute(select(SOURCE).where(SOURCE.c.workspace_id == workspace_id)).all()
    terms = {
        row.source: row.emails_verified
        for row in connection.execute(select(SOURCE_TERMS).where(SOURCE_TERMS.c.workspace_id == workspace_id))
    }
    actors = _actors(connection, workspace_id)
    recent = _recent(connection, workspace_id, now)
    # Of a source whose reports were retracted, what it reports since then.
    numbers: dict[str, int | None] = dict.fromkeys([*terms, *(row.name for row in sources)])
    numbers |= {row.name: row.source_id for row in sources if not row.retired}
    found = []
    for name, number in sorted(numbers.items()):
        every, unknown = actors.get(number, (0, 0))
        received, last_ms, late, ahead = recent.get(number, (0, None, 0, 0))
        found.append(
            SourceQuality(
                name,
                terms.get(name, False),
                every,
                unknown,
                received,
                None if last_ms is None else datetime.fromtimestamp(last_ms / 1000, UTC),
                late / received if received else None,
                ahead / received if received else None,
            )
        )
    return found


def _actors(connection: Connection, workspace_id: str) -> dict[int | None, tuple[int, int]]:
    rows = connection.execute(
        select(ACCOUNT.c.source_id, func.count(), func.sum(case((ACCOUNT.c.linked, 0), else_=1)))
        .where(ACCOUNT.c.workspace_id == workspace_id)
        .group_by(ACCOUNT.c.source_id)
    )
    return {source: (every, int(unknown)) for source, every, unknown in rows}


def _recent(
    connection: Connection, workspace_id: str, now: datetime
) -> dict[int | None, tuple[int, int | None, int, int]]:
    since = int((now - RECENT).timestamp() * 1000)
    rows = connection.execute(
        select(
            USAGE.c.source_id,
            func.count(),
            func.max(USAGE.c.received_ms),
            func.sum(case((USAGE.c.received_ms - USAGE.c.occurred_ms > _LATE_MS, 1), else_=0)),
            func.sum(case((USAGE.c.occurred_ms - USAGE.c.received_ms > _AHEAD_MS, 1), else_=0)),
        )
        .where(and_(USAGE.c.workspace_id == workspace_id, USAGE.c.received_ms >= since))
        .group_by(USAGE.c.source_id)
    )
    return {source: (number, last, int(late), int(ahead)) for source, number, last, late, ahead in rows}
