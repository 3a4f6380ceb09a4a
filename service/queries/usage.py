"""Who used what on which day: activity sets as matrices of days by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select

from adkar.change import Change
from adkar.windows import Reports
from events.tables import ACTIVITY
from events.types.change import Feature
from service.queries.restatement import late_days
from service.queries.sets import Columns, counted, covers, known, set_rows, told
from service.queries.silence import Days, Missing, silence
from service.queries.view import View


@dataclass(frozen=True)
class Sightings:
    """Use of some features, by day.

    first_day: ordinal of row 0; the last row is the running day. used: bool[days, people] in the order of the people
    asked for. unlinked: bool[days, accounts] of accounts that no person is linked to. silent, expected: bool[days],
    whether a source was silent, or expected, on a day; missing: who was silent. late: bool[days], whether more became
    known of a day that had been told of. grain: week when a source reports by week, else instant or day.
    """

    first_day: int
    used: npt.NDArray[np.bool_]
    unlinked: npt.NDArray[np.bool_]
    silent: Days
    expected: Days
    missing: tuple[Missing, ...]
    late: Days
    grain: str

    @property
    def reports(self) -> Reports:
        """Which days were reported."""
        return Reports(self.first_day, self.silent, self.expected)


def sightings(
    view: View, features: Sequence[Feature], column: Columns, go_live: date, only: Feature | None = None
) -> Sightings:
    """Everything that was seen of some features up to the view's running day, from the first sighting on.

    only: use of this feature alone; whether a source was silent is told by all of them, as else a feature that nobody
    opens would look like one that nobody reports.
    Memory: one byte a day and person.
    """
    chosen = counted(view, features)
    rows = set_rows(view, chosen)
    last_day = view.today.toordinal()
    first_day = min([row.day.toordinal() for row in rows] + [go_live.toordinal(), last_day])
    height = last_day - first_day + 1
    looked_at = [one for one in chosen if only is None or covers(only, one.feature)]
    numbers = {one.number for one in looked_at}
    mine = rows if only is None else [row for row in rows if row.feature_id in numbers]

    used = np.zeros((height, column.number), dtype=np.bool_)
    strangers: dict[int, int] = {}
    unlinked_days: list[tuple[int, npt.NDArray[np.int64]]] = []
    for one in told(mine, looked_at):
        people_here, _, stray = column.split(one.accounts)
        used[one.day - first_day, people_here] = True
        if len(stray):
            for account in stray.tolist():
                strangers.setdefault(account, len(strangers))
            unlinked_days.append((one.day - first_day, stray))
    unlinked = np.zeros((height, len(strangers)), dtype=np.bool_)
    for day, stray in unlinked_days:
        unlinked[day, [strangers[account] for account in stray.tolist()]] = True

    silent, expected, missing = silence(view, chosen, {one.app for one in features}, first_day, go_live)
    grain = "week" if any(one.grain == "week" for one in looked_at) else "day"
    return Sightings(first_day, used, unlinked, silent, expected, missing, late_days(mine, first_day, height), grain)


def last_reported(view: View, change: Change) -> date | None:
    """The last complete day on which any source reported use of a change's features that counts; None without any.

    A source that reports by week has reported to the Sunday of that week.
    """
    last: date | None = None
    conditions = known(view)
    for definition in (change.definition(None), *(change.definition(role) for role in change.roles.values())):
        for one in counted(view, definition.features):
            day = view.connection.scalar(
                select(func.max(ACTIVITY.c.day)).where(
                    *conditions,
                    ACTIVITY.c.feature_id == one.number,
                    ACTIVITY.c.day <= view.yesterday,
                )
            )
            if day is not None and one.grain == "week":
                day = min(day + timedelta(days=6 - day.weekday()), view.yesterday)
            last = max(filter(None, (last, day)), default=None)
    return last
