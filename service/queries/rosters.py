"""The members of a change as rosters, looked at from the sides that questions come from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date
from uuid import UUID

import numpy as np

from adkar.change import Role
from adkar.population import NEVER_LEFT, NO_ACCESS, Bools, Roster, merged
from service.queries.kept import checkpoints, kept
from service.queries.view import View
from service.readmodels.members import Member, members_of

_DECEMBER = 12


class Rosters:
    """Made once from the members of a change, and kept."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members
        self.people: list[UUID] = list(dict.fromkeys(member.person for member in members))
        self.number = {person: number for number, person in enumerate(self.people)}
        self._by_role: dict[UUID, list[Member]] = {}
        for member in members:
            self._by_role.setdefault(member.role, []).append(member)
        self._made: dict[Hashable, Roster] = {}

    def members_in(self, role: Role) -> list[Member]:
        return list(self._by_role.get(role.id, ()))

    def of(self, role: Role | None, roles: Sequence[Role], go_live: date) -> Roster:
        """The members of a role; for None those of all `roles`, where everybody counts once."""
        name = (role.id if role else tuple(one.id for one in roles), go_live)
        if name not in self._made:
            if role:
                self._made[name] = self._rows(self.members_in(role), go_live)
            else:
                parts = [self.of(one, roles, go_live) for one in roles]
                self._made[name] = merged(parts) if parts else self._rows([], go_live)
        return self._made[name]

    def _rows(self, here: Sequence[Member], go_live: date) -> Roster:
        access = [member.access or max(member.start, go_live) for member in here]
        return Roster(
            np.array([self.number[member.person] for member in here], dtype=np.int64),
            np.array([member.start.toordinal() for member in here], dtype=np.int32),
            np.array([m.until.toordinal() if m.until else NEVER_LEFT for m in here], dtype=np.int32),
            np.array([day.toordinal() for day in access], dtype=np.int32),
        )


def rosters_of(view: View, change: UUID) -> Rosters:
    """The members of a change, kept until one is placed, or taken back."""
    return kept(
        view,
        ("members", change),
        checkpoints(view)[0],
        lambda: Rosters(members_of(view.connection, view.workspace.id, change, view.at)),
    )


def in_cohort(roster: Roster, month: date) -> Bools:
    """[m]: rows of people whose first access lies in a month; whoever moves on to another role stays in the cohort."""
    after = date(month.year + month.month // _DECEMBER, month.month % _DECEMBER + 1, 1)
    people, place = np.unique(roster.person, return_inverse=True)
    first = np.full(len(people), NO_ACCESS, np.int32)
    np.minimum.at(first, place, roster.access)
    mine: Bools = ((month.toordinal() <= first) & (first < after.toordinal()))[place]
    return mine


def of_cohort(roster: Roster, month: date) -> Roster:
    """The rows that are `in_cohort`."""
    mine = in_cohort(roster, month)
    return Roster(roster.person[mine], roster.joined[mine], roster.left[mine], roster.access[mine])
