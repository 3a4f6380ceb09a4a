"""What one question sees: a snapshot, a workspace, and a prefix of the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from events.log import position_at
from service.unit import Workspace


@dataclass(frozen=True)
class View:
    """at: position up to which events are known, None for all. today: the running local day, which is never judged.

    at_midnight: position up to which retractions are known, None for all. Use is known as of the end of `today`, and
    what was retracted and told again on one day must be seen both or neither.
    """

    connection: Connection
    workspace: Workspace
    at: int | None
    at_midnight: int | None
    today: date

    @property
    def yesterday(self) -> date:
        """The last complete day."""
        return self.today - timedelta(days=1)


def view(
    connection: Connection, workspace: Workspace, as_of: datetime | None = None, now: datetime | None = None
) -> View:
    """What was known at `as_of`, or what is known now; nobody knows more than that, so a later `as_of` is now."""
    now = now or datetime.now(UTC)
    instant = min(as_of or now, now)
    today = instant.astimezone(workspace.zone).date()
    if as_of is None:
        return View(connection, workspace, None, None, today)
    midnight = datetime.combine(today + timedelta(days=1), time(), workspace.zone).astimezone(UTC)
    at, at_midnight = (
        position_at(connection, workspace.id, one) for one in (as_of, midnight - timedelta(microseconds=1))
    )
    return View(connection, workspace, at, at_midnight, today)
