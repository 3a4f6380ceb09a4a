"""Where people stand on ADKAR: assessments of a person or a role, and stages recorded for a role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from events.sealed import Sealed
from events.types.base import Event

Element = Literal["awareness", "desire", "knowledge", "ability", "reinforcement"]
Source = Literal["self", "champion", "manager"]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How somebody stands on each element.

    awareness, desire, knowledge, ability, reinforcement: 1 to 5, whole for a person; None where it was not asked.
    """

    awareness: float | None = None
    desire: float | None = None
    knowledge: float | None = None
    ability: float | None = None
    reinforcement: float | None = None


@dataclass(frozen=True, kw_only=True)
class Assessed(Event):
    """A person was assessed, or a role as an average of n people.

    change: id. person: pseudonym, or None for a role. role: id, or None for a person. source: who judged.
    scores: see Scores. method: how it was asked, free name up to 64 characters. n: people behind an average,
    None for a person. note: free text, sealed.
    """

    wire: ClassVar[str] = "adkar.assessed"
    change: UUID
    person: UUID | None
    role: UUID | None
    source: Source
    scores: Scores
    method: str
    n: int | None = None
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class StageRecorded(Event):
    """A champion recorded that a role reached a stage, or fell back from it.

    change, role: ids. stage: element. status: reached or regressed. evidence: free text, sealed.
    """

    wire: ClassVar[str] = "adkar.stage_recorded"
    change: UUID
    role: UUID
    stage: Element
    status: Literal["reached", "regressed"]
    evidence: Sealed | None = None
