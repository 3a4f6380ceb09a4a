"""Evaluation: rules look at every role, and what they raise becomes a reminder and its deliveries, or a drop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from adkar.reinforcement.pipeline import COOL_DOWN
from adkar.reinforcement.registry import RULES
from adkar.reinforcement.reminder import Reminder
from events.log import contents
from service.commands.changes import change_by_id
from service.directory.people import zones_of
from service.queries.reinforcement import role_states
from service.queries.view import view
from service.readmodels.changes import change_ids
from service.readmodels.optouts import opted_out
from service.readmodels.reminders import nudges_since
from service.takehold import Takehold
from service.unit import Workspace
from service.worker.lease import check, lease
from service.worker.raising import Raising, reminder_id
from service.worker.releasing import release

TASK = "evaluate"


@dataclass(frozen=True)
class Evaluated:
    """What one evaluation did, in numbers of reminders. `held` were let go of as their quiet time ended."""

    raised: int = 0
    dropped: int = 0
    released: int = 0


def evaluate(takehold: Takehold, workspace: Workspace, now: datetime) -> Evaluated:
    """Evaluates every open change of a workspace, unless another worker is doing so."""
    with lease(takehold.database, workspace.id, TASK) as epoch:
        if epoch is None:
            return Evaluated()
        with takehold.database.read() as connection:
            wanted, zones, silenced, recent = _look(connection, workspace, now)
        with takehold.command(workspace.id, "system", "worker", now=now) as unit:
            check(unit.connection, workspace.id, TASK, epoch)
            known = contents(unit.connection, workspace.id, [reminder_id(workspace.id, one.cause) for one in wanted])
            fresh = [one for one in wanted if reminder_id(workspace.id, one.cause) not in known]
            raising = Raising(unit, zones, silenced, recent)
            for reminder in fresh:
                raising.judge(reminder)
            raised, dropped = raising.record()
            return Evaluated(raised, dropped, release(unit, {one.cause for one in wanted}))


def _look(
    connection: Connection, workspace: Workspace, now: datetime
) -> tuple[list[Reminder], Mapping[UUID, str], set[UUID], dict[UUID, list[datetime]]]:
    seen = view(connection, workspace, now=now)
    wanted: list[Reminder] = []
    for id in change_ids(connection, workspace.id):
        change = change_by_id(connection, workspace.id, id)
        if change and change.terms.phase != "closed":
            for state in role_states(seen, change):
                wanted += [reminder for rule in RULES for reminder in rule(state, now)]
    recent = nudges_since(connection, workspace.id, now - COOL_DOWN)
    return wanted, zones_of(connection, workspace.id), opted_out(connection, workspace.id), recent
