"""How often people used which feature on which day, without the days on which they did not."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adkar.population import Days

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Actions:
    """One entry a day, person and feature, in any order and possibly several; four arrays of length n.

    day: int32, ordinal. person: int64, the number that a roster calls the person by. feature: int32, one of
    those that count, numbered from 0 on. count: int64, actions, at least 1.
    """

    day: Days
    person: Ints
    feature: npt.NDArray[np.int32]
    count: Ints

    def between(self, first: int, last: int) -> "Actions":
        """Those of a span of days, both ends included."""
        here = (first <= self.day) & (self.day <= last)
        return Actions(self.day[here], self.person[here], self.feature[here], self.count[here])

    def of(self, people: Ints) -> "Actions":
        """Those of some people."""
        here = np.isin(self.person, people)
        return Actions(self.day[here], self.person[here], self.feature[here], self.count[here])

    def total(self, people: int) -> Ints:
        """[people]: actions of the persons 0 to people - 1. Exact up to 2**53."""
        return np.bincount(self.person, weights=self.count, minlength=people).astype(np.int64)

    def breadths(self) -> int:
        """Distinct features, a feature counted once for each person."""
        # A table of people by features is small, and to sort millions of entries takes a hundred times as long.
        used = np.zeros((int(self.feature.max(initial=-1)) + 1, int(self.person.max(initial=-1)) + 1), np.bool_)
        used[self.feature, self.person] = True
        return int(np.count_nonzero(used))
