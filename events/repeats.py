"""Arrivals of the same fact: an event whose id stands in the log already is one fact when it says the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, select

from events.catalog import encode
from events.envelope import NewEvent
from events.log import chunks
from events.tables import EVENT

Content = tuple[UUID, str, str, datetime]
"""An event's stream, wire name, canonical data and instant: what must be equal for two arrivals to be one fact."""


class IdTaken(Exception):
    """An event of that id stands in the log already and says something else."""

    def __init__(self, event_id: UUID) -> None:
        super().__init__(f"event {event_id} was recorded before with other content")
        self.event_id = event_id


def content(new: NewEvent) -> Content:
    """What an event says, as `contents` tells it of recorded ones."""
    # In UTC, because Python holds a local time that comes twice (clocks going back) unequal to any other zone's.
    return (new.stream, new.event.wire, encode(new.event), new.occurred_at.astimezone(UTC))


def contents(connection: Connection, workspace_id: str, event_ids: Sequence[UUID]) -> dict[UUID, Content]:
    """What the events of these ids say; ids that stand nowhere are left out."""
    known: dict[UUID, Content] = {}
    for some in chunks(event_ids):
        found = connection.execute(
            select(EVENT.c.event_id, EVENT.c.stream, EVENT.c.type, EVENT.c.data, EVENT.c.occurred_at).where(
                EVENT.c.workspace_id == workspace_id, EVENT.c.event_id.in_(some)
            )
        )
        known.update({row.event_id: (row.stream, row.type, row.data, row.occurred_at) for row in found})
    return known


def without_repeats(connection: Connection, workspace_id: str, events: Sequence[NewEvent]) -> list[NewEvent]:
    """Those that are not in the log yet, each once. Raises IdTaken for an id that was used for something else."""
    known = contents(connection, workspace_id, [new.event_id for new in events if new.event_id])
    fresh = []
    for new in events:
        if new.event_id:
            if new.event_id in known:
                if known[new.event_id] != content(new):
                    raise IdTaken(new.event_id)
                continue
            known[new.event_id] = content(new)
        fresh.append(new)
    return fresh
