"""Whether a reminder may go out, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from adkar.reinforcement.reminder import Reminder

COOL_DOWN: Final = timedelta(days=7)
OPENS: Final = time(8)
CLOSES: Final = time(20)


@dataclass(frozen=True)
class Send:
    """at: UTC, now or the end of the quiet time."""

    at: datetime


@dataclass(frozen=True)
class Drop:
    reason: Literal["opted_out", "cool_down"]


def decide(reminder: Reminder, *, now: datetime, zone: str, opted_out: bool, recent: Sequence[datetime]) -> Send | Drop:
    """Opted out, then one nudge per 7 days over all changes, then quiet hours and weekends, in this order.

    zone: the recipient's IANA zone. recent: when this recipient's earlier nudges were sent or will be;
    exactly 7 days ago is free again. Aggregate alerts know neither opt-out nor cap: they are part of the
    manager's job rather than advice on somebody's own work, and they come once per firing as it is; the
    quiet hours hold for everybody. Instants are aware. Raises ZoneInfoNotFoundError for an unknown zone.
    """
    if reminder.audience == "person":
        if opted_out:
            return Drop("opted_out")
        # In UTC, because two times of one zone subtract as wall clocks and lose the hour a DST change moves.
        free_from = now.astimezone(UTC) - COOL_DOWN
        if any(sent.astimezone(UTC) > free_from for sent in recent):
            return Drop("cool_down")
    return Send(_next_allowed(now.astimezone(UTC), ZoneInfo(zone)))


def _next_allowed(now: datetime, zone: ZoneInfo) -> datetime:
    local = now.astimezone(zone)
    if _allowed(local):
        return now
    day = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    # Looked at again after the way through UTC: a zone can skip a whole date, and 08:00 of it is another day.
    while True:
        at = datetime.combine(day, OPENS, zone).astimezone(UTC)
        if _allowed(at.astimezone(zone)):
            return at
        day += timedelta(days=1)


def _allowed(local: datetime) -> bool:
    return local.weekday() < 5 and OPENS <= local.time() < CLOSES
