"""What an organisation agreed with the sources of its telemetry."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid5

from sqlalchemy import Connection, insert, select, update

from events.log import last_of
from events.types.usage import SourceExpected
from service.directory.tables import HEARTBEAT, SOURCE_TERMS
from service.unit import Unit

_STREAMS = UUID("0c8f4d52-6d0b-4c0b-9f0e-2f6f0f8a7e31")


def agree(unit: Unit, source: str, emails_verified: bool) -> None:
    """Sets the terms of a source, whether or not it ever posted."""
    here = SOURCE_TERMS.c.workspace_id == unit.workspace.id, SOURCE_TERMS.c.source == source
    known = unit.connection.execute(update(SOURCE_TERMS).where(*here).values(emails_verified=emails_verified))
    if not known.rowcount:
        row = {"workspace_id": unit.workspace.id, "source": source, "emails_verified": emails_verified}
        unit.connection.execute(insert(SOURCE_TERMS).values(**row))


def expect(unit: Unit, source: str, since: date | None) -> None:
    """Says from which day on a source has to report; says it once."""
    stream, expected = uuid5(_STREAMS, f"{unit.workspace.id}/{source}"), SourceExpected(source=source, since=since)
    # By the log: the read model may not have followed yet.
    last = last_of(unit.connection, unit.workspace.id, [stream]).get(stream)
    if (last.event if last else SourceExpected(source=source, since=None)) != expected:
        unit.append(stream, [expected])


def beat(connection: Connection, workspace_id: str, source: str, day: date) -> None:
    """Notes that a source is there, inside a write transaction."""
    here = {"workspace_id": workspace_id, "source": source, "day": day}
    known = select(HEARTBEAT.c.day).where(*(HEARTBEAT.c[name] == value for name, value in here.items()))
    if connection.execute(known).first() is None:
        connection.execute(insert(HEARTBEAT).values(**here))


def vouches_for_addresses(connection: Connection, workspace_id: str, source: str) -> bool:
    """Whether an address that a source gives proves who somebody is."""
    here = SOURCE_TERMS.c.workspace_id == workspace_id, SOURCE_TERMS.c.source == source
    return bool(connection.scalar(select(SOURCE_TERMS.c.emails_verified).where(*here)))
