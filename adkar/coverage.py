"""Silence is not zero: which days a source had to report, on which it did not, and what may still be said."""

from collections.abc import Collection
from typing import Final

import numpy as np

from adkar.population import Bools, Days

MONDAY_TO_FRIDAY: Final = (0, 1, 2, 3, 4)
ENOUGH: Final = 0.8


def working_days(days: Days, weekdays: Collection[int] = MONDAY_TO_FRIDAY) -> Bools:
    """[d]: the ordinal falls on one of the weekdays, Monday = 0."""
    return np.isin((days - 1) % 7, list(weekdays))


def silent_days(reported: Bools, expected: Bools) -> Bools:
    """[h]: a report was due and did not come."""
    return expected & ~reported


def coverage(silent: Bools, expected: Bools) -> float | None:
    """Share of the expected days of a window on which the sources reported; None when none was expected."""
    due = int(np.count_nonzero(expected))
    missing = int(np.count_nonzero(silent & expected))
    return (due - missing) / due if due else None


def is_known(silent: Bools, expected: Bools) -> bool:
    """The window may be judged: coverage is at least 0.8 and its last expected day was not silent.

    A window in which nothing was expected is known, as on a weekend, unless nobody could have told of it: `silent` days
    on which nothing was expected are such.
    """
    due = np.flatnonzero(expected)
    share = coverage(silent, expected)
    if share is None:
        return not bool(silent.any())
    return share >= ENOUGH and not bool(silent[due[-1]])
