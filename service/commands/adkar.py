"""Assessments and stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from adkar.elements import ELEMENTS, check_scores
from adkar.group import accept_group_assessment
from adkar.refusal import Refused
from events.types.adkar import Assessed, Scores, StageRecorded
from service.commands.changes import load_change, person_of, role_of
from service.unit import Unit


def assess(unit: Unit, change_key: str, data: Mapping[str, Any]) -> UUID:
    """Records an assessment of a person, or of a role as an average; answers its event id. Raises Refused, Problem."""
    change = load_change(unit.connection, unit.workspace.id, change_key)
    external, role_key = data.get("person"), data.get("role")
    if (external is None) == (role_key is None):
        raise Refused("invalid", "person", "name either a person or a role")
    try:
        scores = check_scores(data["scores"], person=external is not None)
    except ValueError as error:
        element, _, message = str(error).partition(": ")
        # It names an element, or the scores as a whole.
        field = f"scores.{element}" if element in ELEMENTS else "scores"
        raise Refused("invalid", field, message) from None
    person = person_of(unit, external, "person") if external else None
    role = role_of(change, role_key, "role") if role_key else None
    if role:
        _check_average(data, unit.workspace.minimum_group)
    elif data.get("n") is not None:
        raise Refused("invalid", "n", "only an average over a role has a number of people")
    told = Assessed(
        change=change.id,
        person=person,
        role=role.id if role else None,
        source=data.get("source") or "self",
        scores=Scores(**{str(element): score for element, score in scores.items()}),
        method=data["method"],
        n=data.get("n"),
        note=unit.seal(data.get("note")),
    )
    return unit.append(person or change.id, [told], data["occurred_at"])[0].event_id


def record_stage(unit: Unit, change_key: str, data: Mapping[str, Any]) -> UUID:
    """Records that a role reached a stage or fell back from it; answers the event id. Raises Problem."""
    change = load_change(unit.connection, unit.workspace.id, change_key)
    role = role_of(change, data["role"], "role")
    told = StageRecorded(
        change=change.id,
        role=role.id,
        stage=data["stage"],
        status=data["status"],
        evidence=unit.seal(data.get("evidence")),
    )
    return unit.append(role.id, [told], data["occurred_at"])[0].event_id


def _check_average(data: Mapping[str, Any], minimum: int) -> None:
    try:
        accept_group_assessment(data.get("n"), minimum)
    except ValueError as error:
        raise Refused("group_too_small", "n", str(error).removeprefix("n: ")) from None
