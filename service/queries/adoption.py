"""Adoption of a change and its roles: who is in them, who used what, and what that means."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np

from adkar.adoption import Definition, Point, Usage, series, suppressed
from adkar.change import Change, Role
from adkar.plan import planned_rate
from adkar.population import NEVER_LEFT, Roster, impacted, mature, merged
from events.types.change import AdoptionDefined, Feature
from service.queries.restatement import membership_revisions, trailing_any
from service.queries.usage import Sightings, checkpoints, kept, sightings
from service.queries.view import View
from service.readmodels.members import Member, members_of

_DAYS_AT_ONCE = 32
"""Bounds the memory: so many bytes a person, three times."""


@dataclass(frozen=True)
class Day:
    """A point of the series with the trailing counts of distinct people, and the plan for that day.

    restated: whether it differs, or may differ, from what was known on the day after.
    """

    point: Point
    dau: int | None
    wau: int | None
    mau: int | None
    plan: float | None
    restated: bool


class _Members:
    """The members of a change, looked at from the sides that questions come from."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.all = members
        self.people: list[UUID] = list(dict.fromkeys(member.person for member in members))
        self.number = {person: number for number, person in enumerate(self.people)}
        self.by_role: dict[UUID, list[Member]] = {}
        for member in members:
            self.by_role.setdefault(member.role, []).append(member)
        self.rosters: dict[Hashable, Roster] = {}


