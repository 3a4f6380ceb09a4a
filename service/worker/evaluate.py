"""Evaluation: rules look at every role, and what they raise becomes a reminder and its deliveries, or a drop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from adkar.reinforcement.pipeline import COOL_DOWN
from adkar.reinforcement.registry import RULES
from adkar.reinforcement.reminder import Reminder
from events.repeats import contents
from service.commands.changes import change_by_id
from service.directory.people import zones_of
from service.queries.reinforcement import role_states
from service.queries.view import view
from service.readmodels.changes import change_ids
from service.readmodels.optouts import opted_out
from service.readmodels.reminders import nudges_since
from service.takehold import Stopped, Takehold
from service.unit import Workspace
from service.worker.follow import caught_up
from service.worker.lease import check, lease
from service.worker.raising import Raising, reminder_id
from service.worker.releasing import release

TASK = "evaluate"


@dataclass(frozen=True)
class Evaluated:
    """What one evaluation did: reminders raised and dropped, and held deliveries let go of as their time came."""

    raised: int = 0
    dropped: int = 0
    released: int = 0


def evaluate(takehold: Takehold, workspace: Workspace, now: datetime, stopped: Stopped = lambda: False) -> Evaluated:
    """Evaluates every open change of a workspace, unless another worker is doing so or this one is `stopped`.

    Raises Busy and LostLease.
    """
    with lease(takehold.database, workspace.id, TASK) as epoch:
        # Read models that lag would show a nudge of a moment ago as not sent, and last night's users as idle.
        if epoch is None or not caught_up(takehold, workspace, stopped):
            return Evaluated()
        with takehold.database.read() as connection:
            seen = _look(connection, workspace, now)
        with takehold.command(workspace.id, "system", "worker", now=now) as unit:
            check(unit.connection, workspace.id, TASK, epoch)
            ids = {reminder_id(workspace.id, one.cause): one for one in seen.wanted}
            known = contents(unit.connection, workspace.id, list(ids))
            raising = Raising(unit, seen.zones, seen.silenced, seen.recent)
            for id, reminder in ids.items():
                if id not in known:
                    raising.judge(reminder)
            raised, dropped = raising.record()
            causes = {one.cause for one in seen.wanted}
            return Evaluated(raised, dropped, release(unit, causes, seen.frozen))


@dataclass(frozen=True)
class _Seen:
    """wanted: what the rules want now. frozen: roles whose latest week is unknown. The rest is as Raising takes it."""

    wanted: Sequence[Reminder]
    frozen: Set[UUID]
    zones: Mapping[UUID, str]
    silenced: set[UUID]
    recent: dict[UUID, list[datetime]]


def _look(connection: Connection, workspace: Workspace, now: datetime) -> _Seen:
    seen = view(connection, workspace, now=now)
    changes = [change_by_id(connection, workspace.id, id) for id in change_ids(connection, workspace.id)]
    open_changes = [change for change in changes if change and change.terms.phase != "closed"]
    states = [state for change in open_changes for state in role_states(seen, change)]
    return _Seen(
        wanted=[reminder for state in states for rule in RULES for reminder in rule(state, now)],
        frozen={state.role for state in states if state.weeks and state.weeks[-1].status == "unknown"},
        zones=zones_of(connection, workspace.id),
        silenced=opted_out(connection, workspace.id),
        recent=nudges_since(connection, workspace.id, now - COOL_DOWN),
    )
