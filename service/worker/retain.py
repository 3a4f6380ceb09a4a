"""Observations are kept one by one for a while; what they say of days is closed, sealed, and kept for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from events.activity import advance_activity
from events.seals import forget, forgettable, stream_of_seals, to_seal
from service.takehold import Stopped, Takehold
from service.unit import Workspace

LONGEST_AHEAD = timedelta(days=1)
"""A clock may be 23 h ahead. Its retry must meet the observation for as long as it is not refused as too old."""


def retain(
    takehold: Takehold, workspace: Workspace, now: datetime, stopped: Stopped = lambda: False
) -> tuple[int, int]:
    """Seals the received days that are over, then forgets observations past retention that closed days were made from.

    Answers how many days it sealed, and how many observations it deleted. Raises Busy and Overtaken.
    """
    while not stopped() and advance_activity(takehold.database, workspace.id, workspace.zone):
        pass
    with takehold.command(workspace.id, "system", "worker") as unit:
        seals = to_seal(unit.connection, workspace.id, workspace.zone, now)
        unit.append(stream_of_seals(workspace.id), seals, occurred_at=now)
    oldest = now - timedelta(days=takehold.settings.usage_retention_days) - LONGEST_AHEAD
    deleted, before = 0, int(oldest.timestamp() * 1000)
    while not stopped():
        # Looked for outside the lock: where there is nothing to delete, it takes longest to see that.
        with takehold.database.read() as connection:
            numbers = forgettable(connection, workspace.id, workspace.zone, before)
        if not numbers:
            break
        # A few at a time, so that no batch waits long for its turn.
        with takehold.database.write("usage", workspace.id) as connection:
            deleted += forget(connection, workspace.id, numbers)
    return len(seals), deleted
