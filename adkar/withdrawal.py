"""Facts taken back: which may be, and what is left of a stream without them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar
from uuid import UUID

from adkar.refusal import Refused
from events.types.adkar import Assessed, StageRecorded
from events.types.base import Event
from events.types.change import AdoptionDefined, ChangeAmended, MemberPlaced
from events.types.people import ActorLinked, ActorsMerged, PersonOptedOut, PersonRegistered
from events.types.training import TrainingRecorded
from events.types.trust import FactWithdrawn
from events.types.usage import UsageRetracted

WITHDRAWABLE: tuple[type[Event], ...] = (
    Assessed,
    StageRecorded,
    TrainingRecorded,
    MemberPlaced,
    ActorLinked,
    ActorsMerged,
    PersonRegistered,
    PersonOptedOut,
    ChangeAmended,
    AdoptionDefined,
    UsageRetracted,
)
"""What people state and may misstate. What the service did, such as sending, happened and cannot be taken back; a
change or a role on which other facts stand is closed or amended instead."""


class Told(Protocol):
    """An event in the log."""

    @property
    def event_id(self) -> UUID: ...
    @property
    def event(self) -> Event: ...


_Told = TypeVar("_Told", bound=Told)


def standing(stream: Iterable[_Told]) -> list[_Told]:
    """What counts of a stream: everything but what was withdrawn, and the withdrawals."""
    told = list(stream)
    gone = withdrawn(told)
    return [one for one in told if one.event_id not in gone and not isinstance(one.event, FactWithdrawn)]


def withdrawn(stream: Iterable[Told]) -> set[UUID]:
    """Ids of the events of a stream that were withdrawn."""
    return {one.event.event_id for one in stream if isinstance(one.event, FactWithdrawn)}


def is_withdrawable(event: Event) -> bool:
    """Whether an event can be taken back; a change is never left without a definition of adoption."""
    first_definition = isinstance(event, AdoptionDefined) and event.number == 1
    return isinstance(event, WITHDRAWABLE) and not first_definition


def check_withdrawable(event: Event) -> None:
    """Raises Refused for an event that cannot be taken back."""
    if not is_withdrawable(event):
        raise Refused("not_withdrawable", "event_id", f"{event.wire} cannot be withdrawn")
