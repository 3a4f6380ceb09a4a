"""How a reminder stands, by its own stream, and whether its message may still leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from adkar.reinforcement.pipeline import Drop, decide
from adkar.reinforcement.reminder import Reminder
from events.log import stream_of
from events.types.reinforcement import ReminderAcknowledged, ReminderDropped, ReminderRaised
from service.directory.tables import PERSON
from service.readmodels.optouts import opted_out
from service.unit import Workspace


@dataclass(frozen=True)
class Standing:
    """A reminder as it was raised, and whether somebody has answered it."""

    raised: ReminderRaised
    answered: bool


@dataclass(frozen=True)
class Withheld:
    """Why a delivery does not leave. values: what its row says from now on. told: what is recorded of it."""

    values: Mapping[str, object]
    told: ReminderDropped | None = None


def standing(connection: Connection, workspace_id: str, reminder: UUID) -> Standing | None:
    """None for a reminder that was never raised; one that was dropped at first may have been raised later."""
    events = [recorded.event for recorded in stream_of(connection, workspace_id, reminder)]
    raised = next((event for event in events if isinstance(event, ReminderRaised)), None)
    answered = any(isinstance(event, ReminderAcknowledged) for event in events)
    return Standing(raised, answered) if raised else None


def withheld(connection: Connection, workspace: Workspace, stands: Standing, now: datetime) -> Withheld | None:
    """The last look before a message leaves: it may have waited through an answer, an opt-out or the evening."""
    if stands.answered:
        return Withheld({"state": "dropped"})
    raised = stands.raised
    verdict = decide(
        Reminder(
            rule=raised.rule,
            change=raised.change,
            role=raised.role,
            subject=raised.subject,
            audience=raised.audience,
            recipient=raised.recipient,
            cause=raised.cause,
            facts=raised.facts,
        ),
        now=now,
        zone=_zone(connection, workspace, raised.recipient),
        opted_out=raised.audience == "person" and raised.recipient in opted_out(connection, workspace.id),
        # The cool-down counted this very reminder when it was raised.
        recent=(),
    )
    if isinstance(verdict, Drop):
        return Withheld({"state": "dropped"}, dropped(raised, verdict.reason))
    return Withheld({"state": "held", "due_at": verdict.at}) if verdict.at > now else None


def dropped(raised: ReminderRaised, reason: str) -> ReminderDropped:
    """What is recorded when a raised reminder is not sent after all."""
    return ReminderDropped(
        reminder=raised.reminder,
        change=raised.change,
        role=raised.role,
        rule=raised.rule,
        cause=raised.cause,
        audience=raised.audience,
        recipient=raised.recipient,
        reason=reason,
    )


def _zone(connection: Connection, workspace: Workspace, recipient: UUID | None) -> str:
    own = select(PERSON.c.zone).where(PERSON.c.workspace_id == workspace.id, PERSON.c.person_id == recipient)
    return (connection.scalar(own) if recipient else None) or workspace.zone.key
