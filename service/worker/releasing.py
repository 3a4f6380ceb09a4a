"""Deliveries that were held over quiet hours or a snooze are judged again when their time comes."""

from __future__ import annotations

from collections.abc import Set
from uuid import UUID

from sqlalchemy import select, update

from service.unit import Unit
from service.worker.standing import dropped, standing
from service.worker.tables import DELIVERY

RESOLVED = "resolved_while_held"


def release(unit: Unit, causes: Set[str], frozen: Set[UUID]) -> int:
    """Lets go of held deliveries whose time has come: due if a rule still wants them, else dropped. Answers how many.

    causes: what the rules want now. frozen: roles of which nothing is known now; theirs are held on, for a rule that
    cannot see must not pass for one that is content.
    """
    released = 0
    for reminder in _waiting(unit):
        stands = standing(unit.connection, unit.workspace.id, reminder)
        if stands is None or stands.answered:
            released += _settle(unit, reminder, "dropped")
        elif stands.raised.cause in causes:
            released += _settle(unit, reminder, "due")
        elif stands.raised.role not in frozen:
            released += _settle(unit, reminder, "dropped")
            unit.append(reminder, [dropped(stands.raised, RESOLVED)])
    return released


def _waiting(unit: Unit) -> list[UUID]:
    return list(
        unit.connection.scalars(
            select(DELIVERY.c.reminder_id)
            .distinct()
            .where(
                DELIVERY.c.workspace_id == unit.workspace.id, DELIVERY.c.state == "held", DELIVERY.c.due_at <= unit.now
            )
        )
    )


def _settle(unit: Unit, reminder: UUID, state: str) -> int:
    settled = unit.connection.execute(
        update(DELIVERY)
        .where(
            DELIVERY.c.workspace_id == unit.workspace.id,
            DELIVERY.c.reminder_id == reminder,
            DELIVERY.c.state == "held",
            DELIVERY.c.due_at <= unit.now,
        )
        .values(state=state)
    )
    return settled.rowcount
