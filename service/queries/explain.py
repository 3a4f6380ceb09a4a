"""Where a number comes from: definition, window, coverage, denominator, and the events it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from adkar.change import Role
from adkar.profile import VALIDITY
from events.tables import FOLLOWER
from service.queries.adoption import ChangeUsage, Day
from service.queries.view import View


@dataclass(frozen=True)
class Events:
    """Positions of the log that were known: every event from `first` to `last`."""

    first: int
    last: int


@dataclass(frozen=True)
class Window:
    """Local days, both included; of answers, those that are still valid."""

    start: date
    end: date
    days: int
    zone: str


def events_known(view: View, models: tuple[str, ...]) -> Events:
    """Up to where the log is known to read models, as the view sees it."""
    if view.at is not None:
        return Events(1, view.at)
    last = view.connection.scalar(
        select(func.min(FOLLOWER.c.position)).where(
            FOLLOWER.c.workspace_id == view.workspace.id, FOLLOWER.c.name.in_(models)
        )
    )
    return Events(1, last or 0)


def explain_adoption(usage: ChangeUsage, role: Role | None, day: Day, window_days: int | None) -> dict[str, object]:
    """What the last point of a series rests on; figures of groups that are too small stay hidden."""
    definition, point = usage.change.definition(role), day.point
    length = window_days or definition.window_days
    last = date.fromordinal(point.day)
    return {
        "definition_version": definition.number,
        "definition": f"used on at least {min(definition.min_days, length)} distinct days of the window",
        "window": Window(last - timedelta(days=length - 1), last, length, usage.view.workspace.zone.key),
        "denominator": {
            "name": "mature: members with access for the whole window",
            "impacted": point.eligible,
            "with_access": point.access,
            "mature": point.mature,
        },
        "numerator": point.adopted,
        "coverage": point.coverage,
        "status": point.status,
        "restated": day.restated,
        "events": events_known(usage.view, ("changes", "members", "links")),
        "usage_received_to": usage.view.today,
    }


def explain_adkar(view: View, eligible: int, answered: int | None) -> dict[str, object]:
    """What a role's profile rests on."""
    return {
        "definition": "barrier point: the first element, in order, with a score of 3 or less",
        "window": Window(view.today - VALIDITY, view.today, VALIDITY.days, view.workspace.zone.key),
        "denominator": {"name": "members of the role on that day", "eligible": eligible},
        "numerator": answered,
        "events": events_known(view, ("members", "assessments", "stages")),
    }


def explain_use(
    usage: ChangeUsage,
    role: Role | None,
    definition: str,
    window: tuple[int, int],
    denominator: Mapping[str, object],
    numerator: int | None,
    coverage: float | None,
    status: str,
) -> dict[str, object]:
    """What another figure of use rests on. window: first and last day; figures of small groups stay hidden."""
    first, last = (date.fromordinal(day) for day in window)
    return {
        "definition_version": usage.change.definition(role).number,
        "definition": definition,
        "window": Window(first, last, (last - first).days + 1, usage.view.workspace.zone.key),
        "denominator": denominator,
        "numerator": numerator,
        "coverage": coverage,
        "status": status,
        "events": events_known(usage.view, ("changes", "members", "links")),
        "usage_received_to": usage.view.today,
    }
