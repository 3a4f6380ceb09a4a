"""From when on each source has to report."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Connection, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types.usage import SourceExpected
from service.readmodels.temporal import place, visible


class ExpectationRow(SQLModel, table=True):
    """A source, and its first day."""

    __tablename__ = "rm_expectation"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    source: str = Field(primary_key=True)
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    since: date | None = None


_TABLE = table("rm_expectation")


class Expectations:
    name = "expectations"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case SourceExpected(source=source, since=since):
                place(step, _TABLE, {"source": source}, {"since": since})


def expected_since(connection: Connection, workspace_id: str, at: int | None = None) -> dict[str, date]:
    """By source, the day from which on it has to report; sources of which nobody said so are left out."""
    rows = connection.execute(
        select(_TABLE.c.source, _TABLE.c.since).where(visible(_TABLE, Expectations.name, workspace_id, at))
    )
    return {row.source: row.since for row in rows if row.since is not None}
