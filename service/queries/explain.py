"""Where a number comes from: definition, window, coverage, who was silent, denominator, and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import func, select

from adkar.change import Role
from adkar.profile import VALIDITY
from adkar.windows import rows
from events.tables import FOLLOWER
from service.queries.adoption import ChangeUsage, Day
from service.queries.usage import Sightings
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


@dataclass(frozen=True)
class Silent:
    """Who was silent on some working days of a window, as in silence.Missing.

    last_reported: last day that was told of, in the window or after it; None without any.
    """

    source: str | None
    app: str | None
    days: int
    last_reported: date | None


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
        **_of_use(usage, role, point.day - length + 1, point.day),
    }


def explain_adkar(view: View, eligible: int, answered: int | None) -> dict[str, object]:
    """What a role's profile rests on."""
    return {
        "definition": "barrier point: the first element, in order, with a score of 3 or less",
        "window": Window(view.today - VALIDITY, view.today, VALIDITY.days, view.workspace.zone.key),
        "denominator": {"name": "members of the role on that day", "eligible": eligible},
        "numerator": answered,
        "minimum_group": view.workspace.minimum_group,
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
        **_of_use(usage, role, *window),
    }


def _of_use(usage: ChangeUsage, role: Role | None, first: int, last: int) -> dict[str, object]:
    """What is said of every figure of use: why it may be unknown or suppressed, and what was known."""
    return {
        "silent": _silent(usage.seen(usage.change.definition(role)), first, last),
        "minimum_group": usage.minimum,
        "events": events_known(usage.view, ("changes", "members", "links")),
        "usage_received_to": usage.view.today,
    }


def _silent(seen: Sightings, first: int, last: int) -> list[Silent]:
    """Who was silent in a window, the longest first."""
    here = rows(seen.first_day, len(seen.silent), first, last)
    found = [
        Silent(
            one.source,
            one.app,
            int(np.count_nonzero(one.days[here])),
            None if one.last is None else date.fromordinal(one.last),
        )
        for one in seen.missing
    ]
    return sorted((one for one in found if one.days), key=lambda one: (-one.days, one.source or "", one.app or ""))
