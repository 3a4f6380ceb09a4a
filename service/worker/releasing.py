"""Deliveries that were held over quiet hours or a snooze are judged again when their time comes."""

from __future__ import annotations

from uuid import uuid5

from sqlalchemy import select, update

from events.envelope import NewEvent
from events.log import stream_of
from events.types.reinforcement import ReminderDropped, ReminderRaised
from service.unit import Unit
from service.worker.tables import DELIVERY

RESOLVED = "resolved_while_held"


def release(unit: Unit, causes: set[str]) -> int:
    """Lets go of held deliveries whose time has come: due if a rule still wants them, else dropped. Answers how many.

    causes: what the rules want now.
    """
    held = unit.connection.execute(
        select(DELIVERY).where(
            DELIVERY.c.workspace_id == unit.workspace.id, DELIVERY.c.state == "held", DELIVERY.c.due_at <= unit.now
        )
    ).all()
    for row in held:
        stream = stream_of(unit.connection, unit.workspace.id, row.reminder_id)
        raised = stream[0].event
        still = isinstance(raised, ReminderRaised) and raised.cause in causes
        unit.connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.workspace_id == unit.workspace.id, DELIVERY.c.delivery_id == row.delivery_id)
            .values(state="due" if still else "dropped")
        )
        if isinstance(raised, ReminderRaised) and not still:
            event = ReminderDropped(
                reminder=raised.reminder,
                change=raised.change,
                role=raised.role,
                rule=raised.rule,
                cause=raised.cause,
                audience=raised.audience,
                recipient=raised.recipient,
                reason=RESOLVED,
            )
            unit.append_all(
                [
                    NewEvent(
                        stream=raised.reminder,
                        event=event,
                        occurred_at=unit.now,
                        event_id=uuid5(row.delivery_id, RESOLVED),
                    )
                ]
            )
    return len(held)
