"""Which imports brought observations, and which of them are retracted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, select

from events.tables import SOURCE
from service.directory.retracted import retractions


@dataclass(frozen=True)
class ImportOfUsage:
    """An import that brought observations.

    began: to the millisecond. retracted_by: events that retract it, or some of its days; withdraw them to undo that.
    """

    id: UUID
    source: str
    began: datetime
    retracted_by: list[UUID]


def imports_of_usage(connection: Connection, workspace_id: str) -> list[ImportOfUsage]:
    """Every import whose observations can be retracted by themselves, the newest last."""
    here = SOURCE.c.workspace_id == workspace_id, SOURCE.c.import_id.is_not(None)
    rows = connection.execute(select(SOURCE).where(*here).order_by(SOURCE.c.source_id)).all()
    told = [one for name in {row.name for row in rows} for one in retractions(connection, workspace_id, name)]
    # Several of one that went on under another number.
    numbers: dict[tuple[UUID, str], set[int]] = {}
    for row in rows:
        numbers.setdefault((row.import_id, row.name), set()).add(row.source_id)
    return [
        ImportOfUsage(
            id, name, _instant(id), [recorded.event_id for recorded, event in told if own.intersection(event.numbers)]
        )
        for (id, name), own in numbers.items()
    ]


def _instant(id: UUID) -> datetime:
    # Ids of imports are of version 7, which begins with 48 bits of time in milliseconds (RFC 9562, section 5.7).
    return datetime.fromtimestamp((id.int >> 80) / 1000, UTC)
