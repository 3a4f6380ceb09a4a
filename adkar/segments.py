"""How firm a habit is: people by the weeks in which they used it, over the last 12 or 4 calendar weeks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from adkar.actions import Actions
from adkar.population import Bools, Roster, impacted
from adkar.windows import Reports, Status, hidden

Segment = Literal["power", "habitual", "novice", "low", "non_user", "too_early"]
SEGMENTS: Final[tuple[Segment, ...]] = ("power", "habitual", "novice", "low", "non_user", "too_early")
"""In the order in which they are tried, but for `too_early`, which goes before all."""

ENOUGH_WEEKS: Final[Mapping[int, int]] = {12: 9, 4: 4}
"""Active weeks that make a habit, by the number of weeks looked at."""

POWER: Final = 15
"""Mean actions a week."""

_WEEK = 7


@dataclass(frozen=True)
class Segments:
    """People eligible on `last`, the Sunday that ends the weeks, by segment. None where unknown or suppressed."""

    first: int
    last: int
    weeks: int
    eligible: int | None
    people: Mapping[Segment, int] | None
    coverage: float | None
    status: Status


def calendar_weeks(day: int, weeks: int) -> tuple[int, int]:
    """First and last day of the last so many calendar weeks, Monday to Sunday, that are over by the end of `day`."""
    last = day - day % _WEEK  # ordinal 7 is a Sunday
    return last - weeks * _WEEK + 1, last


def segment_of(roster: Roster, actions: Actions, first: int, weeks: int) -> npt.NDArray[np.int8]:
    """[m]: by roster row, the place in SEGMENTS of its person's habit over the weeks that begin with `first`.

    Weeks without use count as zero. A membership whose access does not reach back to the first day is too early:
    weeks before the access cannot have shown any use.
    """
    people = int(roster.person.max(initial=-1)) + 1
    mine = actions.of(roster.person)
    weekly = [
        mine.between(first + n * _WEEK, first + n * _WEEK + _WEEK - 1).total(people)[roster.person]
        for n in range(weeks)
    ]
    active = np.sum([week > 0 for week in weekly], axis=0)
    total = np.sum(weekly, axis=0)
    habit = active >= ENOUGH_WEEKS[weeks]
    # Sums, not means: whole numbers compare exactly.
    tests = (roster.access > first, habit & (total >= POWER * weeks), habit, total >= weeks, total > 0)
    names: tuple[Segment, ...] = ("too_early", "power", "habitual", "novice", "low")
    return np.select(tests, [SEGMENTS.index(name) for name in names], SEGMENTS.index("non_user")).astype(np.int8)


def habitual(roster: Roster, actions: Actions, day: int, weeks: int) -> Bools:
    """[m]: habitual or power, over the calendar weeks that are over by the end of `day`."""
    found = segment_of(roster, actions, calendar_weeks(day, weeks)[0], weeks)
    return found <= SEGMENTS.index("habitual")


def segments(roster: Roster, actions: Actions, reports: Reports, day: int, weeks: int, minimum: int) -> Segments:
    """The distribution over the last 12 or 4 calendar weeks that are over by the end of `day`."""
    first, last = calendar_weeks(day, weeks)
    here = impacted(roster, np.array([last], np.int32))[0]
    eligible = int(np.count_nonzero(here))
    if hidden(eligible, minimum):
        return Segments(first, last, weeks, None, None, None, "suppressed")
    share = reports.coverage(first, last)
    if not reports.known(first, last):
        return Segments(first, last, weeks, eligible, None, share, "unknown")
    counts = np.bincount(segment_of(roster, actions, first, weeks)[here], minlength=len(SEGMENTS))
    people = dict(zip(SEGMENTS, counts.tolist(), strict=True))
    return Segments(first, last, weeks, eligible, people, share, "known")
