"""Reminders as they stand: raised or dropped, sent or failed, answered or put off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Connection, Row, Text, insert, select, update
from sqlmodel import Field, SQLModel

from events.envelope import Recorded
from events.tables import table
from events.types import reinforcement as told


class ReminderRow(SQLModel, table=True):
    """A reminder. `state`: raised, sent, failed, snoozed, acknowledged or dropped; `reason` says why it was dropped."""

    __tablename__ = "rm_reminder"

    workspace_id: str = Field(primary_key=True)
    reminder_id: UUID = Field(primary_key=True)
    since_position: int = Field(sa_type=BigInteger)
    change_id: UUID = Field(index=True)
    role_id: UUID
    rule: str
    cause: str
    audience: str
    subject_id: UUID | None = None
    recipient_id: UUID | None = None
    facts: str = Field(sa_type=Text)
    raised_at: datetime
    due: datetime
    state: str
    reason: str | None = None
    action: str | None = None
    sent_at: datetime | None = None


_TABLE = table("rm_reminder")


class Reminders:
    name = "reminders"
    tables = (_TABLE,)

    def apply(self, connection: Connection, recorded: Recorded) -> None:
        match recorded.event:
            case told.ReminderRaised() as raised:
                _insert(connection, recorded, raised)
            case told.ReminderDropped(reminder=reminder, reason=reason):
                self._set(connection, recorded, reminder, state="dropped", reason=reason)
            case told.DeliverySent(reminder=reminder):
                self._set(connection, recorded, reminder, state="sent", sent_at=recorded.occurred_at)
            case told.DeliveryFailed(reminder=reminder, reason=reason, retry=None):
                self._set(connection, recorded, reminder, state="failed", reason=reason)
            case told.ReminderSnoozed(reminder=reminder, until=until):
                self._set(connection, recorded, reminder, state="snoozed", due=until)
            case told.ReminderAcknowledged(reminder=reminder, action=action):
                self._set(connection, recorded, reminder, state="acknowledged", action=action)

    def _set(self, connection: Connection, recorded: Recorded, reminder: UUID, **values: object) -> None:
        connection.execute(
            update(_TABLE)
            .where(
                _TABLE.c.workspace_id == recorded.workspace_id,
                _TABLE.c.reminder_id == reminder,
                # An answer stands, whatever a late delivery says.
                _TABLE.c.state != "acknowledged",
            )
            .values(**values)
        )


def _insert(connection: Connection, recorded: Recorded, raised: told.ReminderRaised) -> None:
    connection.execute(
        insert(_TABLE).values(
            workspace_id=recorded.workspace_id,
            reminder_id=raised.reminder,
            since_position=recorded.position,
            change_id=raised.change,
            role_id=raised.role,
            rule=raised.rule,
            cause=raised.cause,
            audience=raised.audience,
            subject_id=raised.subject,
            recipient_id=raised.recipient,
            facts=msgspec.json.encode(raised.facts).decode(),
            raised_at=recorded.occurred_at,
            due=raised.due,
            state="raised",
        )
    )


def reminders_of(
    connection: Connection, workspace_id: str, change: UUID, limit: int = 500
) -> Sequence[Row[*tuple[Any, ...]]]:
    """A change's reminders, newest first, with the columns of ReminderRow."""
    return connection.execute(
        select(_TABLE)
        .where(_TABLE.c.workspace_id == workspace_id, _TABLE.c.change_id == change)
        .order_by(_TABLE.c.raised_at.desc(), _TABLE.c.since_position.desc())
        .limit(limit)
    ).all()


def nudges_since(connection: Connection, workspace_id: str, instant: datetime) -> dict[UUID, list[datetime]]:
    """When each person was, or will be, nudged since `instant`, across all changes."""
    rows = connection.execute(
        select(_TABLE.c.recipient_id, _TABLE.c.due).where(
            _TABLE.c.workspace_id == workspace_id,
            _TABLE.c.audience == "person",
            _TABLE.c.state != "dropped",
            _TABLE.c.due > instant,
        )
    )
    found: dict[UUID, list[datetime]] = {}
    for recipient, due in rows:
        found.setdefault(recipient, []).append(due)
    return found
