"""How long it takes from being able to use it to using it: clocks, and the day on which they stop."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adkar.population import Bools, Days, Roster
from adkar.survival import Curve, kaplan_meier
from adkar.usage import Usage
from adkar.windows import NEVER, Reports, Status, rows

_AT_ONCE = 4096
"""Columns looked at together, which bounds the memory."""


@dataclass(frozen=True)
class Clocks:
    """One for each person, by person: the day it starts, and the last day on which the person is observed."""

    person: npt.NDArray[np.int64]
    start: Days
    end: Days


@dataclass(frozen=True)
class Speed:
    """Of the clocks that started by `last`: the curve of days until it happened. None where unknown or suppressed."""

    first: int | None
    last: int
    curve: Curve | None
    coverage: float | None
    status: Status


def clocks(person: npt.NDArray[np.int64], start: Days, left: Days, last: int) -> Clocks:
    """A person's earliest start, and the day before the latest leaving or `last`, whichever is earlier.

    Memberships that end before the clock starts have none, and neither have those whose clock starts after `last`.
    """
    runs = (start < left) & (start <= last)
    people, place = np.unique(person[runs], return_inverse=True)
    begin, end = np.full(len(people), NEVER, np.int32), np.zeros(len(people), np.int32)
    np.minimum.at(begin, place, start[runs])
    np.maximum.at(end, place, np.minimum(left[runs] - 1, last).astype(np.int32))
    return Clocks(people, begin, end)


def from_access(roster: Roster, go_live: int, last: int) -> Clocks:
    """Clocks that start with the latest of access, joining and go-live: before go-live there is nothing to adopt."""
    start = np.maximum(np.maximum(roster.access, roster.joined), np.int32(go_live))
    return clocks(roster.person, start, roster.left, last)


def first_met(usage: Usage, start: Days, last: int, window: int, min_days: int) -> Days:
    """[m]: the first day from `start` on at whose end the trailing window holds min_days days of use; NEVER if none.

    Memory: a few bytes for each day and 4,096 people.
    """
    seen = usage.used[rows(usage.first_day, len(usage.used), usage.first_day, last)]
    found = np.full(usage.used.shape[1], NEVER, np.int32)
    if not len(seen):
        return found
    days = np.arange(usage.first_day, usage.first_day + len(seen), dtype=np.int32)[:, np.newaxis]
    before = np.maximum(np.arange(1, len(seen) + 1) - window, 0)
    for left in range(0, seen.shape[1], _AT_ONCE):
        some = slice(left, left + _AT_ONCE)
        # The totals may wrap round; the difference over a window comes out right all the same.
        running = np.zeros((len(seen) + 1, seen[:, some].shape[1]), np.min_scalar_type(window))
        np.cumsum(seen[:, some].view(np.uint8), axis=0, dtype=running.dtype, out=running[1:])
        met = (running[1:] - running[before] >= min_days) & (days >= start[some])
        found[some] = np.where(met.any(axis=0), usage.first_day + np.argmax(met, axis=0), NEVER)
    return found


def speed(reports: Reports, running: Clocks, met: Days, last: int, minimum: int) -> Speed:
    """Kaplan-Meier over all clocks: whoever has not met it yet, or left before, is censored, never left out.

    met: [m], the day on which it happened, NEVER if it did not. The days from the earliest clock to `last` have to
    be known: an outage would look like people who took their time.
    """
    if 0 < len(running.person) < minimum:
        return Speed(None, last, None, None, "suppressed")
    if not len(running.person):
        return Speed(None, last, None, None, "known")
    first = int(running.start.min())
    share = reports.coverage(first, last)
    if not reports.known(first, last):
        return Speed(first, last, None, share, "unknown")
    happened: Bools = met <= running.end
    days = np.where(happened, met, running.end) - running.start
    return Speed(first, last, kaplan_meier(days.astype(np.int32), happened, minimum), share, "known")
