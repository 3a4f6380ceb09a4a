"""Recorded days of use, and how many of them lie in trailing windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adkar.population import Bools, Days


@dataclass(frozen=True)
class Usage:
    """used: bool[h, m]; row i is the complete day first_day + i, column j the person of row j of the roster.

    A person with several roster rows has the same column several times.
    """

    first_day: int
    used: Bools


@dataclass(frozen=True)
class Totals:
    """Running totals of days of use, from which windows of up to `longest` days are cut.

    running: unsigned[h + 1, m] in the smallest integer that holds such a window; row i counts the days before
    first_day + i. The totals may wrap round; the difference over a window comes out right all the same.
    """

    first_day: int
    longest: int
    running: npt.NDArray[Any]

    def of(self, columns: npt.NDArray[np.int64]) -> Totals:
        """Those of some people; a view of them where they lie side by side."""
        return Totals(self.first_day, self.longest, _picked(self.running.T, columns).T)

    def within(self, days: Days, window: int) -> npt.NDArray[Any]:
        """[d, m]: days of use in the window that ends with each of `days`.

        A day before the first recorded one is a day without use. Raises ValueError for a day after the last one, as
        the running day is never judged, and for a window longer than `longest`.
        """
        if window > self.longest:
            raise ValueError(f"windows of {window} days do not fit into totals for {self.longest}")
        ends = days.astype(np.int64) + 1 - self.first_day
        if ends.max(initial=0) >= len(self.running):
            raise ValueError(f"day {days.max()} is not complete: usage ends before it")
        starts, ends = np.maximum(ends - window, 0), np.maximum(ends, 0)
        return _picked(self.running, ends) - _picked(self.running, starts)  # type: ignore[no-any-return]


def totals(usage: Usage, longest: int) -> Totals:
    """Running totals for windows of up to `longest` days; (h + 1) * m bytes up to 255 days, twice that above."""
    height, people = usage.used.shape
    running = np.zeros((height + 1, people), np.min_scalar_type(longest))
    # As bytes, because numpy copies a bool array whole before it adds it up.
    np.cumsum(usage.used.view(np.uint8), axis=0, dtype=running.dtype, out=running[1:])
    return Totals(usage.first_day, longest, running)


def counted(flags: Bools) -> npt.NDArray[np.int64]:
    """[d]: how many are set in each row of bool[d, m]."""
    # By bits, which is ten times as fast as np.count_nonzero along an axis.
    found: npt.NDArray[np.int64] = np.bitwise_count(np.packbits(flags, axis=1)).sum(axis=1, dtype=np.int64)
    return found


def _picked(rows: npt.NDArray[Any], at: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    # Consecutive days, and the people of one role, are a slice; only others have to be copied together.
    if len(at) and at[-1] - at[0] == len(at) - 1 and bool(np.all(np.diff(at) == 1)):
        return rows[at[0] : at[-1] + 1]
    return rows[at]
