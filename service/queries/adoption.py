"""Adoption of a change and its roles: who is in them, who used what, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np

from adkar.adoption import Definition, Point, Usage, series, suppressed
from adkar.change import Change, Role
from adkar.plan import planned_rate
from adkar.population import NEVER_LEFT, Roster, merged
from events.types.change import AdoptionDefined, Feature
from service.queries.usage import Sightings, sightings
from service.queries.view import View
from service.readmodels.members import Member, members_of


@dataclass(frozen=True)
class Day:
    """A point of the series with the trailing counts of distinct people, and the plan for that day."""

    point: Point
    dau: int | None
    wau: int | None
    mau: int | None
    plan: float | None


class ChangeUsage:
    """What is known of a change's people and their use, loaded once for any number of questions."""

    def __init__(self, view: View, change: Change) -> None:
        self.view, self.change = view, change
        self.members: Sequence[Member] = members_of(view.connection, view.workspace.id, change.id, view.at)
        self.people: list[UUID] = list(dict.fromkeys(member.person for member in self.members))
        self._number = {person: number for number, person in enumerate(self.people)}
        self._sightings: dict[tuple[Feature, ...], Sightings] = {}

    def seen(self, definition: AdoptionDefined) -> Sightings:
        """Use of the features that count by a definition."""
        if definition.features not in self._sightings:
            self._sightings[definition.features] = sightings(
                self.view, definition.features, self.people, self.change.terms.go_live
            )
        return self._sightings[definition.features]

    def members_in(self, role: Role) -> list[Member]:
        return [member for member in self.members if member.role == role.id]

    def access(self, member: Member) -> date:
        """First day with access: as recorded, else the later of joining and go-live."""
        return member.access or max(member.start, self.change.terms.go_live)

    def number(self, person: UUID) -> int:
        """The column of a person."""
        return self._number[person]

    def roster(self, role: Role | None) -> Roster:
        """The members of a role; of the whole change, where everybody counts once, for None."""
        if role is None:
            return merged([self.roster(one) for one in self.change.roles.values()])
        here = self.members_in(role)
        return Roster(
            np.array([self._number[member.person] for member in here], dtype=np.int64),
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
        actives = [
            [suppressed(point, minimum).active for point in self.points(role, days, window, 1)] for window in (1, 7, 28)
        ]
        return [
            Day(point, dau, wau, mau, self.plan(point.day))
            for point, dau, wau, mau in zip(shown, *actives, strict=True)
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
