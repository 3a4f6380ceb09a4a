"""How many of the people who could have adopted did, day by day, with data-quality bounds.

Telemetry is a census, so `low` and `high` are no sampling interval: low lets everything that is not known
count against adoption, high lets it count for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from adkar.population import Bools, Days, Roster, able, impacted
from adkar.usage import Totals, Usage, counted, totals
from adkar.windows import Reports

_CELLS_AT_ONCE: Final = 2**19


@dataclass(frozen=True)
class Definition:
    """When a person counts as adopted: use on at least `min_days` distinct days out of `window_days`."""

    version: int
    window_days: int = 28
    min_days: int = 4


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
class Totalled:
    """What windows are cut from: days of use, and those that may have been some.

    used: a column for each row of a roster. lost: one column, the silent days, each of which may have been a day of
    use. both: of those on which somebody else told of use, a column for each row; None when there were none.
    strangers: a column for each account that no person is linked to, with its silent days.
    """

    used: Totals
    lost: Totals
    both: Totals | None
    strangers: Totals

    def of(self, columns: npt.NDArray[np.int64]) -> Totalled:
        """For some of the people."""
        return Totalled(self.used.of(columns), self.lost, self.both and self.both.of(columns), self.strangers)

    def possible(self, days: Days, window: int) -> npt.NDArray[Any]:
        """[d, m]: days of the window that ends with each of `days` on which a person used it or may have."""
        found = self.used.within(days, window) + self.lost.within(days, window)
        # A silent day that shows use all the same is one day, not two.
        return found - self.both.within(days, window) if self.both else found  # type: ignore[no-any-return]


def totalled(usage: Usage, unlinked: Bools, reports: Reports, longest: int) -> Totalled:
    """unlinked: bool[h, u] on the rows of `usage`, as `reports` are. longest: the longest window, in days.

    Memory: (h + 1) * (m + u) bytes for windows up to 255 days, and (h + 1) * m more when there was use on silent days;
    twice that above. 180 days of 100,000 people need 21 MB beside the input, or 63 while they are made.
    """
    lost = (reports.silent & reports.expected)[:, np.newaxis]
    both = usage.used & lost if usage.used[lost[:, 0]].any() else None
    return Totalled(
        totals(usage, longest),
        totals(Usage(usage.first_day, lost), longest),
        None if both is None else totals(Usage(usage.first_day, both), longest),
        totals(Usage(usage.first_day, unlinked | lost), longest),
    )


def series(roster: Roster, use: Totalled, reports: Reports, days: Days, definition: Definition) -> list[Point]:
    """One point for each of `days`, each over the trailing `window_days` complete days that end with it.

    high counts, besides the adopted, each mature person who would reach min_days if the silent days had been used, and
    each unlinked account that would; at most all the mature. Raises ValueError for a day after the last row of usage:
    the running day is never judged.
    """
    found = [_figures(roster, use, some, definition) for some in _some_at_once(days, len(roster.person))]
    heads = (column.tolist() for column in np.concatenate(found, axis=1))
    told = zip(days.tolist(), *heads, *reports.judged(days, definition.window_days), strict=True)
    return [_point(*each) for each in told]


def _figures(roster: Roster, use: Totalled, days: Days, definition: Definition) -> npt.NDArray[np.int64]:
    """[6, d]: eligible, with access, mature, active, adopted, and how many may have adopted."""
    enough, window = definition.min_days, definition.window_days
    here, used = impacted(roster, days), use.used.within(days, window)
    ripe = here & able(roster, days, window)
    adopted = counted(ripe & (used >= enough))
    best = counted(ripe & (use.possible(days, window) >= enough))
    best += counted(use.strangers.within(days, window) >= enough)
    heads = (counted(here), counted(here & able(roster, days)), counted(ripe))
    return np.stack([*heads, counted(here & (used > 0)), adopted, best])


def _point(
    day: int,
    eligible: int,
    access: int,
    mature: int,
    active: int,
    adopted: int,
    best: int,
    coverage: float | None,
    known: bool,
) -> Point:
    low = adopted / mature if mature else None
    return Point(
        day=day,
        eligible=eligible,
        access=access,
        mature=mature,
        # What a silent source did not say looks like people who stopped.
        active=active if known else None,
        adopted=adopted,
        rate=low if known else None,
        low=low,
        high=min(best, mature) / mature if mature else None,
        coverage=coverage,
        status="known" if known else "unknown",
    )


def active_in(roster: Roster, used: Totals, days: Days, windows: Sequence[int]) -> npt.NDArray[np.int64]:
    """[w, 3, d], by window and day: eligible people, mature ones, and those with use in the trailing window.

    DAU with a window of 1, WAU with 7, MAU with 28. Raises ValueError like `series`.
    """
    found = []
    for some in _some_at_once(days, len(roster.person)):
        here = impacted(roster, some)
        heads = counted(here)
        found.append(
            [
                [heads, counted(here & able(roster, some, window)), counted(here & (used.within(some, window) > 0))]
                for window in windows
            ]
        )
    return np.concatenate(found, axis=2)


def _some_at_once(days: Days, people: int) -> list[Days]:
    """Days in parts, so that a table of a part's days by people stays small enough for the processor's own memory."""
    return np.array_split(days, max(1, len(days) * people // _CELLS_AT_ONCE))


def hides_use(eligible: int, mature: int, minimum: int) -> bool:
    """Whether what so many people did may not be told; that nobody is mature yet hides nothing."""
    return eligible < minimum or 0 < mature < minimum


def suppressed(point: Point, minimum: int) -> Point:
    """The point as a group of less than `minimum` people may show it.

    Too few impacted: no figure at all. Too few mature: the head counts stay, because membership and access
    say nothing about anybody's use; whatever is computed from use goes. Nobody mature yet, as in the first weeks
    of any change, hides nothing: there is no rate, and it is about nobody.
    """
    if point.eligible is None or point.mature is None or point.eligible < minimum:
        return Point(point.day, None, None, None, None, None, None, None, None, None, "suppressed")
    if hides_use(point.eligible, point.mature, minimum):
        return replace(point, active=None, adopted=None, rate=None, low=None, high=None, status="suppressed")
    return point
