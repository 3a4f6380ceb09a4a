"""Learning statements as they were sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from events.tables import table


class StatementRow(SQLModel, table=True):
    """An xAPI statement in a box under a key of its actor, and what it can be found by.

    `number` counts in the order of storing. `digest`, `agent` (its actor), `object_agent`, `activity` and `session` are
    blind indexes; `digest` tells a repeat from another statement of the same id. `stated_by` is the key that brought
    it. `browsing`: a launch that was for a look only. `voids` names the statement that this one takes back.
    """

    __tablename__ = "xapi_statement"
    __table_args__ = (
        UniqueConstraint("workspace_id", "number", name="xapi_statement_number"),
        Index("xapi_statement_agent", "workspace_id", "agent"),
        Index("xapi_statement_session", "workspace_id", "session"),
        Index("xapi_statement_voids", "workspace_id", "voids"),
    )

    workspace_id: str = Field(primary_key=True)
    statement_id: UUID = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    digest: str
    source: str
    stated_by: str
    stored_at: datetime
    agent: str | None = None
    object_agent: str | None = None
    verb: str
    activity: str | None = None
    registration: UUID | None = None
    session: str | None = None
    browsing: bool = False
    voids: UUID | None = None
    voided: bool = False
    body_key: UUID
    body: str = Field(sa_type=Text)


STATEMENT = table("xapi_statement")
