"""The outbox: due deliveries are claimed one by one, so that no two workers send the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update

from events.database import Database
from service.unit import Unit
from service.worker.clock import store_now
from service.worker.tables import DELIVERY

CLAIM_TIME = timedelta(seconds=60)
"""A send takes at most 20 s; whoever has not finished after 60 s has died, and somebody else tries again."""


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours until the claim runs out; `epoch` tells whether it still is."""

    delivery: UUID
    reminder: UUID
    channel: UUID | None
    person: UUID | None
    epoch: int
    attempt: int


def claim(database: Database, workspace_id: str, now: datetime) -> Claim | None:
    """Takes the delivery that is due longest at `now`; None when nothing is due. Committed before it returns."""
    with database.write("work", workspace_id) as connection:
        clock = store_now(connection)
        free = or_(
            and_(DELIVERY.c.state == "due", DELIVERY.c.due_at <= now),
            # Its claimant died between claim and finish.
            and_(DELIVERY.c.state == "claimed", DELIVERY.c.claimed_until <= clock),
        )
        next_due = (
            select(DELIVERY.c.delivery_id)
            .where(DELIVERY.c.workspace_id == workspace_id, free)
            .order_by(DELIVERY.c.due_at)
            .limit(1)
            # Without it two workers would wait for one row, and the second find it taken; so it takes the next.
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        row = connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.workspace_id == workspace_id, DELIVERY.c.delivery_id == next_due)
            .values(
                state="claimed",
                claimed_until=clock + CLAIM_TIME,
                epoch=DELIVERY.c.epoch + 1,
                attempts=DELIVERY.c.attempts + 1,
            )
            .returning(DELIVERY)
        ).first()
    if row is None:
        return None
    return Claim(row.delivery_id, row.reminder_id, row.channel_id, row.person_id, row.epoch, row.attempts)


def finish(unit: Unit, claimed: Claim, values: Mapping[str, Any]) -> bool:
    """Settles a claim; False when it ran out and is somebody else's by now, and nothing may be recorded."""
    settled = unit.connection.execute(
        update(DELIVERY)
        .where(
            DELIVERY.c.workspace_id == unit.workspace.id,
            DELIVERY.c.delivery_id == claimed.delivery,
            DELIVERY.c.state == "claimed",
            DELIVERY.c.epoch == claimed.epoch,
        )
        .values(claimed_until=None, **values)
    )
    return settled.rowcount == 1
