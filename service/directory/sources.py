"""What an organisation agreed with the sources of its telemetry."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from service.directory.tables import SOURCE_TERMS
from service.unit import Unit


def agree(unit: Unit, source: str, emails_verified: bool) -> None:
    """Sets the terms of a source, whether or not it ever posted."""
    here = SOURCE_TERMS.c.workspace_id == unit.workspace.id, SOURCE_TERMS.c.source == source
    known = unit.connection.execute(update(SOURCE_TERMS).where(*here).values(emails_verified=emails_verified))
    if not known.rowcount:
        row = {"workspace_id": unit.workspace.id, "source": source, "emails_verified": emails_verified}
        unit.connection.execute(insert(SOURCE_TERMS).values(**row))


def vouches_for_addresses(connection: Connection, workspace_id: str, source: str) -> bool:
    """Whether an address that a source gives proves who somebody is."""
    here = SOURCE_TERMS.c.workspace_id == workspace_id, SOURCE_TERMS.c.source == source
    return bool(connection.scalar(select(SOURCE_TERMS.c.emails_verified).where(*here)))
