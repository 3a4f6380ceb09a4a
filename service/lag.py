"""How far each follower is behind its log, or, where something went wrong, ahead of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from events.activity import NAME as ACTIVITY_FOLLOWER
from events.log import head
from events.tables import EVENT, FOLLOWER, USAGE
from events.usage_log import last_seq


class AheadOfLog(Exception):
    """Followers have applied more than their log holds, so what they say is of another history."""


@dataclass(frozen=True)
class Lag:
    """behind: events or observations yet to be applied, below zero for a follower ahead of its log. oldest: when the
    first of them was recorded, None when there is none. stopped: what stopped it."""

    workspace_id: str
    follower: str
    behind: int
    oldest: datetime | None
    stopped: str | None

    def seconds(self, now: datetime) -> float:
        """Age of the oldest that waits; 0 when none does."""
        return 0.0 if self.oldest is None else max(0.0, (now - self.oldest).total_seconds())


def lags(connection: Connection) -> list[Lag]:
    """Of every follower of every workspace, in one snapshot."""
    ends: dict[tuple[str, bool], int] = {}
    found = []
    for row in connection.execute(select(FOLLOWER).order_by(FOLLOWER.c.workspace_id, FOLLOWER.c.name)).all():
        usage = row.name == ACTIVITY_FOLLOWER
        log = (row.workspace_id, usage)
        if log not in ends:
            ends[log] = last_seq(connection, row.workspace_id) if usage else head(connection, row.workspace_id)[0]
        behind = ends[log] - row.position
        oldest = _oldest(connection, row.workspace_id, usage, row.position) if behind > 0 else None
        found.append(Lag(row.workspace_id, row.name, behind, oldest, row.stopped))
    return found


def check_none_ahead(connection: Connection) -> None:
    """Raises AheadOfLog, which says what to run."""
    ahead: dict[str, list[str]] = {}
    for lag in lags(connection):
        if lag.behind < 0:
            ahead.setdefault(lag.workspace_id, []).append(lag.follower)
    if ahead:
        told = "; ".join(f"{', '.join(names)} of workspace {workspace}" for workspace, names in ahead.items())
        runs = " ".join(f"takehold rebuild --workspace {workspace};" for workspace in ahead).removesuffix(";")
        raise AheadOfLog(
            f"These have applied more than their log holds, as after an older log was put back: {told}. Run: {runs}"
        )


def _oldest(connection: Connection, workspace_id: str, usage: bool, position: int) -> datetime | None:
    if usage:
        wanted = select(USAGE.c.received_ms).where(USAGE.c.workspace_id == workspace_id, USAGE.c.seq > position)
        received = connection.scalar(wanted.order_by(USAGE.c.seq).limit(1))
        return None if received is None else datetime.fromtimestamp(received / 1000, UTC)
    wanted_event = select(EVENT.c.recorded_at).where(EVENT.c.workspace_id == workspace_id, EVENT.c.position > position)
    return connection.scalar(wanted_event.order_by(EVENT.c.position).limit(1))
