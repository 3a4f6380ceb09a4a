"""What happened to a learner in a course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from events.types.base import Event

Status = Literal[
    "registered",
    "unregistered",
    "assigned",
    "attended",
    "initialized",
    "completed",
    "passed",
    "failed",
    "abandoned",
    "waived",
    "satisfied",
]


@dataclass(frozen=True, kw_only=True)
class TrainingRecorded(Event):
    """A learner's step in a course; the vocabulary is cmi5's, with attended and assigned added.

    person: pseudonym. course: the organisation's key of the course. status: see Status.
    score: scaled, -1 to 1, or None.
    """

    wire: ClassVar[str] = "training.recorded"
    person: UUID
    course: str
    status: Status
    score: float | None = None
