"""Changes, their roles and members."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from adkar import change as decide
from adkar.change import Adoption, Change, Role
from adkar.withdrawal import standing
from events.envelope import NewEvent
from events.log import last_of, stream_of
from events.types.change import Feature, MemberPlaced, Terms
from events.types.trust import FactWithdrawn
from service.directory.people import find
from service.http.problem import FieldError, Problem
from service.unit import Unit


def load_change(
    connection: Connection, workspace_id: str, key: str, at: int | None = None, field: str | None = None
) -> Change:
    """The change of that key, as it stood after position `at`. Raises Problem as `unknown` makes it."""
    id = decide.change_id(workspace_id, key)
    change = change_by_id(connection, workspace_id, id, at)
    if change is None:
        later = at is not None and change_by_id(connection, workspace_id, id)
        message = f"The change {key} was not known then." if later else f"There is no change with the key {key}."
        raise unknown("change", message, field)
    return change


def change_by_id(connection: Connection, workspace_id: str, id: UUID, at: int | None = None) -> Change | None:
    """The change of that id, as it stood after position `at`; None when there was none."""
    stream = [one for one in stream_of(connection, workspace_id, id) if at is None or one.position <= at]
    change = decide.fold(one.event for one in standing(stream))
    return change and replace(change, version=stream[-1].stream_version)


def role_of(change: Change, key: str, field: str | None = None) -> Role:
    """The role of that key. Raises Problem as `unknown` makes it."""
    role = change.roles.get(key)
    if role is None:
        raise unknown("role", f"This change has no role with the key {key}.", field)
    return role


def unknown(what: str, message: str, field: str | None) -> Problem:
    """422 naming `field` where it came in a body or a query; for None, where it stood in the path, 404."""
    errors = [FieldError(field=field, message=message)] if field else []
    return Problem(422 if field else 404, f"unknown_{what}", message, errors)


def launch_change(unit: Unit, data: Mapping[str, Any]) -> Change:
    """Announces a change. Raises Refused, and Problem for people nobody announced."""
    id = decide.change_id(unit.workspace.id, data["key"])
    existing = change_by_id(unit.connection, unit.workspace.id, id)
    terms = Terms(
        name=data["name"],
        go_live=data["go_live"],
        zone=data.get("zone") or unit.workspace.zone.key,
        target_rate=data["target"]["rate"],
        target_by=data["target"]["by"],
        announced=data.get("announced"),
        baseline=data.get("baseline"),
        sponsor=_person(unit, "sponsor", data.get("sponsor")),
        champions=_people(unit, "champions", data.get("champions") or []),
        phase=data.get("phase") or "rollout",
    )
    unit.append(id, decide.launch(existing, unit.workspace.id, data["key"], terms, _adoption(data["adoption"])))
    return load_change(unit.connection, unit.workspace.id, data["key"])


def amend_change(unit: Unit, key: str, data: Mapping[str, Any], expected: Container[str] | None = None) -> Change:
    """Alters the terms named in `data`, and what counts as adopted if it is named. Raises Refused and Problem.

    expected: versions that the change may be at, None for any.
    """
    change = _at_version(unit, key, expected)
    altered = {
        name: data[name] for name in ("name", "go_live", "zone", "announced", "baseline", "phase") if name in data
    }
    if "target" in data:
        altered |= {"target_rate": data["target"]["rate"], "target_by": data["target"]["by"]}
    if "sponsor" in data:
        altered["sponsor"] = _person(unit, "sponsor", data["sponsor"])
    if "champions" in data:
        altered["champions"] = _people(unit, "champions", data["champions"])
    events = decide.amend(change, replace(change.terms, **altered))
    if "adoption" in data:
        events += decide.define(change, None, _adoption(data["adoption"]))
    unit.append(change.id, events, expected=change.version)
    return load_change(unit.connection, unit.workspace.id, key)


def impact_role(unit: Unit, change_key: str, data: Mapping[str, Any], expected: Container[str] | None = None) -> Role:
    """Names a role as impacted. Raises Refused and Problem.

    expected: versions that the change may be at, None for any.
    """
    change = _at_version(unit, change_key, expected)
    events = decide.impact(
        change,
        data["key"],
        data["name"],
        manager=_person(unit, "manager", data.get("manager")),
        champions=_people(unit, "champions", data.get("champions") or []),
        courses=data.get("courses") or [],
        expected=data.get("expected"),
        adoption=_adoption(data["adoption"]) if data.get("adoption") else None,
    )
    unit.append(change.id, events, expected=change.version)
    return load_change(unit.connection, unit.workspace.id, change_key).roles[data["key"]]


def place_member(
    unit: Unit, change: Change, role: Role, person: UUID, start: date, until: date | None, access: date | None
) -> bool:
    """Sets a person's membership of a role; says whether anything changed. Raises Refused for reversed dates."""
    placed = MemberPlaced(change=change.id, role=role.id, person=person, start=start, until=until, access=access)
    return bool(place_members(unit, [placed]))


def place_members(unit: Unit, memberships: Sequence[MemberPlaced]) -> int:
    """Sets many memberships, one of a person and role; says how many changed. Raises Refused for reversed dates."""
    streams = [decide.membership_id(one.role, one.person) for one in memberships]
    last = last_of(unit.connection, unit.workspace.id, streams)
    new = []
    for stream, placed in zip(streams, memberships, strict=True):
        known = last[stream].event if stream in last else None
        if isinstance(known, FactWithdrawn):
            left = standing(stream_of(unit.connection, unit.workspace.id, stream))
            known = left[-1].event if left else None
        events = decide.place(known if isinstance(known, MemberPlaced) else None, placed)
        new += [NewEvent(stream=stream, event=event, occurred_at=unit.now) for event in events]
    return len(unit.append_all(new))


def person_of(unit: Unit, external: str, field: str | None = None) -> UUID:
    """The person whom the default source calls so. Raises Problem as `unknown` makes it."""
    found = find(unit.connection, unit.vault, unit.workspace.id, [external]).get(external)
    if found is None:
        raise unknown("person", "No person has this external id; announce people first.", field)
    return found


def _at_version(unit: Unit, key: str, expected: Container[str] | None) -> Change:
    change = load_change(unit.connection, unit.workspace.id, key)
    if expected is not None and str(change.version) not in expected:
        raise Problem(412, "changed_meanwhile", "This is not the version that If-Match names. Read it again.")
    return change


def _person(unit: Unit, field: str, external: str | None) -> UUID | None:
    return None if external is None else person_of(unit, external, field)


def _people(unit: Unit, field: str, externals: Sequence[str]) -> tuple[UUID, ...]:
    return tuple(person_of(unit, external, f"{field}.{index}") for index, external in enumerate(externals))


def _adoption(data: Mapping[str, Any]) -> Adoption:
    features = tuple(Feature(app=one["app"], feature=one.get("feature")) for one in data["features"])
    return Adoption(features, data.get("window_days") or 28, data.get("min_days") or 4)
