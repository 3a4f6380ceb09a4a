"""A change and its roles: the fold of its stream, and the decisions that add to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from adkar.refusal import Refused
from events.types.base import Event
from events.types.change import (
    AdoptionDefined,
    ChangeAmended,
    ChangeLaunched,
    Feature,
    MemberPlaced,
    RoleImpacted,
    Terms,
)

_NAMESPACE = UUID("9c4e7c0a-5a55-4f0f-8f5e-0b5b5c1f1d11")


@dataclass(frozen=True)
class Role:
    """An impacted role, with the definition of adoption that it has for itself, if any."""

    id: UUID
    key: str
    name: str
    manager: UUID | None
    champions: tuple[UUID, ...]
    courses: tuple[str, ...]
    expected: int | None
    adoption: AdoptionDefined | None = None


@dataclass(frozen=True)
class Change:
    """A change as its stream tells it. `roles` by key, in the order they were named; `version` of its stream."""

    id: UUID
    key: str
    terms: Terms
    adoption: AdoptionDefined | None = None
    definitions: int = 0
    roles: Mapping[str, Role] = field(default_factory=dict)
    version: int = 1

    def definition(self, role: Role | None) -> AdoptionDefined:
        """What counts as adopted in a role, or in the change as a whole."""
        own = role.adoption if role else None
        defined = own or self.adoption
        if defined is None:
            raise ValueError("a change is launched with a definition of adoption")
        return defined


def change_id(workspace_id: str, key: str) -> UUID:
    """The id of the change of that key; derived, so that two launches of one key meet in one stream."""
    return uuid5(_NAMESPACE, f"{workspace_id}/{key}")


def role_id(change: UUID, key: str) -> UUID:
    """The id of the role of that key in a change."""
    return uuid5(change, f"role/{key}")


def membership_id(role: UUID, person: UUID) -> UUID:
    """The stream of one person's membership of one role."""
    return uuid5(role, f"member/{person}")


def fold(events: Iterable[Event]) -> Change | None:
    """The change that a stream tells of; None for an empty stream."""
    state: Change | None = None
    for event in events:
        match event, state:
            case ChangeLaunched(change=id, key=key, terms=terms), _:
                state = Change(id, key, terms)
            case _, None:
                raise ValueError("a change begins with its launch")
            case ChangeAmended(terms=terms), Change():
                state = replace(state, terms=terms)
            case AdoptionDefined() as defined, Change():
                state = _define(state, defined)
            case RoleImpacted() as impacted, Change():
                state = replace(state, roles={**state.roles, impacted.key: _role(impacted)})
            case _:
                pass
        if state and not isinstance(event, ChangeLaunched):
            state = replace(state, version=state.version + 1)
    return state


def _define(state: Change, defined: AdoptionDefined) -> Change:
    state = replace(state, definitions=max(state.definitions, defined.number))
    if defined.role is None:
        return replace(state, adoption=defined)
    roles = {
        key: replace(role, adoption=defined) if role.id == defined.role else role for key, role in state.roles.items()
    }
    return replace(state, roles=roles)


def _role(event: RoleImpacted) -> Role:
    return Role(
        event.role, event.key, event.name, event.manager, tuple(event.champions), tuple(event.courses), event.expected
    )


@dataclass(frozen=True)
class Adoption:
    """What shall count as adopted: features, trailing window in days, distinct days of use in it."""

    features: tuple[Feature, ...]
    window_days: int = 28
    min_days: int = 4


def launch(existing: Change | None, workspace_id: str, key: str, terms: Terms, adoption: Adoption) -> list[Event]:
    """A change is announced. Raises Refused when the key is taken or the terms make no sense."""
    if existing:
        raise Refused("key_taken", "key", f"there is a change with the key {key} already")
    _check(terms)
    id = change_id(workspace_id, key)
    return [ChangeLaunched(change=id, key=key, terms=terms), _defined(id, None, 1, adoption)]


def amend(change: Change, terms: Terms) -> list[Event]:
    """Its terms are altered; nothing when they stand like that already. Raises Refused."""
    _check(terms)
    return [] if terms == change.terms else [ChangeAmended(change=change.id, terms=terms)]


def define(change: Change, role: Role | None, adoption: Adoption) -> list[Event]:
    """Adoption means something else from now on, in a role or in the whole change. Raises Refused."""
    return [_defined(change.id, role.id if role else None, change.definitions + 1, adoption)]


def impact(
    change: Change,
    key: str,
    name: str,
    manager: UUID | None = None,
    champions: Sequence[UUID] = (),
    courses: Sequence[str] = (),
    expected: int | None = None,
    adoption: Adoption | None = None,
) -> list[Event]:
    """A role is named as impacted. Raises Refused when its key is taken."""
    if key in change.roles:
        raise Refused("key_taken", "key", f"this change has a role with the key {key} already")
    id = role_id(change.id, key)
    events: list[Event] = [
        RoleImpacted(
            change=change.id,
            role=id,
            key=key,
            name=name,
            manager=manager,
            champions=tuple(champions),
            courses=tuple(dict.fromkeys(courses)),
            expected=expected,
        )
    ]
    if adoption:
        events.append(_defined(change.id, id, change.definitions + 1, adoption))
    return events


def place(last: MemberPlaced | None, placed: MemberPlaced) -> list[Event]:
    """A membership is as `placed` says; nothing when it was before. Raises Refused for reversed dates."""
    if placed.until is not None and placed.until <= placed.start:
        raise Refused("dates_reversed", "until", "must be later than from; it is the first day no longer a member")
    if placed.access is not None and placed.until is not None and placed.access >= placed.until:
        raise Refused("dates_reversed", "access_from", "must be earlier than until")
    return [] if last == placed else [placed]


def _check(terms: Terms) -> None:
    if terms.target_by <= terms.go_live:
        raise Refused("dates_reversed", "target.by", "must be later than go_live")
    if terms.announced and terms.announced > terms.go_live:
        raise Refused("dates_reversed", "announced", "must not be later than go_live")


def _defined(change: UUID, role: UUID | None, number: int, adoption: Adoption) -> AdoptionDefined:
    if adoption.min_days > adoption.window_days:
        raise Refused("impossible", "adoption.min_days", "must not be more than window_days")
    return AdoptionDefined(
        change=change,
        role=role,
        number=number,
        features=adoption.features,
        window_days=adoption.window_days,
        min_days=adoption.min_days,
    )
