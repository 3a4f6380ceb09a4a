"""Small crowds by hand: members from the first day on, and the days on which each of them used it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from adkar.actions import Actions
from adkar.population import NEVER_LEFT, Roster
from adkar.usage import Usage
from adkar.windows import Reports

MONDAY = 700_001
"""Day 0 of all that follows; ordinal 7 is a Sunday, and so is the day before this one."""


def members(number: int, joined: int = 0, left: int | None = None, access: int | None = None) -> Roster:
    """Days counted from MONDAY; access from joining on unless it is said."""
    return Roster(
        np.arange(number, dtype=np.int64),
        np.full(number, MONDAY + joined, np.int32),
        np.full(number, NEVER_LEFT if left is None else MONDAY + left, np.int32),
        np.full(number, MONDAY + (joined if access is None else access), np.int32),
    )


def used_on(height: int, *people: Collection[int]) -> Usage:
    """So many days; one collection of days a person."""
    grid = [[day in days for days in people] for day in range(height)]
    return Usage(MONDAY, np.array(grid, np.bool_).reshape(height, len(people)))


def reported(height: int, silent: Collection[int] = ()) -> Reports:
    """Something was expected on Mondays to Fridays, and came but on the silent days."""
    expected = np.array([day % 7 < 5 for day in range(height)])
    return Reports(MONDAY, np.array([day in silent for day in range(height)]) & expected, expected)


def acted(*entries: tuple[int, int, int, int]) -> Actions:
    """Entries of day, person, feature and count."""
    table: Sequence[Sequence[int]] = list(zip(*entries, strict=True)) or [[], [], [], []]
    days, people, features, counts = (np.array(column, np.int64) for column in table)
    return Actions((MONDAY + days).astype(np.int32), people, features.astype(np.int32), counts)
