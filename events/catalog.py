"""Every event type there is, and its way to JSON and back."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from events.types import adkar, change, people, reinforcement, training, trust, usage
from events.types.base import Event
from events.upcasting import upcast

CATALOG: tuple[type[Event], ...] = (
    people.PersonRegistered,
    people.PersonConfirmed,
    people.PersonOptedOut,
    people.ActorLinked,
    people.ActorsMerged,
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
    trust.HeadSigned,
    trust.FactWithdrawn,
    usage.UsageRetracted,
    usage.UsageSealed,
    usage.SourceExpected,
)

_BY_NAME = {kind.wire: kind for kind in CATALOG}


class UnknownEvent(Exception):
    """An event in the log is of a type or version that this code does not know; an older program reads a newer log."""


def encode(event: Event) -> str:
    """Canonical JSON: sorted keys, no white space, UTF-8, instants in UTC, so that hashes can be repeated.

    Raises ValueError for an event that would not be read back as the same: a naive instant, a NaN, a value that is not
    of its field's type.
    """
    event = _in_utc(event)
    # A fact in the log cannot be mended: one that nobody can decode would break every reader for ever.
    readable = _shape(type(event)).decoder.decode(msgspec.json.encode(event))
    if readable != event:
        raise ValueError(f"this {event.wire} would be read back as another")
    return msgspec.json.encode(readable, order="sorted").decode()


def decode(name: str, version: int, data: str) -> Event:
    """The event of wire name `name` that `encode` wrote as `data`, in the shape that this code knows.

    Raises UnknownEvent for a type or version newer than the catalog, msgspec.DecodeError for spoilt data.
    """
    kind = _BY_NAME.get(name)
    if kind is None or not 1 <= version <= kind.version:
        raise UnknownEvent(f"{name} version {version} is newer than this program")
    if version < kind.version:
        data = msgspec.json.encode(upcast(name, version, msgspec.json.decode(data), kind.version)).decode()
    event: Event = _shape(kind).decoder.decode(data)
    return event


def _in_utc(event: Event) -> Event:
    instants = {
        name: value for name in _shape(type(event)).instants if isinstance(value := getattr(event, name), datetime)
    }
    if any(value.utcoffset() is None for value in instants.values()):
        raise ValueError(f"an instant in {event.wire} has no zone")
    return replace(event, **{name: value.astimezone(UTC) for name, value in instants.items()}) if instants else event


@dataclass(frozen=True)
class _Shape:
    """What is worked out once per type. instants: fields that may hold one; an instant in any other field is not of
    its type, which `encode` notices. decoder: msgspec compiles one per type."""

    instants: tuple[str, ...]
    decoder: msgspec.json.Decoder[Any]


_shapes: dict[type[Event], _Shape] = {}


def _shape(kind: type[Event]) -> _Shape:
    if kind not in _shapes:
        instants = tuple(field.name for field in fields(kind) if "datetime" in str(field.type))
        _shapes[kind] = _Shape(instants, msgspec.json.Decoder(kind))
    return _shapes[kind]
