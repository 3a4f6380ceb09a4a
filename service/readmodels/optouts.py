"""Who wants no nudges."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Connection, select
from sqlmodel import Field, SQLModel

from events.envelope import Recorded
from events.tables import table
from events.types.people import PersonOptedOut
from service.readmodels.temporal import place, visible


class OptOutRow(SQLModel, table=True):
    """What a person last said about nudges."""

    __tablename__ = "rm_optout"

    workspace_id: str = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    opted_out: bool


_TABLE = table("rm_optout")


class OptOuts:
    name = "optouts"
    tables = (_TABLE,)

    def apply(self, connection: Connection, recorded: Recorded) -> None:
        match recorded.event:
            case PersonOptedOut(person=person, opted_out=opted_out):
                place(connection, _TABLE, recorded, {"person_id": person}, {"opted_out": opted_out})


def opted_out(connection: Connection, workspace_id: str) -> set[UUID]:
    """Everybody who wants no nudges now."""
    return set(
        connection.scalars(select(_TABLE.c.person_id).where(visible(_TABLE, workspace_id, None), _TABLE.c.opted_out))
    )
