"""Who counts on a day: three nested groups, impacted > with access > mature.

Days are proleptic ordinals (`date.toordinal()`) in the workspace's zone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int32]

NEVER_LEFT: Final = np.int32(np.iinfo(np.int32).max)
NO_ACCESS: Final = NEVER_LEFT


@dataclass(frozen=True)
class Roster:
    """Effective-dated memberships, one row each; four arrays of length m.

    person: int64, any number that identifies the person. joined: int32, first day of the membership.
    left: int32, first day after it (exclusive), NEVER_LEFT while open. access: int32, first day on which the
    person could use the tool, NO_ACCESS while none is given. On any one day at most one row may cover a
    person, otherwise the person counts twice: join several roles with `merged`.
    """

    person: npt.NDArray[np.int64]
    joined: Days
    left: Days
    access: Days


def impacted(roster: Roster, days: Days) -> Bools:
    """[d, m]: the membership covers the day."""
    return _between(roster.joined, roster.left, days)


def able(roster: Roster, days: Days, window: int = 1) -> Bools:
    """[d, m]: access on each of the `window` days that end with the day, whether or not the membership covers it."""
    return _between(roster.access, np.full_like(roster.access, NEVER_LEFT), days - np.int32(window - 1))


def _between(first: Days, after: Days, days: Days) -> Bools:
    """[d, m]: first <= day < after."""
    inside = np.ones((len(days), len(first)), np.bool_)
    if len(days):
        # Nearly everybody comes before the first of the days and stays past the last, and need not be compared by day.
        moving = np.flatnonzero((first > days.min()) | (after <= days.max()))
        day = days[:, np.newaxis]
        inside[:, moving] = (first[moving] <= day) & (day < after[moving])
    return inside


def with_access(roster: Roster, days: Days) -> Bools:
    """[d, m]: impacted, and able to use the tool on that day."""
    return impacted(roster, days) & able(roster, days)


def mature(roster: Roster, days: Days, window: int) -> Bools:
    """[d, m]: impacted, and with access on each of the `window` days that end with the day, inclusive."""
    return impacted(roster, days) & able(roster, days, window)


def merged(rosters: Sequence[Roster]) -> Roster:
    """The memberships of several roles as one roster in which a person counts once on every day.

    Each person's time is cut wherever one of the memberships begins or ends. A piece that any membership
    covers becomes a row, with the earliest access among those that cover it. So at most one row covers a
    person on a day, a gap between two memberships stays a gap, and a person is impacted, with access or
    mature exactly when some membership alone would say so. Rows are ordered by person, then day; a person
    in several roles may have several rows. Raises ValueError without any roster.
    """
    person = np.concatenate([r.person for r in rosters])
    joined = np.concatenate([r.joined for r in rosters])
    left = np.concatenate([r.left for r in rosters])
    access = np.concatenate([r.access for r in rosters])

    people, rank = np.unique(person, return_inverse=True)
    # One sortable number per (person, day): a day fits into 32 bits, the person's rank goes above them.
    starts, ends = (rank << 32) + joined, (rank << 32) + left
    cuts = np.unique(np.concatenate([starts, ends]))
    first = np.searchsorted(cuts, starts)
    pieces = np.maximum(np.searchsorted(cuts, ends) - first, 0)

    membership = np.repeat(np.arange(len(person)), pieces)
    nth = np.arange(len(membership)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    piece = first[membership] + nth
    earliest = np.full(len(cuts), NO_ACCESS, np.int32)
    np.minimum.at(earliest, piece, access[membership])

    covered = np.unique(piece)
    day = (cuts & 0xFFFFFFFF).astype(np.int32)
    return Roster(people[cuts[covered] >> 32], day[covered], day[covered + 1], earliest[covered])
