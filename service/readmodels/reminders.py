"""Reminders as they stand: raised or dropped, sent or failed, answered or put off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Connection, Row, Text, case, func, insert, select, update
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types import reinforcement as told
from service.readmodels.temporal import live, written


class ReminderRow(SQLModel, table=True):
    """A reminder. `state`: raised, sent, failed, snoozed, acknowledged or dropped.

    `reason`: why it was dropped, or why the last delivery that was not handed over was not.
    """

    __tablename__ = "rm_reminder"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
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

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case told.ReminderRaised() as raised:
                _place(step, raised, "raised", None)
            case told.ReminderDropped() as dropped:
                _place(step, dropped, "dropped", dropped.reason)
            case told.DeliverySent(reminder=reminder):
                # What one subscriber got is sent; that another never will stays beside it as the reason.
                reason = case((_TABLE.c.state == "failed", _TABLE.c.reason), else_=None)
                self._set(step, reminder, state="sent", sent_at=step.recorded.occurred_at, reason=reason)
            case told.DeliveryFailed(reminder=reminder, reason=reason, retry=None):
                state = case((_TABLE.c.state == "sent", "sent"), else_="failed")
                self._set(step, reminder, state=state, reason=reason)
            case told.DeliveryFailed(reminder=reminder, reason=reason):
                self._set(step, reminder, reason=reason)
            case told.ReminderSnoozed(reminder=reminder, until=until):
                self._set(step, reminder, state="snoozed", due=until)
            case told.ReminderAcknowledged(reminder=reminder, action=action):
                self._set(step, reminder, state="acknowledged", action=action)

    def _set(self, step: Step, reminder: UUID, **values: object) -> None:
        step.connection.execute(
            update(_TABLE)
            .where(
                *written(step, _TABLE, reminder_id=reminder),
                # An answer stands, whatever a late delivery says.
                _TABLE.c.state != "acknowledged",
            )
            .values(**values)
        )


def _place(
    step: Step,
    event: told.ReminderRaised | told.ReminderDropped,
    state: str,
    reason: str | None,
) -> None:
    """What was dropped may be raised later, and what was raised may be dropped while it is held."""
    here = written(step, _TABLE, reminder_id=event.reminder)
    recorded = step.recorded
    if step.connection.execute(update(_TABLE).where(*here).values(state=state, reason=reason)).rowcount == 0:
        step.connection.execute(
            insert(_TABLE).values(
                workspace_id=recorded.workspace_id,
                generation=step.generation,
                reminder_id=event.reminder,
                since_position=recorded.position,
                change_id=event.change,
                role_id=event.role,
                rule=event.rule,
                cause=event.cause,
                audience=event.audience,
                recipient_id=event.recipient,
                facts="{}",
                raised_at=recorded.occurred_at,
                due=recorded.occurred_at,
                state=state,
                reason=reason,
            )
        )
    if isinstance(event, told.ReminderRaised):
        facts = msgspec.json.encode(event.facts).decode()
        values = {"subject_id": event.subject, "facts": facts, "raised_at": recorded.occurred_at, "due": event.due}
        step.connection.execute(update(_TABLE).where(*here).values(**values))


def reminders_of(
    connection: Connection, workspace_id: str, change: UUID, limit: int = 500
) -> Sequence[Row[*tuple[Any, ...]]]:
    """A change's reminders, newest first, with the columns of ReminderRow; at most `limit` of each audience.

    Of each, because a thousand nudges would else push the alerts of everybody who may not see nudges off the list.
    """
    here = live(_TABLE, Reminders.name, workspace_id)
    rows = [
        row
        for audience in get_args(told.Audience)
        for row in connection.execute(
            select(_TABLE)
            .where(here, _TABLE.c.change_id == change, _TABLE.c.audience == audience)
            .order_by(_TABLE.c.raised_at.desc(), _TABLE.c.since_position.desc())
            .limit(limit)
        )
    ]
    return sorted(rows, key=lambda row: (row.raised_at, row.since_position), reverse=True)


def personal_count(connection: Connection, workspace_id: str, change: UUID) -> int:
    """How many reminders of a change speak to single people."""
    here = live(_TABLE, Reminders.name, workspace_id), _TABLE.c.change_id == change, _TABLE.c.audience == "person"
    return connection.scalar(select(func.count()).where(*here)) or 0


def nudges_since(connection: Connection, workspace_id: str, instant: datetime) -> dict[UUID, list[datetime]]:
    """When each person was, or will be, nudged since `instant`, across all changes."""
    rows = connection.execute(
        select(_TABLE.c.recipient_id, _TABLE.c.due).where(
            live(_TABLE, Reminders.name, workspace_id),
            _TABLE.c.audience == "person",
            _TABLE.c.state != "dropped",
            _TABLE.c.due > instant,
        )
    )
    found: dict[UUID, list[datetime]] = {}
    for recipient, due in rows:
        found.setdefault(recipient, []).append(due)
    return found
