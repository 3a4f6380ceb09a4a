"""How many of the people who could have adopted did, day by day, with data-quality bounds.

Telemetry is a census, so `low` and `high` are no sampling interval: low lets everything that is not known
count against adoption, high lets it count for.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from adkar.coverage import coverage, is_known
from adkar.population import Bools, Days, Roster, impacted, mature, with_access


@dataclass(frozen=True)
class Definition:
    """When a person counts as adopted: use on at least `min_days` distinct days out of `window_days`."""

    version: int
    window_days: int = 28
    min_days: int = 4


@dataclass(frozen=True)
class Usage:
    """used: bool[h, m]; row i is the complete day first_day + i, column j the person of row j of the roster.

    A person with several roster rows has the same column several times.
    """

    first_day: int
    used: Bools


@dataclass(frozen=True)
class Point:
    """The figures of the window that ends with `day` (ordinal, inclusive).

    eligible, access, mature: impacted people, those with access, those with access for the whole window.
    active: impacted people with a day of use; None when unknown. adopted: mature people who are known to meet the
    definition. rate: adopted / mature; None when unknown and when nobody is mature. low, high: its bounds, kept when
    the rate is unknown. coverage: share of expected days reported, None when none was expected.
    Every figure may be None when the status is `suppressed`.
    """

    day: int
    eligible: int | None
    access: int | None
    mature: int | None
    active: int | None
    adopted: int | None
    rate: float | None
    low: float | None
    high: float | None
    coverage: float | None
    status: Literal["known", "unknown", "suppressed"]


@dataclass(frozen=True)
class _Trailing:
    """Trailing windows over recorded days; a day before the first recorded one is a day without use."""

    first_day: int
    height: int
    window: int

    def rows(self, day: int) -> slice:
        end = day + 1 - self.first_day
        if end > self.height:
            raise ValueError(f"day {day} is not complete: usage ends before it")
        return slice(max(end - self.window, 0), max(end, 0))

    def running(self, used: Bools) -> npt.NDArray[Any]:
        """[h + 1, m]: used days before each row, in the smallest unsigned integer that holds a window.

        The totals may wrap round; the difference over a window is at most `window` and comes out right.
        """
        totals = np.zeros((self.height + 1, used.shape[1]), np.min_scalar_type(self.window))
        # As bytes, because numpy copies a bool array whole before it adds it up.
        np.cumsum(used.view(np.uint8), axis=0, dtype=totals.dtype, out=totals[1:])
        return totals


def _in(running: npt.NDArray[Any], rows: slice) -> npt.NDArray[Any]:
    return running[rows.stop] - running[rows.start]  # type: ignore[no-any-return]


def series(
    roster: Roster,
    usage: Usage,
    unlinked: Bools,
    silent: Bools,
    expected: Bools,
    days: Days,
    definition: Definition,
) -> list[Point]:
    """One point for each of `days`, each over the trailing `window_days` complete days that end with it.

    unlinked: bool[h, u], use by accounts that no person is linked to; silent, expected: bool[h]; all on the
    rows of `usage`. high counts, besides the adopted, each mature person who would reach min_days if the
    silent days had been used, and each unlinked account that would; at most all the mature.
    Memory: (h + 1) * (m + u) bytes for windows up to 255 days, twice that plus h * (m + u) when a day was
    silent, and a few vectors of m; 180 days of 100,000 people need 21 MB beside the input, or 63.
    Raises ValueError for a day after the last row of usage: the running day is never judged.
    """
    enough, window = definition.min_days, definition.window_days
    trailing = _Trailing(usage.first_day, len(usage.used), window)
    lost = silent & expected
    running = trailing.running(usage.used)
    # A silent day that shows use all the same is one day, not two: hence "or", not a sum.
    possible = trailing.running(usage.used | lost[:, np.newaxis]) if lost.any() else running
    strangers = trailing.running(unlinked | lost[:, np.newaxis])

    points = []
    for i, day in enumerate(days.tolist()):
        rows, one = trailing.rows(day), days[i : i + 1]
        here, ripe = impacted(roster, one)[0], mature(roster, one, window)[0]
        used = _in(running, rows)
        of = int(np.count_nonzero(ripe))
        adopted = int(np.count_nonzero(ripe & (used >= enough)))
        best = np.count_nonzero(ripe & (_in(possible, rows) >= enough))
        best += np.count_nonzero(_in(strangers, rows) >= enough)
        known = is_known(lost[rows], expected[rows])
        low = adopted / of if of else None
        points.append(
            Point(
                day=day,
                eligible=int(np.count_nonzero(here)),
                access=int(np.count_nonzero(with_access(roster, one))),
                mature=of,
                # What a silent source did not say looks like people who stopped.
                active=int(np.count_nonzero(here & (used > 0))) if known else None,
                adopted=adopted,
                rate=low if known else None,
                low=low,
                high=min(int(best), of) / of if of else None,
                coverage=coverage(lost[rows], expected[rows]),
                status="known" if known else "unknown",
            )
        )
    return points


def distinct_users(used: Bools, first_day: int, days: Days, window: int) -> npt.NDArray[np.int64]:
    """[d]: people with use in the trailing window of each day: DAU with 1, WAU with 7, MAU with 28.

    used: bool[h, m] with one column per person, each person once. Raises ValueError like `series`.
    """
    trailing = _Trailing(first_day, len(used), window)
    running = trailing.running(used)
    counts = [np.count_nonzero(_in(running, trailing.rows(day))) for day in days.tolist()]
    return np.array(counts, np.int64)


def suppressed(point: Point, minimum: int) -> Point:
    """The point as a group of less than `minimum` people may show it.

    Too few impacted: no figure at all. Too few mature: the head counts stay, because membership and access
    say nothing about anybody's use; whatever is computed from use goes. Nobody mature yet, as in the first weeks
    of any change, hides nothing: there is no rate, and it is about nobody.
    """
    if point.eligible is None or point.mature is None or point.eligible < minimum:
        return Point(point.day, None, None, None, None, None, None, None, None, None, "suppressed")
    if 0 < point.mature < minimum:
        return replace(point, active=None, adopted=None, rate=None, low=None, high=None, status="suppressed")
    return point
