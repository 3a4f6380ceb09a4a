"""Who used what on which day: activity sets as matrices of days by people."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, Row, and_, func, or_, select

from adkar.change import Change
from adkar.coverage import working_days
from events.activity import NAME as ACTIVITY_FOLLOWER
from events.activity import unpack
from events.tables import ACTIVITY, FEATURE, FOLLOWER
from events.types.change import Feature
from service.queries.restatement import late_days
from service.queries.view import View
from service.readmodels.links import Links, links
from service.readmodels.members import Members
from service.readmodels.retractions import Retractions, standing
from service.readmodels.temporal import live

_COUNTED_KINDS = ("use", "success")
"""Passive use and failures do not count as use."""

_MOST_KEPT = 12
"""Answers one process keeps of a store; with 100,000 people each takes some tens of megabytes."""

_Answer = TypeVar("_Answer")
_kept: WeakKeyDictionary[Engine, OrderedDict[Hashable, tuple[Hashable, Any]]] = WeakKeyDictionary()
_kept_lock = Lock()


def kept(view: View, name: Hashable, version: Hashable, make: Callable[[], _Answer]) -> _Answer:
    """What `make` answers, or answered in this process for the same version. Nobody may alter it.

    version: what `make` depends on besides the name. Views of the past are not kept.
    """
    if view.at is not None:
        return make()
    name = (view.workspace.id, name)
    with _kept_lock:
        answers = _kept.setdefault(view.connection.engine, OrderedDict())
        if name in answers and answers[name][0] == version:
            answers.move_to_end(name)
            return answers[name][1]  # type: ignore[no-any-return]
    made = make()
    with _kept_lock:
        answers[name] = (version, made)
        answers.move_to_end(name)
        while len(answers) > _MOST_KEPT:
            answers.popitem(last=False)
    return made


def checkpoints(view: View) -> tuple[Hashable, ...]:
    """Where the followers stand that members, links and activity come from, in the same snapshot as these."""
    names = (Members.name, Links.name, ACTIVITY_FOLLOWER, Retractions.name)
    rows = view.connection.execute(
        select(FOLLOWER).where(FOLLOWER.c.workspace_id == view.workspace.id, FOLLOWER.c.name.in_(names))
    )
    found = {row.name: tuple(row) for row in rows}
    return tuple(found.get(name) for name in names)


@dataclass(frozen=True)
class Sightings:
    """Use of some features, by day.

    first_day: ordinal of row 0; the last row is the running day. used: bool[days, people] in the order of the people
    asked for. unlinked: bool[days, accounts] of accounts that no person is linked to. silent, expected: bool[days],
    whether a source was silent, or expected, on a day. late: bool[days], whether more became known of a day that had
    been told of. grain: week when a source reports by week, else instant or day.
    """

    first_day: int
    used: npt.NDArray[np.bool_]
    unlinked: npt.NDArray[np.bool_]
    silent: npt.NDArray[np.bool_]
    expected: npt.NDArray[np.bool_]
    late: npt.NDArray[np.bool_]
    grain: str


def sightings(view: View, features: Sequence[Feature], people: Sequence[UUID], go_live: date) -> Sightings:
    """Everything that was seen of some features up to the view's running day, from the first sighting on.

    Memory: one byte a day and person. A source is expected on working days from its own first sighting on; when no
    source was ever seen, from go-live on, so that no telemetry at all reads as silence and not as zero.
    """
    chosen = _features(view, features)
    rows = _rows(view, [number for number, _ in chosen])
    last_day = view.today.toordinal()
    first_day = min([row.day.toordinal() for row in rows] + [go_live.toordinal(), last_day])
    height = last_day - first_day + 1
    column = _columns(view, people)
    known = column[:, 1] == 1
    used = np.zeros((height, len(people)), dtype=np.bool_)
    strangers: dict[int, int] = {}
    unlinked_days: list[tuple[int, npt.NDArray[np.int64]]] = []
    reported: dict[int, npt.NDArray[np.bool_]] = {}
    weekly = {number for number, grain in chosen if grain == "week"}
    for row in rows:
        day = row.day.toordinal() - first_day
        accounts, _ = unpack(row.accounts, row.counts)
        # Sorted, so whoever is beyond the last linked account comes last.
        inside, beyond = np.split(accounts, [np.searchsorted(accounts, len(column))])
        people_here = column[inside, 0]
        used[day, people_here[people_here >= 0]] = True
        stray = np.concatenate([inside[~known[inside]], beyond])
        if len(stray):
            for account in stray.tolist():
                strangers.setdefault(account, len(strangers))
            unlinked_days.append((day, stray))
        seen = reported.setdefault(row.source_id, np.zeros(height, dtype=np.bool_))
        if row.feature_id in weekly:
            # A weekly report speaks for all its days, whichever of them it names.
            monday = day - (first_day + day - 1) % 7
            seen[max(0, monday) : monday + 7] = True
        else:
            seen[day] = True
    unlinked = np.zeros((height, len(strangers)), dtype=np.bool_)
    for day, stray in unlinked_days:
        unlinked[day, [strangers[account] for account in stray.tolist()]] = True
    silent, expected = _silence(reported, first_day, height, go_live)
    late = late_days(rows, first_day, height)
    return Sightings(first_day, used, unlinked, silent, expected, late, "week" if weekly else "day")


def last_reported(view: View, change: Change) -> date | None:
    """The last complete day on which any source reported use of a change's features; None when none ever did.

    A source that reports by week has reported to the Sunday of that week.
    """
    last: date | None = None
    for definition in (change.definition(None), *(change.definition(role) for role in change.roles.values())):
        for number, grain in _features(view, definition.features):
            day = view.connection.scalar(
                select(func.max(ACTIVITY.c.day)).where(
                    live(ACTIVITY, ACTIVITY_FOLLOWER, view.workspace.id),
                    ACTIVITY.c.feature_id == number,
                    ACTIVITY.c.day <= view.yesterday,
                )
            )
            if day is not None and grain == "week":
                day = min(day + timedelta(days=6 - day.weekday()), view.yesterday)
            last = max(filter(None, (last, day)), default=None)
    return last


def _features(view: View, features: Sequence[Feature]) -> list[tuple[int, str]]:
    wanted = [
        FEATURE.c.app == one.app
        if one.feature is None
        else and_(FEATURE.c.app == one.app, FEATURE.c.name == one.feature)
        for one in features
    ]
    rows = view.connection.execute(
        select(FEATURE.c.feature_id, FEATURE.c.grain).where(
            FEATURE.c.workspace_id == view.workspace.id, FEATURE.c.kind.in_(_COUNTED_KINDS), or_(*wanted)
        )
    )
    return [(row.feature_id, row.grain) for row in rows]


def _rows(view: View, feature_ids: Sequence[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    wanted = [live(ACTIVITY, ACTIVITY_FOLLOWER, view.workspace.id), ACTIVITY.c.feature_id.in_(feature_ids)]
    wanted.append(standing(view.connection, view.workspace.id, view.at))
    wanted.append(ACTIVITY.c.day <= view.today)
    if view.at is not None:
        wanted.append(ACTIVITY.c.received_day <= view.today)
    return view.connection.execute(
        select(
            ACTIVITY.c.source_id,
            ACTIVITY.c.feature_id,
            ACTIVITY.c.day,
            ACTIVITY.c.received_day,
            ACTIVITY.c.accounts,
            ACTIVITY.c.counts,
        ).where(*wanted)
    ).all()


def _columns(view: View, people: Sequence[UUID]) -> npt.NDArray[np.int64]:
    """By account: the column of its person (-1 for somebody else), and whether it has a person at all."""
    column_of = {person: column for column, person in enumerate(people)}
    linked = links(view.connection, view.workspace.id, view.at)
    accounts = [row.account_id for row in linked]
    table = np.full((max(accounts, default=0) + 1, 2), (-1, 0), dtype=np.int64)
    table[accounts, 0] = [column_of.get(row.person_id, -1) for row in linked]
    table[accounts, 1] = 1
    return table


def _silence(
    reported: dict[int, npt.NDArray[np.bool_]], first_day: int, height: int, go_live: date
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    working = working_days(np.arange(first_day, first_day + height, dtype=np.int32))
    # The running day is not over, so nobody has been silent on it yet.
    working[-1] = False
    silent, expected = np.zeros(height, dtype=np.bool_), np.zeros(height, dtype=np.bool_)
    days = np.arange(height)
    if not reported:
        expected = working & (days >= go_live.toordinal() - first_day)
        return expected.copy(), expected
    for seen in reported.values():
        due = working & (days >= int(np.argmax(seen)))
        expected |= due
        silent |= due & ~seen
    return silent, expected
