"""What a rule sees, and what it raises."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from adkar.adoption import Point


@dataclass(frozen=True)
class Reminder:
    """subject: the person it is about, None for a group. recipient: None when nobody is named.

    cause: equal for all evaluations of the same occasion, so that one message goes out for it.
    facts: all that the text of the message may say.
    """

    rule: str
    change: UUID
    role: UUID
    subject: UUID | None
    audience: Literal["person", "manager"]
    recipient: UUID | None
    cause: str
    facts: Mapping[str, str | int | float]


@dataclass(frozen=True)
class Learner:
    """A member of a role; dates in the change's zone.

    left: first day after the membership, None while open. trained: day on which the last required course
    was satisfied, None while one is open and when none is required; training_asked tells which.
    """

    person: UUID
    joined: date
    left: date | None
    access: date
    trained: date | None
    training_asked: bool
    ever_used: bool


@dataclass(frozen=True)
class RoleState:
    """One role of one change at the moment of evaluation.

    zone: IANA name of the change's zone. target_rate, baseline: 0 to 1. weeks: every complete week since
    go-live, oldest first, each by the point of its last day, not suppressed: rules hide what is too small.
    minimum: least number of people a figure may be about.
    """

    change: UUID
    role: UUID
    change_name: str
    role_name: str
    zone: str
    go_live: date
    target_rate: float
    target_by: date
    baseline: float | None
    manager: UUID | None
    learners: Sequence[Learner]
    weeks: Sequence[Point]
    minimum: int


Rule = Callable[[RoleState, datetime], list[Reminder]]
