"""Reminders, what people did about them, the channels they go through, and how delivery went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from events.sealed import Sealed
from events.types.base import Event

Audience = Literal["person", "manager"]
Action = Literal["did_it", "cannot", "not_mine"]
ChannelKind = Literal["slack", "mail"]


@dataclass(frozen=True, kw_only=True)
class ReminderRaised(Event):
    """A rule found that somebody should be reminded.

    reminder, change, role: ids. rule: name of the rule. cause: key that makes it unique, so it is raised once.
    audience: who it speaks to. subject: pseudonym it is about, None for an aggregate. recipient: pseudonym of whom it
    goes to, or None when only channels carry it. facts: figures of an aggregate, for the text; never a person's usage.
    due: instant from which it may go out, after quiet hours.
    """

    wire: ClassVar[str] = "reminder.raised"
    reminder: UUID
    change: UUID
    role: UUID
    rule: str
    cause: str
    audience: Audience
    subject: UUID | None
    recipient: UUID | None
    facts: dict[str, str | int | float]
    due: datetime


@dataclass(frozen=True, kw_only=True)
class ReminderDropped(Event):
    """A reminder that a rule wanted was not sent.

    reminder, change, role: ids. rule, cause, audience: as in ReminderRaised. recipient: pseudonym or None.
    reason: why: opted_out, cool_down, nobody_to_tell or resolved_while_held.
    """

    wire: ClassVar[str] = "reminder.dropped"
    reminder: UUID
    change: UUID
    role: UUID
    rule: str
    cause: str
    audience: Audience
    recipient: UUID | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReminderAcknowledged(Event):
    """Somebody answered a reminder.

    reminder: id. action: did it, cannot, or not mine. note: free text, sealed.
    """

    wire: ClassVar[str] = "reminder.acknowledged"
    reminder: UUID
    action: Action
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class ReminderSnoozed(Event):
    """A reminder was put off.

    reminder: id. until: instant from which it may go out again.
    """

    wire: ClassVar[str] = "reminder.snoozed"
    reminder: UUID
    until: datetime


@dataclass(frozen=True, kw_only=True)
class ReminderNoted(Event):
    """Somebody wrote a note on a reminder.

    reminder: id. note: free text, sealed.
    """

    wire: ClassVar[str] = "reminder.noted"
    reminder: UUID
    note: Sealed


@dataclass(frozen=True, kw_only=True)
class ChannelAdded(Event):
    """A channel for aggregate alerts was connected; its address is a secret and stays in the directory.

    channel: id. kind: slack or mail. change: only alerts of this change, or None for all. role: likewise.
    """

    wire: ClassVar[str] = "channel.added"
    channel: UUID
    kind: ChannelKind
    change: UUID | None = None
    role: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class ChannelDisabled(Event):
    """A channel gets no more messages.

    channel: id. reason: by hand, or the code of the failure that repeated.
    """

    wire: ClassVar[str] = "channel.disabled"
    channel: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class DeliverySent(Event):
    """A message was handed over.

    delivery, reminder: ids. channel: id, or None for a person's own address. kind: slack, mail, mailbox or console.
    attempt: 1 for the first try.
    """

    wire: ClassVar[str] = "delivery.sent"
    delivery: UUID
    reminder: UUID
    channel: UUID | None
    kind: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class DeliveryFailed(Event):
    """A message could not be handed over.

    delivery, reminder, channel, kind, attempt: as in DeliverySent. reason: short code, without any address.
    retry: instant of the next try, or None when it was given up.
    """

    wire: ClassVar[str] = "delivery.failed"
    delivery: UUID
    reminder: UUID
    channel: UUID | None
    kind: str
    attempt: int
    reason: str
    retry: datetime | None = None
