"""Silence is not zero: on which days sources had to report, and on which they did not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from adkar.coverage import working_days
from service.directory.tables import HEARTBEAT
from service.queries.sets import SetRow
from service.queries.view import View
from service.readmodels.expectations import expected_since

Days = npt.NDArray[np.bool_]


def silence(
    view: View,
    rows: Sequence[SetRow],
    weekly: Collection[int],
    apps: Collection[str],
    first_day: int,
    go_live: date,
) -> tuple[Days, Days]:
    """bool[days] from `first_day` to the view's running day: whether a source was silent, and whether one was expected.

    A source is expected on working days from its own first report on, or from the day that was agreed with it, when
    that is earlier. It reports by use of what counts, or by a heartbeat. Where no source ever did, one is expected from
    go-live on, so that no telemetry at all reads as silence and not as zero.
    rows: sets of what counts. weekly: features that are reported by week. apps: whose features count; a source of the
    same name speaks of them, even before anybody used them.
    """
    height = view.today.toordinal() - first_day + 1
    working = working_days(np.arange(first_day, first_day + height, dtype=np.int32))
    # The running day is not over, so nobody has been silent on it yet.
    working[-1] = False
    silent, expected = np.zeros(height, dtype=np.bool_), np.zeros(height, dtype=np.bool_)
    days = np.arange(height)
    agreed = expected_since(view.connection, view.workspace.id, view.at)
    reported = _reported(view, rows, weekly, apps, first_day, height)
    if not reported:
        expected = working & (days >= go_live.toordinal() - first_day)
        return expected.copy(), expected
    for source, seen in reported.items():
        since = int(np.argmax(seen))
        if source in agreed:
            since = min(since, agreed[source].toordinal() - first_day)
        due = working & (days >= since)
        expected |= due
        silent |= due & ~seen
    return silent, expected


def _reported(
    view: View, rows: Sequence[SetRow], weekly: Collection[int], apps: Collection[str], first_day: int, height: int
) -> dict[str, Days]:
    """By source, the days it spoke of. Saying that nobody used it is speaking too."""
    reported: dict[str, Days] = {}
    for row in rows:
        day = row.day.toordinal() - first_day
        seen = reported.setdefault(row.source, np.zeros(height, dtype=np.bool_))
        if row.feature_id in weekly:
            # A weekly report speaks for all its days, whichever of them it names.
            monday = day - (first_day + day - 1) % 7
            seen[max(0, monday) : monday + 7] = True
        else:
            seen[day] = True
    concerned = [*reported, *(app for app in apps if app not in reported)]
    for source, beat in _heartbeats(view, concerned):
        if first_day <= beat.toordinal() < first_day + height:
            reported.setdefault(source, np.zeros(height, dtype=np.bool_))[beat.toordinal() - first_day] = True
    return reported


def _heartbeats(view: View, sources: Collection[str]) -> Sequence[tuple[str, date]]:
    rows = view.connection.execute(
        select(HEARTBEAT.c.source, HEARTBEAT.c.day).where(
            HEARTBEAT.c.workspace_id == view.workspace.id,
            HEARTBEAT.c.source.in_(sources),
            HEARTBEAT.c.day <= view.today,
        )
    )
    return [(row.source, row.day) for row in rows]
