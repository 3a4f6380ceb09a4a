"""Where a person stands with each course, folded from the training records.

Statuses follow xAPI and cmi5; registered, unregistered, attended and assigned are our own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

Status = Literal[
    "registered",
    "unregistered",
    "attended",
    "assigned",
    "initialized",
    "completed",
    "passed",
    "failed",
    "abandoned",
    "waived",
    "satisfied",
]


@dataclass(frozen=True)
class Record:
    """One person's record of one course; occurred_at is an aware instant."""

    course: str
    status: Status
    occurred_at: datetime


@dataclass(frozen=True)
class Standing:
    """First instant of each fact about one course, None while it is not so; `failed` is a count.

    completed says nothing about passed, and waived nothing about attended. satisfied_at is the first
    instant at which one of completed, passed, waived or satisfied held.
    """

    registered: datetime | None = None
    assigned: datetime | None = None
    attended: datetime | None = None
    initialized: datetime | None = None
    completed: datetime | None = None
    passed: datetime | None = None
    failed: int = 0
    abandoned: datetime | None = None
    waived: datetime | None = None
    satisfied: datetime | None = None

    @property
    def satisfied_at(self) -> datetime | None:
        ways = (self.completed, self.passed, self.waived, self.satisfied)
        return min((at for at in ways if at is not None), default=None)


def standings(records: Iterable[Record]) -> dict[str, Standing]:
    """Course -> standing, of one person's records in any order.

    A repeated completed or passed changes nothing. Nothing counts after abandoned, until a new
    registration opens the course again.
    """
    courses: dict[str, Standing] = {}
    for record in sorted(records, key=lambda r: r.occurred_at):
        courses[record.course] = _after(courses.get(record.course, Standing()), record)
    return courses


def satisfied_on(records: Iterable[Record], courses: Collection[str]) -> datetime | None:
    """The instant at which the last of the required courses was satisfied.

    None while one is open, and also when no course is required: then no training was asked, which is not
    the same as training not done. `bool(courses)` tells the two apart; whoever passes the instant on passes
    that beside it.
    """
    standing = standings(records)
    instants = [standing.get(course, Standing()).satisfied_at for course in courses]
    done = [at for at in instants if at is not None]
    return max(done, default=None) if len(done) == len(instants) else None


def _after(standing: Standing, record: Record) -> Standing:
    at = record.occurred_at
    match record.status:
        case "registered":
            return replace(standing, registered=standing.registered or at, abandoned=None)
        case _ if standing.abandoned:
            return standing
        case "unregistered":
            return replace(standing, registered=None)
        case "failed":
            return replace(standing, failed=standing.failed + 1)
        case fact:
            first: dict[str, Any] = {fact: getattr(standing, fact) or at}
            return replace(standing, **first)
