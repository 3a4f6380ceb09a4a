"""Reminders answered, put off and noted; channels; opting out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from adkar.refusal import Refused
from events.envelope import new_id
from events.log import stream_of
from events.types.base import Event
from events.types.people import PersonOptedOut
from events.types.reinforcement import (
    ChannelAdded,
    ReminderAcknowledged,
    ReminderNoted,
    ReminderRaised,
    ReminderSnoozed,
)
from service.access import Principal
from service.commands.changes import load_change, role_of
from service.directory.tables import CHANNEL
from service.http.problem import Problem
from service.unit import Unit
from service.worker.tables import DELIVERY


def acknowledge(unit: Unit, principal: Principal, reminder: UUID, data: Mapping[str, Any]) -> None:
    """Somebody answered: did it, cannot, or not mine. Raises Problem 404."""
    _append(
        unit,
        principal,
        reminder,
        ReminderAcknowledged(reminder=reminder, action=data["action"], note=unit.seal(data.get("note"))),
    )


def snooze(unit: Unit, principal: Principal, reminder: UUID, until: datetime) -> None:
    """Puts a reminder off; it is judged again when the time comes. Raises Refused and Problem 404."""
    if until <= unit.now:
        raise Refused("invalid", "until", "must lie ahead")
    raised = _append(unit, principal, reminder, ReminderSnoozed(reminder=reminder, until=until))
    first = unit.connection.execute(
        select(DELIVERY).where(DELIVERY.c.workspace_id == unit.workspace.id, DELIVERY.c.reminder_id == reminder)
    ).first()
    if first:
        unit.connection.execute(
            insert(DELIVERY).values(
                workspace_id=unit.workspace.id,
                delivery_id=new_id(),
                reminder_id=reminder,
                subscriber=first.subscriber,
                cause=f"{raised.cause}:snoozed:{until.isoformat()}",
                channel_id=first.channel_id,
                person_id=first.person_id,
                state="held",
                due_at=until,
                epoch=0,
                attempts=0,
            )
        )


def note(unit: Unit, principal: Principal, reminder: UUID, text: str) -> None:
    """Writes a note on a reminder. Raises Problem 404."""
    _append(unit, principal, reminder, ReminderNoted(reminder=reminder, note=unit.vault.seal(unit.workspace.id, text)))


def add_channel(unit: Unit, slack_base: str, data: Mapping[str, Any]) -> UUID:
    """Connects a channel for aggregate alerts. Raises Refused, and Problem for an unknown change or role."""
    if data["kind"] == "slack" and not data["target"].startswith(slack_base):
        raise Refused("invalid", "target", f"a Slack webhook address begins with {slack_base}")
    if data["kind"] == "mail" and "@" not in data["target"]:
        raise Refused("invalid", "target", "a mail address, such as team@example.org")
    audience = data.get("audience") or {}
    change = load_change(unit.connection, unit.workspace.id, audience["change"]) if audience.get("change") else None
    role = None
    if audience.get("role"):
        if change is None:
            raise Refused("invalid", "audience.change", "a role needs its change beside it")
        role = role_of(change, audience["role"], "audience.role")
    channel, target = new_id(), unit.vault.seal(unit.workspace.id, data["target"])
    scope = {"change": change.id if change else None, "role": role.id if role else None}
    unit.connection.execute(
        insert(CHANNEL).values(
            workspace_id=unit.workspace.id,
            channel_id=channel,
            kind=data["kind"],
            target_key=target.key,
            target=target.box,
            change_id=scope["change"],
            role_id=scope["role"],
            disabled=False,
            failures=0,
        )
    )
    unit.append(channel, [ChannelAdded(channel=channel, kind=data["kind"], **scope)])
    return channel


def opt_out(unit: Unit, person: UUID, opted_out: bool = True) -> None:
    """A person wants no more nudges, or wants them again."""
    unit.append(person, [PersonOptedOut(person=person, opted_out=opted_out)])


def _append(unit: Unit, principal: Principal, reminder: UUID, event: Event) -> ReminderRaised:
    stream = stream_of(unit.connection, unit.workspace.id, reminder)
    raised = stream[0].event if stream else None
    # A reminder to one person is as good as unknown to whoever may not read personal things.
    if not isinstance(raised, ReminderRaised) or (raised.audience == "person" and not principal.may("personal:read")):
        raise Problem(404, "unknown_reminder", "There is no such reminder.")
    unit.append(reminder, [event])
    return raised
