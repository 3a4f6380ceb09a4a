"""What the reminder rules look at."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from adkar.change import Change, Role
from adkar.reinforcement.reminder import Learner, RoleState
from adkar.training import Record, satisfied_on
from service.queries.adoption import ChangeUsage
from service.queries.view import View
from service.readmodels.trainings import trainings_in


def role_states(view: View, change: Change) -> list[RoleState]:
    """Every role of a change, as it stands in the view."""
    usage = ChangeUsage(view, change)
    records = _records(view, change)
    return [_state(view, change, role, usage, records) for role in change.roles.values()]


def _state(view: View, change: Change, role: Role, usage: ChangeUsage, records: dict[UUID, list[Record]]) -> RoleState:
    terms = change.terms
    ever_used = np.any(usage.seen(change.definition(role)).used, axis=0)
    learners = []
    for member in usage.members_in(role):
        satisfied = satisfied_on(records.get(member.person, []), role.courses)
        learners.append(
            Learner(
                person=member.person,
                joined=member.start,
                left=member.until,
                access=usage.access(member),
                trained=satisfied.astimezone(ZoneInfo(terms.zone)).date() if satisfied else None,
                training_asked=bool(role.courses),
                ever_used=bool(ever_used[usage.number(member.person)]),
            )
        )
    return RoleState(
        change=change.id,
        role=role.id,
        change_name=terms.name,
        role_name=role.name,
        zone=terms.zone,
        go_live=terms.go_live,
        target_rate=terms.target_rate,
        target_by=terms.target_by,
        baseline=terms.baseline,
        manager=role.manager,
        learners=learners,
        weeks=usage.points(role, usage.weeks()),
        minimum=view.workspace.minimum_group,
    )


def _records(view: View, change: Change) -> dict[UUID, list[Record]]:
    courses = sorted({course for role in change.roles.values() for course in role.courses})
    found: dict[UUID, list[Record]] = defaultdict(list)
    for row in trainings_in(view.connection, view.workspace.id, courses, view.at):
        found[row.person_id].append(Record(row.course, row.status, row.occurred_at))
    return found
