"""Spans of days, first and last included, over recorded use: who used it in one, and whether one may be judged."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from adkar.coverage import ENOUGH, coverage, is_known
from adkar.population import Bools, Days
from adkar.usage import Usage

NEVER: Final = np.int32(np.iinfo(np.int32).max)

Status = Literal["known", "unknown", "suppressed"]


@dataclass(frozen=True)
class Reports:
    """silent, expected: bool[h] on the rows of a Usage; days before first_day expected nothing.

    A day that is silent and not expected is one of which nobody was to tell yet, and nobody did.
    """

    first_day: int
    silent: Bools
    expected: Bools

    def coverage(self, first: int, last: int) -> float | None:
        """Share of the expected days of a span that were reported; None when none was expected."""
        here = rows(self.first_day, len(self.silent), first, last)
        return coverage(self.silent[here], self.expected[here])

    def known(self, first: int, last: int) -> bool:
        """The span may be judged: see `coverage.is_known`."""
        here = rows(self.first_day, len(self.silent), first, last)
        return is_known(self.silent[here], self.expected[here])

    def judged(self, days: Days, window: int) -> tuple[list[float | None], list[bool]]:
        """`coverage` and `known` of the trailing window that ends with each of `days`, all at once."""
        lost = self.silent & self.expected
        ends = np.clip(days + 1 - self.first_day, 0, len(lost))
        starts = np.clip(days + 1 - window - self.first_day, 0, len(lost))
        due, missing, untold = (_sums(flags, starts, ends) for flags in (self.expected, lost, self.silent))
        latest = np.maximum.accumulate(np.where(self.expected, np.arange(len(lost)), 0))
        ended_silent = lost[latest[np.maximum(ends - 1, 0)]]
        share = (due - missing) / np.maximum(due, 1)
        known = np.where(due == 0, untold == 0, (share >= ENOUGH) & ~ended_silent)
        return [one if of else None for one, of in zip(share.tolist(), due.tolist(), strict=True)], known.tolist()


def _sums(flags: Bools, starts: Days, ends: Days) -> Days:
    running: Days = np.concatenate([[0], np.cumsum(flags)]).astype(np.int32)
    between: Days = running[ends] - running[starts]
    return between


def rows(first_day: int, height: int, first: int, last: int) -> slice:
    """The recorded rows of a span. Raises ValueError when the span reaches beyond them: use of it is not complete."""
    if last - first_day >= height:
        raise ValueError(f"day {last} is not complete: usage ends before it")
    return slice(max(first - first_day, 0), max(last + 1 - first_day, 0))


def used_in(usage: Usage, first: int, last: int) -> Bools:
    """[m]: at least one day of use in the span."""
    return np.any(usage.used[rows(usage.first_day, len(usage.used), first, last)], axis=0)  # type: ignore[no-any-return]


def days_in(usage: Usage, first: int, last: int) -> Days:
    """[m]: distinct days of use in the span."""
    days: Days = np.sum(usage.used[rows(usage.first_day, len(usage.used), first, last)], axis=0, dtype=np.int32)
    return days


def first_use(usage: Usage, last: int) -> Days:
    """[m]: the first day of use ever, up to `last`; NEVER without any."""
    seen = usage.used[rows(usage.first_day, len(usage.used), usage.first_day, last)]
    if not len(seen):
        return np.full(usage.used.shape[1], NEVER, np.int32)
    day = usage.first_day + np.argmax(seen, axis=0).astype(np.int32)
    return np.where(seen.any(axis=0), day, NEVER)


def hidden(eligible: int, minimum: int) -> bool:
    """A group of so many people shows no figure. Nobody at all is hidden as well, as the size says something too."""
    return eligible < minimum
