"""A change at a glance: one line a role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adkar.adoption import suppressed
from adkar.alerts import State, below_plan
from adkar.change import Change, Role
from service.queries.adkar import RoleProfile, role_profiles
from service.queries.adoption import ChangeUsage, Day
from service.queries.view import View
from service.readmodels.reminders import reminders_of


@dataclass(frozen=True)
class RoleSummary:
    """A role as of yesterday: adoption against plan, ADKAR, the alert's state, and when its manager was last told."""

    role: Role
    latest: Day
    profile: RoleProfile
    alert: State
    last_reminder: datetime | None


def summaries(view: View, change: Change, usage: ChangeUsage | None = None) -> list[RoleSummary]:
    """Every role of a change; groups below the minimum are suppressed. Personal reminders are not told of."""
    usage = usage or ChangeUsage(view, change)
    told: dict[object, datetime] = {}
    for row in reminders_of(view.connection, view.workspace.id, change.id):
        if row.audience != "person" and row.state != "dropped":
            told.setdefault(row.role_id, row.raised_at)
    roles = list(change.roles.values())
    profiles = role_profiles(view, change, roles)
    weeks = usage.weeks()
    plans = [usage.plan(day) for day in weeks]
    minimum = view.workspace.minimum_group
    return [
        RoleSummary(
            role,
            usage.days(role, [view.yesterday.toordinal()])[0],
            profile,
            below_plan([suppressed(point, minimum) for point in usage.points(role, weeks)], plans).state,
            told.get(role.id),
        )
        for role, profile in zip(roles, profiles, strict=True)
    ]
