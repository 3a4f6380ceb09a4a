"""Of those who began in one week, how many still use it weeks later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from adkar.population import Bools, Roster, impacted
from adkar.usage import Usage
from adkar.windows import Reports, Status, first_use, hidden, used_in

_WEEK = 7


@dataclass(frozen=True)
class Cell:
    """A cohort, `weeks` weeks after the one it began in.

    eligible: those of the cohort who are still members on the week's last day. active: those of them with a day of use
    in the week. rate: active / eligible. A week that is not over is `incomplete` and has no figure.
    """

    weeks: int
    eligible: int | None
    active: int | None
    rate: float | None
    status: Literal["known", "unknown", "suppressed", "incomplete"]


@dataclass(frozen=True)
class Cohort:
    """People whose first use ever lies in the calendar week that begins with `first`, members on its last day."""

    first: int
    people: int | None
    status: Status
    cells: Sequence[Cell]


def retention(roster: Roster, usage: Usage, reports: Reports, mondays: Sequence[int], minimum: int) -> list[Cohort]:
    """A cohort for each of `mondays`, which follow each other week by week and whose weeks are complete.

    Each cohort has as many cells, week 0 included; those beyond the last of the weeks are `incomplete`. A cohort
    that began in a week of silence is unknown altogether: whoever else began then would be missing from it, and
    whoever was in it would seem to have begun later.
    """
    if not mondays:
        return []
    people, column, place = np.unique(roster.person, return_index=True, return_inverse=True)
    mine = Usage(usage.first_day, usage.used[:, column])
    spans = [(monday, monday + _WEEK - 1) for monday in mondays]
    covered = impacted(roster, np.array([last for _, last in spans], np.int32))
    # By person: whoever changed roles in between is covered by another row, and is still the same person.
    here = np.zeros((len(spans), len(people)), np.bool_)
    for week in range(len(spans)):
        here[week, place[covered[week]]] = True
    active = [used_in(mine, *span) for span in spans]
    known = [reports.known(*span) for span in spans]
    begun = first_use(mine, spans[-1][1])
    cohorts = []
    for nth, (first, last) in enumerate(spans):
        cohort = (first <= begun) & (begun <= last) & here[nth]
        later = [
            _cell(weeks, cohort & here[nth + weeks], active[nth + weeks], known[nth + weeks], minimum)
            if nth + weeks < len(spans)
            else Cell(weeks, None, None, None, "incomplete")
            for weeks in range(len(spans))
        ]
        cohorts.append(_row(first, int(np.count_nonzero(cohort)), known[nth], later, minimum))
    return cohorts


def _cell(weeks: int, left: Bools, active: Bools, known: bool, minimum: int) -> Cell:
    of = int(np.count_nonzero(left))
    if hidden(of, minimum):
        return Cell(weeks, None, None, None, "suppressed")
    if not known:
        return Cell(weeks, of, None, None, "unknown")
    still = int(np.count_nonzero(left & active))
    return Cell(weeks, of, still, still / of, "known")


def _row(first: int, people: int, known: bool, cells: Sequence[Cell], minimum: int) -> Cohort:
    status: Status = "suppressed" if hidden(people, minimum) else "known" if known else "unknown"
    if status == "known":
        return Cohort(first, people, status, cells)
    blank = [Cell(c.weeks, None, None, None, "incomplete" if c.status == "incomplete" else status) for c in cells]
    return Cohort(first, None, status, blank)
