"""Where roles stand on ADKAR."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, cast
from uuid import UUID

from adkar.change import Change, Role
from adkar.due import due_status
from adkar.elements import ELEMENTS, Element, Source
from adkar.group import GroupProfile, summarise
from adkar.profile import Assessment, Profile, profiles
from adkar.stages import StageRecord, Standing, contradictions, furthest, standing
from service.queries.rosters import rosters_of
from service.queries.view import View
from service.readmodels.assessments import assessments_of
from service.readmodels.members import Member
from service.readmodels.stages import stages_of

SOURCES: tuple[Source, ...] = ("self", "champion", "manager")


@dataclass(frozen=True)
class Average:
    """A role assessed as a whole: scores may be decimals, n is the people behind them."""

    source: str
    scores: Mapping[Element, float]
    method: str
    n: int
    occurred_at: datetime


@dataclass(frozen=True)
class RoleProfile:
    """A role's standing: by source of judgement, as averages, as recorded stages, and when elements are due."""

    role: Role
    eligible: int
    by_source: Mapping[Source, GroupProfile]
    averages: Sequence[Average]
    recorded: Standing
    furthest: str
    contradictions: Sequence[str]
    due: Mapping[Element, str]


def role_profiles(view: View, change: Change, roles: Sequence[Role]) -> list[RoleProfile]:
    """The standing of some roles, as the view knows it; groups below the minimum are suppressed."""
    now = min(datetime.now(UTC), datetime.combine(view.today, time.max, view.workspace.zone))
    rows = assessments_of(view.connection, view.workspace.id, change.id, view.at)
    by_person: dict[UUID, list[Assessment]] = defaultdict(list)
    averages: dict[UUID, list[Average]] = defaultdict(list)
    for row in rows:
        scores = _scores(row, row.occurred_at.astimezone(view.workspace.zone).date() < change.terms.go_live)
        if row.person_id:
            given = Assessment(row.person_id, row.source, scores, row.method, None, row.occurred_at)
            by_person[row.person_id].append(given)
        elif row.role_id:
            averages[row.role_id].append(Average(row.source, scores, row.method, row.n, row.occurred_at))
    standings: dict[UUID, Mapping[Source, Profile]] = {
        person: profiles(given, now) for person, given in by_person.items()
    }
    records: dict[UUID, list[StageRecord]] = defaultdict(list)
    for row in stages_of(view.connection, view.workspace.id, change.id, view.at):
        records[row.role_id].append(StageRecord(row.stage, row.status, row.occurred_at))
    rosters = rosters_of(view, change.id)
    return [
        _role(view, change, role, rosters.members_in(role), standings, averages[role.id], standing(records[role.id]))
        for role in roles
    ]


def _role(
    view: View,
    change: Change,
    role: Role,
    members: Sequence[Member],
    standings: Mapping[UUID, Mapping[Source, Profile]],
    averages: Sequence[Average],
    recorded: Standing,
) -> RoleProfile:
    here = {member.person for member in members if _covers(member, view.today)}
    by_source: dict[Source, GroupProfile] = {}
    for source in SOURCES:
        found = [standings[person][source] for person in here if source in standings.get(person, {})]
        by_source[source] = summarise(found, len(here), view.workspace.minimum_group)
    terms = change.terms
    return RoleProfile(
        role,
        len(here),
        by_source,
        averages,
        recorded,
        furthest(recorded),
        contradictions(recorded, by_source["self"]),
        {e: due_status(e, view.today, terms.announced, terms.go_live, terms.go_live) for e in ELEMENTS},
    )


def _covers(member: Member, day: date) -> bool:
    return member.start <= day and (member.until is None or day < member.until)


def _scores(row: Any, early: bool) -> dict[Element, float]:
    """What was answered; Reinforcement is not applicable before go-live, so an answer given by then does not count."""
    return {
        element: cast(float, getattr(row, element))
        for element in ELEMENTS
        if getattr(row, element) is not None and not (early and element == "reinforcement")
    }
