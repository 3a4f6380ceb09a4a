"""Turns who was seen where in which week into memberships of roles.

An export decides about its own weeks; what earlier imports recorded of other weeks stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from hashlib import blake2b
from itertools import pairwise
from uuid import UUID

from adkar.change import Change
from events.types.change import MemberPlaced
from service.intake.imports.viva_cells import slug
from service.intake.imports.viva_survey import Seen

_DAY = timedelta(days=1)


def role_keys(change: Change, organisations: Iterable[str]) -> dict[str, str]:
    """The key of the role that stands for each organisation: of the role of that name, else the name's slug."""
    named = {role.name: role.key for role in change.roles.values()}
    wanted = list(organisations)
    keys = {name: named[name] for name in wanted if name in named}
    taken = set(keys.values())
    for name in wanted:
        if name not in keys:
            key = slug(name)[:64].strip("-")
            # R&D and R/D are two organisations; some scripts have no letters that a key could hold.
            if not key or key in taken:
                key = f"{key[:50]}-{blake2b(name.encode(), digest_size=4).hexdigest()}".strip("-")
            keys[name] = key
            taken.add(key)
    return keys


def placements(
    change: UUID, person: UUID, seen: Mapping[date, UUID], access: date | None, known: Sequence[MemberPlaced]
) -> list[MemberPlaced]:
    """A person's memberships, one a role. seen: the role by week. known: what earlier imports recorded.

    Of several stays in one role the last stands, since a membership has one beginning and one end.
    """
    first, last = min(seen), max(seen)
    outside = [one for one in _standing(known) if not first <= one.start <= last]
    roles = {one.start: one.role for one in outside} | dict(seen)
    days = sorted(roles)
    starts = [days[0], *(day for before, day in pairwise(days) if roles[day] != roles[before])]
    stays = {roles[start]: (start, until) for start, until in zip(starts, [*starts[1:], None], strict=True)}
    # A membership cannot be withdrawn; one that this export denies is cut to its first day.
    stays |= {one.role: (one.start, one.start + _DAY) for one in known if one.role not in stays}
    return [
        MemberPlaced(
            change=change,
            role=role,
            person=person,
            start=start,
            until=until,
            # Who left a role before they had access had none there; its last day is the latest that can be said.
            access=min(access, until - _DAY) if access and until else access,
        )
        for role, (start, until) in stays.items()
    ]


def first_access(seen: Seen, end: date, told: bool, known: Sequence[MemberPlaced]) -> date | None:
    """First day with access; for people never enabled it is `end`, the first day the export does not speak of.

    None would not say so: it stands for access from go-live on. told: whether the export tells who had access.
    """
    recorded = next((one.access for one in reversed(_standing(known))), None)
    if not told or (recorded and recorded < min(seen.weeks)):
        return recorded
    return seen.enabled or max(recorded or end, end)


def _standing(known: Iterable[MemberPlaced]) -> list[MemberPlaced]:
    """The memberships that were not cut to their first day, oldest first."""
    return sorted((one for one in known if one.until != one.start + _DAY), key=lambda one: one.start)
