"""Following: read models, activity sets and links are brought to the head of their logs."""

from __future__ import annotations

import time

from sqlalchemy import Connection, select

from events.activity import NAME as ACTIVITY_FOLLOWER
from events.activity import advance_activity
from events.log import head
from events.tables import FOLLOWER
from events.usage_log import last_seq
from service.directory.accounts import link, unlinked_of_known_people
from service.directory.claims import settle, unsettled
from service.takehold import Stopped, Takehold
from service.unit import Workspace

_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
"""A follower's step takes 20 to 30 ms; whoever is still behind after 5 s has a backlog, or was stopped."""


def follow(takehold: Takehold, workspace: Workspace, stopped: Stopped = lambda: False) -> bool:
    """Brings everything up to date: events, then links of accounts, then usage. Raises Busy and Overtaken.

    False when something recorded before the call is still to be applied: another process is at it, a read model was
    stopped, or this call was.
    """
    with takehold.database.read() as connection:
        goal = _heads(connection, workspace.id)
    takehold.catch_up(workspace.id, stopped=stopped)
    while not stopped() and _identify(takehold, workspace):
        takehold.catch_up(workspace.id, stopped=stopped)
    while not stopped() and advance_activity(takehold.database, workspace.id, workspace.zone):
        pass
    with takehold.database.read() as connection:
        return _reached(connection, workspace.id, goal)


def _identify(takehold: Takehold, workspace: Workspace) -> bool:
    """Makes links and merges of what is known of accounts by now; False when there was nothing to make."""
    with takehold.database.read() as connection:
        if not unlinked_of_known_people(connection, workspace.id, 1) and not unsettled(connection, workspace.id, 1):
            return False
    with takehold.command(workspace.id, "system", "worker") as unit:
        # Read again under the lock: another worker may have made them just now.
        link(unit, unlinked_of_known_people(unit.connection, workspace.id))
        settle(unit, unsettled(unit.connection, workspace.id))
    return True


def caught_up(takehold: Takehold, workspace: Workspace, stopped: Stopped = lambda: False) -> bool:
    """Follows, and waits a little for another process that is at it. Raises Busy and Overtaken."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not follow(takehold, workspace, stopped):
        if stopped() or time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _heads(connection: Connection, workspace_id: str) -> tuple[int, int]:
    """Positions of the last event and of the last observation."""
    return head(connection, workspace_id)[0], last_seq(connection, workspace_id)


def _reached(connection: Connection, workspace_id: str, goal: tuple[int, int]) -> bool:
    rows = connection.execute(
        select(FOLLOWER.c.name, FOLLOWER.c.position).where(FOLLOWER.c.workspace_id == workspace_id)
    )
    return all(position >= goal[name == ACTIVITY_FOLLOWER] for name, position in rows)
