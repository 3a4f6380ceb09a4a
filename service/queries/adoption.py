"""Adoption of a change and its roles: who is in them, who used what, and what that means."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np

from adkar.actions import Actions
from adkar.adoption import Definition, Point, Totalled, active_in, hides_use, series, suppressed, totalled
from adkar.change import Change, Role
from adkar.plan import planned_rate
from adkar.population import Roster
from adkar.usage import Usage
from events.types.change import AdoptionDefined, Feature
from service.queries.actions import actions
from service.queries.kept import checkpoints, kept
from service.queries.restatement import membership_revisions, trailing_any
from service.queries.rosters import of_cohort, rosters_of
from service.queries.sets import Columns, columns
from service.queries.usage import Sightings, sightings
from service.queries.view import View
from service.readmodels.members import Member

_A_MONTH = 28
_LONGEST = (255, 366)
"""Days of the longest window for which a byte is enough for each day and person, and of the longest there is."""


@dataclass(frozen=True)
class Slice:
    """The part of a change that is asked about: use of one feature, and people whose first access is of one month.

    cohort: the month's first day.
    """

    feature: Feature | None = None
    cohort: date | None = None


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


class ChangeUsage:
    """What is known of a change's people and their use, loaded once for any number of questions."""

    def __init__(self, view: View, change: Change, part: Slice | None = None) -> None:
        self.view, self.change, self.part = view, change, part or Slice()
        self._at = checkpoints(view)
        self._rosters = rosters_of(view, change.id)
        self.members, self.people = self._rosters.members, self._rosters.people
        self._sightings: dict[tuple[Feature, ...], Sightings] = {}
        self._totalled: dict[Hashable, Totalled] = {}

    @property
    def _version(self) -> Hashable:
        """What the use of a change's people depends on."""
        return self._at, self.view.today, self.change.terms.go_live

    @property
    def minimum(self) -> int:
        """People of the smallest group that shows figures."""
        return self.view.workspace.minimum_group

    def seen(self, definition: AdoptionDefined) -> Sightings:
        """Use of the features that count by a definition."""
        features, go_live, only = definition.features, self.change.terms.go_live, self.part.feature
        if features not in self._sightings:
            self._sightings[features] = kept(
                self.view,
                ("sightings", self.change.id, features, only),
                self._version,
                lambda: sightings(self.view, features, self._columns(), go_live, only),
            )
        return self._sightings[features]

    def _columns(self) -> Columns:
        # Kept by itself: use comes in all the time, new members and links now and then.
        return kept(
            self.view, ("columns", self.change.id), self._at[:2], lambda: columns(self.view, self._rosters.number)
        )

    def actions(self, definition: AdoptionDefined) -> Actions:
        """How often they were used; only for the metrics that need it, as most of them need days alone."""
        features, only = definition.features, self.part.feature
        return kept(
            self.view,
            ("actions", self.change.id, features, only),
            (self._at, self.view.today),
            lambda: actions(self.view, features, self._columns(), only),
        )

    def usage(self, role: Role | None, roster: Roster | None = None) -> Usage:
        """Days of use, a column for each row of a roster; of the role's own without one."""
        seen = self.seen(self.change.definition(role))
        return Usage(seen.first_day, seen.used[:, (roster or self.roster(role)).person])

    def members_in(self, role: Role) -> list[Member]:
        return self._rosters.members_in(role)

    def access(self, member: Member) -> date:
        """First day with access: as recorded, else the later of joining and go-live."""
        return member.access or max(member.start, self.change.terms.go_live)

    def number(self, person: UUID) -> int:
        """The column of a person."""
        return self._rosters.number[person]

    def roster(self, role: Role | None) -> Roster:
        """The members of a role; of the whole change, where everybody counts once, for None."""
        whole = self.all_of(role)
        return of_cohort(whole, self.part.cohort) if self.part.cohort else whole

    def all_of(self, role: Role | None) -> Roster:
        """As `roster`, of every cohort."""
        return self._rosters.of(role, list(self.change.roles.values()), self.change.terms.go_live)

    def points(
        self, role: Role | None, days: Sequence[int], window_days: int | None = None, min_days: int | None = None
    ) -> list[Point]:
        """Adoption at the end of each day, unsuppressed: for rules, never for people."""
        definition = self.change.definition(role)
        within = Definition(definition.number, window_days or definition.window_days, min_days or definition.min_days)
        roster, use = self._use(role, within.window_days)
        return series(roster, use, self.seen(definition).reports, np.array(days, dtype=np.int32), within)

    def _use(self, role: Role | None, window: int) -> tuple[Roster, Totalled]:
        """A role's members, and their use for windows of so many days."""
        features, roster = self.change.definition(role).features, self.roster(role)
        seen, longest = self.seen(self.change.definition(role)), _LONGEST[window > _LONGEST[0]]
        if (features, longest) not in self._totalled:
            self._totalled[features, longest] = kept(
                self.view,
                ("totalled", self.change.id, features, self.part.feature, longest),
                self._version,
                lambda: totalled(Usage(seen.first_day, seen.used), seen.unlinked, seen.reports, longest),
            )
        return roster, self._totalled[features, longest].of(roster.person)

    def days(self, role: Role | None, days: Sequence[int], window_days: int | None = None) -> list[Day]:
        """Adoption, distinct people and plan by day, with groups below the minimum hidden."""
        least = self.change.definition(role).min_days
        points = self.points(role, days, window_days, min(least, window_days) if window_days else None)
        shown = [suppressed(point, self.minimum) for point in points]
        actives = self._actives(role, days, (1, 7, _A_MONTH))
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
        seen, some = self.seen(self.change.definition(role)), np.array(days, dtype=np.int32)
        roster, use = self._use(role, max(windows))
        found = active_in(roster, use.used, some, windows).tolist()
        return [
            [
                None if not known or hides_use(eligible, ripe, self.minimum) else active
                for eligible, ripe, active, known in zip(*counts, seen.reports.judged(some, window)[1], strict=True)
            ]
            for counts, window in zip(found, windows, strict=True)
        ]

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
