"""Every event type there is, and its way to JSON and back."""

from __future__ import annotations

from typing import Any

import msgspec

from events.types import adkar, change, people, reinforcement, training
from events.types.base import Event

CATALOG: tuple[type[Event], ...] = (
    people.PersonRegistered,
    people.PersonConfirmed,
    people.PersonOptedOut,
    people.ActorLinked,
    change.ChangeLaunched,
    change.ChangeAmended,
    change.AdoptionDefined,
    change.RoleImpacted,
    change.MemberPlaced,
    adkar.Assessed,
    adkar.StageRecorded,
    training.TrainingRecorded,
    reinforcement.ReminderRaised,
    reinforcement.ReminderDropped,
    reinforcement.ReminderAcknowledged,
    reinforcement.ReminderSnoozed,
    reinforcement.ReminderNoted,
    reinforcement.ChannelAdded,
    reinforcement.ChannelDisabled,
    reinforcement.DeliverySent,
    reinforcement.DeliveryFailed,
)

_BY_NAME = {kind.wire: kind for kind in CATALOG}


class UnknownEvent(Exception):
    """An event in the log is of a type or version that this code does not know; an older program reads a newer log."""


def encode(event: Event) -> str:
    """Canonical JSON: sorted keys, no white space, UTF-8; equal events give equal text, so hashes can be repeated."""
    return msgspec.json.encode(event, order="sorted").decode()


def decode(name: str, version: int, data: str) -> Event:
    """The event of wire name `name` that `encode` wrote as `data`. Raises UnknownEvent when it cannot be read."""
    kind = _BY_NAME.get(name)
    if kind is None or version != kind.version:
        raise UnknownEvent(f"{name} version {version} is newer than this program")
    event: Event = _decoder(kind).decode(data)
    return event


_decoders: dict[type[Event], msgspec.json.Decoder[Any]] = {}


def _decoder(kind: type[Event]) -> msgspec.json.Decoder[Any]:
    """msgspec compiles a decoder per type; reading a long log builds each once."""
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]
