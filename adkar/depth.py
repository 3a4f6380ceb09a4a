"""How much those who use it use it: days, actions, features, and how regularly."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from adkar.actions import Actions
from adkar.coverage import working_days
from adkar.population import Roster, impacted
from adkar.usage import Usage
from adkar.windows import Reports, days_in, hidden, used_in

MONTH: Final = 28


@dataclass(frozen=True)
class Depth:
    """Means over the active people of a window who are eligible on its last day.

    active_days, actions: a person. breadth: distinct features a person, of those that count. stickiness: mean
    daily people over the working days of the last 28 days / people of these 28 days; with weekends it could not exceed
    20 / 28. None where unknown, where nobody is active, and where fewer people are than may be shown.
    """

    active_days: float | None
    actions: float | None
    breadth: float | None
    stickiness: float | None


def depth(
    roster: Roster, usage: Usage, actions: Actions, reports: Reports, first: int, day: int, minimum: int
) -> Depth:
    """Of the window from `first` to `day`."""
    here = impacted(roster, np.array([day], np.int32))[0]
    if hidden(int(np.count_nonzero(here)), minimum):
        return Depth(None, None, None, None)
    active = int(np.count_nonzero(here & used_in(usage, first, day)))
    stickiness = _stickiness(roster, usage, reports, day, minimum)
    if not reports.known(first, day) or active == 0 or active < minimum:
        return Depth(None, None, None, stickiness)
    mine = actions.between(first, day).of(roster.person[here])
    days = int(np.sum(days_in(usage, first, day)[here]))
    return Depth(days / active, int(mine.count.sum()) / active, mine.breadths() / active, stickiness)


def _stickiness(roster: Roster, usage: Usage, reports: Reports, day: int, minimum: int) -> float | None:
    first = day - MONTH + 1
    here = impacted(roster, np.array([day], np.int32))[0]
    month = int(np.count_nonzero(here & used_in(usage, first, day)))
    if not reports.known(first, day) or month == 0 or month < minimum:
        return None
    span = np.arange(first, day + 1, dtype=np.int32)
    working = span[working_days(span)].tolist()
    daily = sum(int(np.count_nonzero(here & used_in(usage, one, one))) for one in working)
    return daily / len(working) / month
