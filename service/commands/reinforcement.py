"""Reminders answered, put off and noted; channels; opting out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import insert, select, update

from adkar.refusal import Refused
from events.envelope import Recorded, new_id
from events.types.base import Event
from events.types.people import PersonOptedOut
from events.types.reinforcement import (
    ChannelAdded,
    ReminderAcknowledged,
    ReminderNoted,
    ReminderSnoozed,
)
from service.access import Principal
from service.commands.changes import load_change, role_of
from service.directory.tables import CHANNEL
from service.http.fields import Email
from service.http.problem import Problem
from service.unit import Unit
from service.worker.standing import standing
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
    snoozed = _append(unit, principal, reminder, ReminderSnoozed(reminder=reminder, until=until))
    of_it = (DELIVERY.c.workspace_id == unit.workspace.id, DELIVERY.c.reminder_id == reminder)
    waiting = set(
        unit.connection.scalars(
            update(DELIVERY)
            .where(*of_it, DELIVERY.c.state.in_(("held", "due")))
            .values(state="held", due_at=until)
            .returning(DELIVERY.c.subscriber)
        )
    )
    # Whoever has had it gets it once more.
    told = unit.connection.execute(
        select(DELIVERY.c.subscriber, DELIVERY.c.channel_id, DELIVERY.c.person_id).where(*of_it).distinct()
    )
    again = [
        {
            "workspace_id": unit.workspace.id,
            "delivery_id": new_id(),
            "reminder_id": reminder,
            "subscriber": row.subscriber,
            "cause": f"{snoozed.event_id}:snoozed",
            "channel_id": row.channel_id,
            "person_id": row.person_id,
            "state": "held",
            "due_at": until,
            "epoch": 0,
            "attempts": 0,
        }
        for row in told
        if row.subscriber not in waiting
    ]
    if again:
        unit.connection.execute(insert(DELIVERY), again)


def note(unit: Unit, principal: Principal, reminder: UUID, text: str) -> None:
    """Writes a note on a reminder. Raises Problem 404."""
    _append(unit, principal, reminder, ReminderNoted(reminder=reminder, note=unit.vault.seal(unit.workspace.id, text)))


def add_channel(unit: Unit, slack_base: str, data: Mapping[str, Any]) -> UUID:
    """Connects a channel for aggregate alerts. Raises Refused, and Problem for an unknown change or role."""
    if data["kind"] == "slack" and not data["target"].startswith(slack_base):
        raise Refused("invalid", "target", f"a Slack webhook address begins with {slack_base}")
    if data["kind"] == "mail":
        _check_address(data["target"])
    audience = data.get("audience") or {}
    change = role = None
    if audience.get("change"):
        change = load_change(unit.connection, unit.workspace.id, audience["change"], field="audience.change")
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


def _check_address(target: str) -> None:
    try:
        Email().deserialize(target)
    except ValidationError as error:
        raise Refused("invalid", "target", str(error.messages[0])) from None


def opt_out(unit: Unit, person: UUID, opted_out: bool = True) -> None:
    """A person wants no more nudges, or wants them again."""
    unit.append(person, [PersonOptedOut(person=person, opted_out=opted_out)])


def _append(unit: Unit, principal: Principal, reminder: UUID, event: Event) -> Recorded:
    stands = standing(unit.connection, unit.workspace.id, reminder)
    # A reminder to one person is as good as unknown to whoever may not read personal things.
    if stands is None or (stands.raised.audience == "person" and not principal.may("personal:read")):
        raise Problem(404, "unknown_reminder", "There is no such reminder.")
    return unit.append(reminder, [event])[0]