class ChangeUsage:
    """What is known of a change's people and their use, loaded once for any number of questions."""

    def __init__(self, view: View, change: Change) -> None:
        self.view, self.change = view, change
        self._at = checkpoints(view)
        self._members = kept(
            view,
            ("members", change.id),
            self._at[0],
            lambda: _Members(members_of(view.connection, view.workspace.id, change.id, view.at)),
        )
        self.members, self.people = self._members.all, self._members.people
        self._sightings: dict[tuple[Feature, ...], Sightings] = {}

    def seen(self, definition: AdoptionDefined) -> Sightings:
        """Use of the features that count by a definition."""
        features, go_live = definition.features, self.change.terms.go_live
        if features not in self._sightings:
            self._sightings[features] = kept(
                self.view,
                ("sightings", self.change.id, features),
                (self._at, self.view.today, go_live),
                lambda: sightings(self.view, features, self.people, go_live),
            )
        return self._sightings[features]

    def members_in(self, role: Role) -> list[Member]:
        return list(self._members.by_role.get(role.id, ()))

    def access(self, member: Member) -> date:
        """First day with access: as recorded, else the later of joining and go-live."""
        return member.access or max(member.start, self.change.terms.go_live)

    def number(self, person: UUID) -> int:
        """The column of a person."""
        return self._members.number[person]

    def roster(self, role: Role | None) -> Roster:
        """The members of a role; of the whole change, where everybody counts once, for None."""
        name = (role.id if role else tuple(self.change.roles), self.change.terms.go_live)
        rosters = self._members.rosters
        if name not in rosters:
            if role:
                rosters[name] = self._rows(self.members_in(role))
            else:
                parts = [self.roster(one) for one in self.change.roles.values()]
                rosters[name] = merged(parts) if parts else self._rows([])
        return rosters[name]

    def _rows(self, here: Sequence[Member]) -> Roster:
        return Roster(
            np.array([self.number(member.person) for member in here], dtype=np.int64),
            np.array([member.start.toordinal() for member in here], dtype=np.int32),
            np.array([m.until.toordinal() if m.until else NEVER_LEFT for m in here], dtype=np.int32),
            np.array([self.access(member).toordinal() for member in here], dtype=np.int32),
        )

    def points(
        self, role: Role | None, days: Sequence[int], window_days: int | None = None, min_days: int | None = None
    ) -> list[Point]:
        """Adoption at the end of each day, unsuppressed: for rules, never for people."""
        definition = self.change.definition(role)
        seen = self.seen(definition)
        roster = self.roster(role)
        within = Definition(definition.number, window_days or definition.window_days, min_days or definition.min_days)
        return series(
            roster,
            Usage(seen.first_day, seen.used[:, roster.person]),
            seen.unlinked,
            seen.silent,
            seen.expected,
            np.array(days, dtype=np.int32),
            within,
        )

    def days(self, role: Role | None, days: Sequence[int], window_days: int | None = None) -> list[Day]:
        """Adoption, distinct people and plan by day, with groups below the minimum hidden."""
        minimum = self.view.workspace.minimum_group
        least = self.change.definition(role).min_days
        points = self.points(role, days, window_days, min(least, window_days) if window_days else None)
        shown = [suppressed(point, minimum) for point in points]
        actives = self._actives(role, days, (1, 7, 28))
        restated = self._restated(role, days, window_days or self.change.definition(role).window_days)
        return [
            Day(point, dau, wau, mau, self.plan(point.day), again)
            for point, dau, wau, mau, again in zip(shown, *actives, restated, strict=True)
        ]

    def _restated(self, role: Role | None, days: Sequence[int], window: int) -> list[bool]:
        seen = self.seen(self.change.definition(role))
        late = trailing_any(seen.late, seen.first_day, days, window)
        revisions = kept(
            self.view,
            ("revisions", self.change.id),
            self._at[0],
            lambda: membership_revisions(self.view, self.change.id),
        )
        mine = [(first, last) for one, first, last in revisions if role is None or one == role.id]
        return [
            was_late or any(first <= day <= last for first, last in mine)
            for day, was_late in zip(days, late, strict=True)
        ]

    def _actives(self, role: Role | None, days: Sequence[int], windows: Sequence[int]) -> list[list[int | None]]:
        """By window and day: members with use in the trailing window, hidden as in a point of that window."""
        seen, roster = self.seen(self.change.definition(role)), self.roster(role)
        used = seen.used[:, roster.person]
        running = np.zeros((len(used) + 1, len(roster.person)), dtype=np.uint8)
        # Sums may wrap round; they differ over a window of less than 256 days exactly when there was use in it.
        np.cumsum(used.view(np.uint8), axis=0, dtype=np.uint8, out=running[1:])
        found: list[list[int | None]] = [[] for _ in windows]
        for first in range(0, len(days), _DAYS_AT_ONCE):
            some = np.array(days[first : first + _DAYS_AT_ONCE], dtype=np.int32)
            ends = some + 1 - seen.first_day
            here, until = impacted(roster, some), running[np.maximum(ends, 0)]
            eligible = here.sum(axis=1).tolist()
            for told, window in zip(found, windows, strict=True):
                active = here & (until != running[np.maximum(ends - window, 0)])
                ripe = mature(roster, some, window)
                counts = (eligible, ripe.sum(axis=1).tolist(), active.sum(axis=1).tolist())
                told += [self._shown(*each) for each in zip(some.tolist(), *counts, strict=True)]
        return found

    def _shown(self, day: int, eligible: int, ripe: int, active: int) -> int | None:
        point = Point(day, eligible, None, ripe, active, None, None, None, None, None, "known")
        return suppressed(point, self.view.workspace.minimum_group).active

    def plan(self, day: int) -> float | None:
        """The planned adoption rate of a day."""
        terms = self.change.terms
        return planned_rate(
            day,
            go_live=terms.go_live.toordinal(),
            target_by=terms.target_by.toordinal(),
            target_rate=terms.target_rate,
            baseline=terms.baseline,
        )

    def weeks(self) -> list[int]:
        """The last days (Sundays) of the complete weeks since go-live, oldest first."""
        go_live, last = self.change.terms.go_live.toordinal(), self.view.yesterday.toordinal()
        # Ordinal 7 is a Sunday. The week in which the change went live is the first that counts.
        first = go_live + (-go_live) % 7
        return list(range(first, last + 1, 7))
