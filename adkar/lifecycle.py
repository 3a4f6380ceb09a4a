"""Where the active people of an interval come from, and who of the one before it is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adkar.population import Bools, Roster, impacted
from adkar.usage import Usage
from adkar.windows import Reports, Status, first_use, hidden, used_in


@dataclass(frozen=True)
class Interval:
    """The people of an interval, first and last day included, who are eligible on its last day.

    active = new + returning + resurrected. new: active now, and never used it before. returning: active now and in the
    interval before. resurrected: active now and once, but not in the interval before. dormant: active in the interval
    before, not now. coverage: of this interval. Figures are None where unknown or suppressed; the four need the
    interval before as well.
    """

    first: int
    last: int
    eligible: int | None
    active: int | None
    new: int | None
    returning: int | None
    resurrected: int | None
    dormant: int | None
    coverage: float | None
    status: Status


def lifecycle(
    roster: Roster, usage: Usage, reports: Reports, spans: Sequence[tuple[int, int]], minimum: int
) -> list[Interval]:
    """One Interval a span; the interval before a span is as long and ends on the day before it.

    "Ever" reaches back to the first recorded day, whichever features it was: the first event in the interval is not
    what makes somebody new. Raises ValueError for a span that is not complete.
    """
    return [_interval(roster, usage, reports, first, last, minimum) for first, last in spans]


def _interval(roster: Roster, usage: Usage, reports: Reports, first: int, last: int, minimum: int) -> Interval:
    before = (first - (last - first + 1), first - 1)
    here = impacted(roster, np.array([last], np.int32))[0]
    eligible = int(np.count_nonzero(here))
    now, was = here & used_in(usage, first, last), here & used_in(usage, *before)
    if hidden(eligible, minimum):
        return Interval(first, last, None, None, None, None, None, None, None, "suppressed")
    share = reports.coverage(first, last)
    if not reports.known(first, last):
        return Interval(first, last, eligible, None, None, None, None, None, share, "unknown")
    active = _number(now)
    if not reports.known(*before):
        return Interval(first, last, eligible, active, None, None, None, None, share, "unknown")
    fresh = first_use(usage, last) >= first
    new, returning = _number(now & fresh), _number(now & was)
    dormant = _number(was & ~now)
    return Interval(
        first, last, eligible, active, new, returning, _number(now & ~was & ~fresh), dormant, share, "known"
    )


def _number(chosen: Bools) -> int:
    return int(np.count_nonzero(chosen))
