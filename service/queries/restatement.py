"""Which past figures differ from what was first known: what comes late is labelled, never a silent rewrite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row, select

from events.tables import EVENT
from service.queries.view import View
from service.readmodels.members import superseded_members

Days = npt.NDArray[np.bool_]


def late_days(rows: Sequence[Row[*tuple[object, ...]]], first_day: int, height: int) -> Days:
    """Days of which a source told something by the next day, and more later. rows: of the activity sets.

    What a source told for the first time weeks afterwards, as an import does, restates nothing: nothing was known.
    """
    received: dict[tuple[str, int, date], list[date]] = {}
    for row in rows:
        received.setdefault((row.source, row.feature_id, row.day), []).append(row.received_day)
    late = np.zeros(height, dtype=np.bool_)
    for (_, _, day), days in received.items():
        if (min(days) - day).days <= 1 < (max(days) - day).days:
            late[day.toordinal() - first_day] = True
    return late


def trailing_any(flags: Days, first_day: int, days: Sequence[int], window: int) -> list[bool]:
    """Whether any day of the window that ends with each of `days` is flagged."""
    running = np.concatenate([[0], np.cumsum(flags)])
    ends = np.clip(np.array(days, dtype=np.int64) + 1 - first_day, 0, len(flags))
    starts = np.clip(ends - window, 0, len(flags))
    return [bool(more) for more in running[ends] > running[starts]]


def membership_revisions(view: View, change: UUID) -> list[tuple[UUID, int, int]]:
    """Role, and the first and last day whose figures were known by a membership that another has since replaced.

    A membership that ends or changes from a later day on revises nothing that was known.
    """
    found = []
    for one in superseded_members(view.connection, view.workspace.id, change, view.at):
        known, replaced = _recorded_day(view, one.since_position), _recorded_day(view, one.until_position)
        old, new = one.was, one.by
        same = new is not None and (old.start, old.access) == (new.start, new.access)
        ends = [each.until for each in (old, new) if each is not None and each.until is not None]
        if same and all(end >= replaced for end in ends):
            continue
        found.append((old.role, known.toordinal(), replaced.toordinal() - 1))
    return found


def _recorded_day(view: View, position: int) -> date:
    instant = view.connection.execute(
        select(EVENT.c.recorded_at).where(EVENT.c.workspace_id == view.workspace.id, EVENT.c.position == position)
    ).scalar_one()
    day: date = instant.astimezone(view.workspace.zone).date()
    return day
