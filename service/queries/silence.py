"""Silence is not zero: on which days sources had to report, and on which they did not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from adkar.coverage import working_days
from service.directory.tables import HEARTBEAT
from service.queries.sets import spoken
from service.queries.view import View
from service.readmodels.expectations import expected_since

Days = npt.NDArray[np.bool_]

_MONDAY_TO_SUNDAY = range(7)


@dataclass
class _Reported:
    """What a source said: of which apps, and on which days (ordinals)."""

    apps: set[str] = field(default_factory=set)
    days: set[int] = field(default_factory=set)


def silence(view: View, apps: Collection[str], first_day: int, go_live: date) -> tuple[Days, Days]:
    """bool[days] from `first_day` to the view's running day: whether a source was silent, and whether one was expected.

    A source reports by anything it says of the apps, or by a heartbeat. It is expected on working days from its first
    report on, or from the day that was agreed with it, when that is earlier. Of each app somebody is expected to report
    from go-live on, unless another day was agreed: what nobody could have told is silence and not zero.
    apps: whose features count; a source of the same name speaks of them, even before anybody used them.
    """
    height = view.today.toordinal() - first_day + 1
    working = working_days(np.arange(first_day, first_day + height, dtype=np.int32))
    # The running day is not over, so nobody has been silent on it yet.
    working[-1] = False
    silent, expected = np.zeros(height, dtype=np.bool_), np.zeros(height, dtype=np.bool_)
    agreed = {
        source: since.toordinal()
        for source, since in expected_since(view.connection, view.workspace.id, view.at).items()
    }
    reported = _reported(view, apps)
    for source, since in _due(reported, apps, agreed, go_live.toordinal()):
        due = working.copy()
        due[: max(since - first_day, 0)] = False
        seen = np.zeros(height, dtype=np.bool_)
        rows = np.fromiter(reported[source].days if source in reported else (), dtype=np.int64) - first_day
        seen[rows[(rows >= 0) & (rows < height)]] = True
        expected |= due
        silent |= due & ~seen
    return silent, expected


def _due(
    reported: dict[str, _Reported], apps: Collection[str], agreed: dict[str, int], go_live: int
) -> Iterator[tuple[str, int]]:
    """Sources, and the day from which on each has to report; an app that no source spoke of is one that never did."""
    began = {source: min(one.days) for source, one in reported.items()}
    for source in began.keys() & agreed.keys():
        began[source] = min(began[source], agreed[source])
    since = dict(began)
    for app in apps:
        speakers = [source for source, one in reported.items() if app in one.apps]
        if not speakers:
            since[app] = agreed.get(app, go_live)
        elif not agreed.keys() & set(speakers):
            earliest = min(speakers, key=lambda source: began[source])
            since[earliest] = min(since[earliest], go_live)
    yield from since.items()


def _reported(view: View, apps: Collection[str]) -> dict[str, _Reported]:
    """By source, what it said. Saying that nobody used it is speaking too."""
    reported: dict[str, _Reported] = {}
    for source, app, grain, day in spoken(view, apps):
        one = reported.setdefault(source, _Reported())
        one.apps.add(app)
        # A weekly report speaks for all its days, whichever of them it names.
        monday = day.toordinal() - day.weekday()
        one.days.update(monday + n for n in _MONDAY_TO_SUNDAY) if grain == "week" else one.days.add(day.toordinal())
    for source, day in _heartbeats(view, {*reported, *apps}):
        one = reported.setdefault(source, _Reported({source}))
        one.days.add(day.toordinal())
    return reported


def _heartbeats(view: View, sources: Collection[str]) -> list[tuple[str, date]]:
    rows = view.connection.execute(
        select(HEARTBEAT.c.source, HEARTBEAT.c.day).where(
            HEARTBEAT.c.workspace_id == view.workspace.id,
            HEARTBEAT.c.source.in_(sources),
            HEARTBEAT.c.day <= view.today,
        )
    )
    return [(row.source, row.day) for row in rows]
