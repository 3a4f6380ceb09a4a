"""What came in and has no place yet."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from events.tables import table


class QuarantineRow(SQLModel, table=True):
    """An item as it was sent, in a box under the key of its day, and why it has no place."""

    __tablename__ = "quarantine"

    workspace_id: str = Field(primary_key=True)
    item_hash: str = Field(primary_key=True)
    dialect: str
    source: str
    reason: str
    received_at: datetime
    item_key: UUID
    item: str


QUARANTINE = table("quarantine")
