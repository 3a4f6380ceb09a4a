"""A made-up organisation's use of one app, drawn with numpy: the same for every run but for the date it ends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

DAY_MS = 86_400_000
WINDOW = 28
ENOUGH = 4
_UNIX_EPOCH = 719_163
"""Ordinal of 1970-01-01."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Crowd:
    """Observations, ordered by time, of accounts 1 to `people`; whose role is one of `roles` equal blocks of accounts.

    first_day: ordinal of the first of `days` days. account, feature (from 1), occurred_ms: one entry an observation.
    """

    people: int
    roles: int
    days: int
    features: int
    first_day: int
    account: Ints
    feature: Ints
    occurred_ms: Ints

    @cached_property
    def role(self) -> Ints:
        """By person, from 0: the number of the role; ascending."""
        return np.arange(self.people) * self.roles // self.people

    @cached_property
    def day(self) -> Ints:
        """By observation: the row of its day, from 0."""
        return self.occurred_ms // DAY_MS + _UNIX_EPOCH - self.first_day

    @cached_property
    def used(self) -> npt.NDArray[np.uint8]:
        """[days, people]: 1 where somebody used any feature."""
        used = np.zeros((self.days, self.people), np.uint8)
        used[self.day, self.account - 1] = 1
        return used

    def sets(self) -> list[tuple[int, int, Ints, Ints]]:
        """Per feature and day: feature, row of the day, accounts (sorted), and how often each."""
        key = (self.feature * self.days + self.day) * (self.people + 1) + self.account
        keys, counts = np.unique(key, return_counts=True)
        group, account = np.divmod(keys, self.people + 1)
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        ends = np.append(starts[1:], len(group))
        return [
            (*divmod(int(group[start]), self.days), account[start:end], counts[start:end])
            for start, end in zip(starts, ends, strict=True)
        ]

    def ms(self, row: int) -> int:
        """Instant at which a day begins."""
        return (self.first_day + row - _UNIX_EPOCH) * DAY_MS


def crowd(observations: int, people: int, roles: int, days: int, last_day: int, features: int = 20) -> Crowd:
    """Draws observations over `days` days up to the ordinal `last_day`. Some use it daily, most now and then."""
    chance = np.random.default_rng(11)
    eager = chance.beta(0.6, 2.0, people)
    account = chance.choice(people, observations, p=eager / eager.sum()) + 1
    first_day = last_day - days + 1
    weekday = (first_day - 1 + np.arange(days)) % 7
    busy = np.where(weekday < 5, 1.0, 0.1)
    day = chance.choice(days, observations, p=busy / busy.sum())
    ms = (first_day - _UNIX_EPOCH + day) * DAY_MS + chance.integers(6 * 3_600_000, 20 * 3_600_000, observations)
    order = np.argsort(ms, kind="stable")
    feature = chance.integers(1, features + 1, observations)
    return Crowd(people, roles, days, features, first_day, account[order], feature[order], ms[order])


class Kernel:
    """The bare arithmetic on data that lies in memory already: no people, no bounds, no coverage, no answer."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._daily = [BitMap(np.flatnonzero(row).astype(np.uint32)) for row in crowd.used]
        self._roles = [BitMap(np.flatnonzero(crowd.role == role).astype(np.uint32)) for role in range(crowd.roles)]
        self._cuts = np.searchsorted(crowd.role, np.arange(crowd.roles))

    def monthly(self) -> Ints:
        """[days, roles]: distinct people in the 28 days up to each day, as unions of roaring bitmaps."""
        counts = []
        for day in range(self._crowd.days):
            seen = BitMap.union(*self._daily[max(0, day + 1 - WINDOW) : day + 1])
            counts.append([seen.intersection_cardinality(role) for role in self._roles])
        return np.array(counts)

    def adopted(self) -> Ints:
        """[days, roles]: people with use on 4 days of the 28 up to each day, by running sums over an array."""
        totals = np.zeros((self._crowd.days + 1, self._crowd.people), np.uint8)
        np.cumsum(self._crowd.used, axis=0, dtype=np.uint8, out=totals[1:])
        counts = []
        for day in range(self._crowd.days):
            enough = totals[day + 1] - totals[max(0, day + 1 - WINDOW)] >= ENOUGH
            counts.append(np.add.reduceat(enough, self._cuts, dtype=np.int64))
        return np.array(counts)
