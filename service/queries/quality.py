"""How good the telemetry is: who is unknown, who is silent, whose clock is off, and what had no place."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, and_, case, distinct, func, literal, select

from adkar.coverage import working_days
from events.tables import ACTIVITY, FEATURE, SOURCE, USAGE
from service.directory.tables import ACCOUNT, HEARTBEAT, SOURCE_TERMS
from service.queries.sets import known
from service.queries.view import View
from service.readmodels.expectations import expected_since
from service.readmodels.links import known_by_merge

RECENT = timedelta(days=7)
_LATE_MS, _AHEAD_MS = 24 * 3_600_000, 60_000


@dataclass(frozen=True)
class SourceQuality:
    """What is known of a source.

    since: day from which on it has to report, where agreed. last_day: local day, the last it told anything of or sent a
    heartbeat on; silent_days: working days that are over since then, or from `since` on where that is later. actors,
    unknown_actors: what it calls somebody, and those of them that are nobody we know. received: observations that came
    in during the last seven days. last: instant at which the last of these came. late: share that came more than a day
    after it happened; ahead: share that happened more than a minute after it came, by clocks that are off; None without
    any.
    """

    source: str
    emails_verified: bool
    since: date | None
    last_day: date | None
    silent_days: int | None
    actors: int
    unknown_actors: int
    received: int
    last: datetime | None
    late: float | None
    ahead: float | None


def source_quality(view: View, now: datetime) -> list[SourceQuality]:
    """Every source that posted or sent a heartbeat, or that terms were agreed with, by name.

    What was retracted came in all the same, but tells of no day.
    """
    connection, workspace_id = view.connection, view.workspace.id
    terms = {
        row.source: row.emails_verified
        for row in connection.execute(select(SOURCE_TERMS).where(SOURCE_TERMS.c.workspace_id == workspace_id))
    }
    expected = expected_since(connection, workspace_id)
    names = connection.scalars(select(SOURCE.c.name).where(SOURCE.c.workspace_id == workspace_id)).all()
    actors = _actors(connection, workspace_id)
    recent = _recent(connection, workspace_id, now)
    days = _last_days(view)
    found = []
    for name in sorted({*names, *terms, *expected, *days}):
        every, unknown = actors.get(name, (0, 0))
        received, last_ms, late, ahead = recent.get(name, (0, None, 0, 0))
        found.append(
            SourceQuality(
                name,
                terms.get(name, False),
                expected.get(name),
                days.get(name),
                _silent_days(days.get(name), expected.get(name), view.today),
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
    here = ACCOUNT.c.workspace_id == workspace_id
    # A source that went on under another number after a retraction had its actors anew once.
    every = connection.execute(
        select(SOURCE.c.name, func.count(distinct(ACCOUNT.c.actor_index)))
        .join(SOURCE, _same_source(ACCOUNT))
        .where(here)
        .group_by(SOURCE.c.name)
    ).all()
    merged, unknown = known_by_merge(connection, workspace_id), defaultdict[str, set[str]](set)
    for name, account, actor in connection.execute(
        select(SOURCE.c.name, ACCOUNT.c.account_id, ACCOUNT.c.actor_index)
        .join(SOURCE, _same_source(ACCOUNT))
        .where(here, ACCOUNT.c.linked.is_(False))
    ):
        if account not in merged:
            unknown[name].add(actor)
    return {name: (number, len(unknown[name])) for name, number in every}


def _last_days(view: View) -> dict[str, date]:
    """By source, the last day that it told anything of, or sent a heartbeat on."""
    found: dict[str, date] = {}
    told = view.connection.execute(
        select(SOURCE.c.name, FEATURE.c.grain, func.max(ACTIVITY.c.day))
        .join(SOURCE, _same_source(ACTIVITY))
        .join(
            FEATURE,
            and_(FEATURE.c.workspace_id == ACTIVITY.c.workspace_id, FEATURE.c.feature_id == ACTIVITY.c.feature_id),
        )
        .where(*known(view))
        .group_by(SOURCE.c.name, FEATURE.c.grain)
    )
    beats = view.connection.execute(
        select(HEARTBEAT.c.source, literal("day"), func.max(HEARTBEAT.c.day))
        .where(HEARTBEAT.c.workspace_id == view.workspace.id, HEARTBEAT.c.day <= view.today)
        .group_by(HEARTBEAT.c.source)
    )
    for name, grain, day in (*told, *beats):
        # A weekly report speaks for all days of its week that there have been.
        last = min(day + timedelta(days=6 - day.weekday()), view.today) if grain == "week" else day
        found[name] = max(found.get(name, last), last)
    return found


def _silent_days(last: date | None, since: date | None, today: date) -> int | None:
    if last is None and since is None:
        return None
    # An agreement that begins later excuses what is before it.
    first = max(day for day in (last and last + timedelta(days=1), since) if day)
    return int(np.count_nonzero(working_days(np.arange(first.toordinal(), today.toordinal(), dtype=np.int32))))


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
