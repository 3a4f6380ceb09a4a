"""How long people take: from access to adopted, and from training to use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np

from adkar.change import Role
from adkar.population import NEVER_LEFT, Bools, Days, Roster, impacted
from adkar.speed import Clocks, Speed, clocks, first_met, from_access, speed
from adkar.training import Record, satisfied_on
from adkar.training_to_use import TrainingToUse, training_to_use
from adkar.usage import Usage
from service.queries.adoption import ChangeUsage
from service.queries.rosters import in_cohort
from service.queries.usage import Sightings
from service.readmodels.trainings import trainings_in


def speed_of(usage: ChangeUsage, role: Role | None, day: int) -> Speed:
    """Days from access to adopted, of the role or, for None, of the whole change, as far as `day`."""
    defined = usage.change.definition(role)
    seen = usage.seen(defined)
    running = from_access(usage.roster(role), usage.change.terms.go_live.toordinal(), day)
    met = _met(seen, running, day, defined.window_days, defined.min_days)
    return speed(seen.reports, running, met, day, usage.minimum)


def training_of(usage: ChangeUsage, role: Role | None, day: int) -> TrainingToUse | None:
    """Days from training to use; None where no training is asked for, which is not the same as not done."""
    roles = [one for one in ([role] if role else usage.change.roles.values()) if one.courses]
    if not roles:
        return None
    roster, trained = _trained(usage, roles)
    here = impacted(roster, np.array([day], np.int32))[0]
    go_live = np.int32(usage.change.terms.go_live.toordinal())
    start = np.maximum.reduce([trained, roster.access, roster.joined, np.full_like(trained, go_live)])
    running = clocks(roster.person, start, roster.left, day)
    seen = usage.seen(usage.change.definition(role))
    met = _met(seen, running, day, 1, 1)
    asked, did = _distinct(roster, here), _distinct(roster, here & (trained <= day))
    return training_to_use(
        asked, did, running, met, speed(seen.reports, running, met, day, usage.minimum), usage.minimum
    )


def _met(seen: Sightings, running: Clocks, day: int, window: int, min_days: int) -> Days:
    used = Usage(seen.first_day, seen.used[:, running.person])
    return first_met(used, running.start, day, window, min_days)


def _distinct(roster: Roster, chosen: Bools) -> int:
    return len(np.unique(roster.person[chosen]))


def _trained(usage: ChangeUsage, roles: Sequence[Role]) -> tuple[Roster, Days]:
    """The members of some roles one after the other, and the day on which each had all courses of the role."""
    records = _records(usage, roles)
    parts = [usage.all_of(role) for role in roles]
    days = [
        _satisfied(usage, role, records.get(usage.people[person], ()))
        for role, part in zip(roles, parts, strict=True)
        for person in part.person.tolist()
    ]
    roster = Roster(
        np.concatenate([part.person for part in parts]),
        np.concatenate([part.joined for part in parts]),
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.access for part in parts]),
    )
    trained = np.array(days, dtype=np.int32)
    if usage.part.cohort is None:
        return roster, trained
    mine = in_cohort(roster, usage.part.cohort)
    return Roster(roster.person[mine], roster.joined[mine], roster.left[mine], roster.access[mine]), trained[mine]


def _satisfied(usage: ChangeUsage, role: Role, records: Sequence[Record]) -> int:
    instant = satisfied_on(records, role.courses)
    # The workspace's zone cuts days; the change's own only schedules.
    return instant.astimezone(usage.view.workspace.zone).toordinal() if instant else int(NEVER_LEFT)


def _records(usage: ChangeUsage, roles: Sequence[Role]) -> Mapping[UUID, Sequence[Record]]:
    courses = sorted({course for role in roles for course in role.courses})
    view = usage.view
    found: dict[UUID, list[Record]] = defaultdict(list)
    for row in trainings_in(view.connection, view.workspace.id, courses, view.at):
        found[row.person_id].append(Record(row.course, row.status, row.occurred_at))
    return found
