"""Who wants no nudges."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Connection, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types.people import PersonOptedOut
from events.types.trust import FactWithdrawn
from service.readmodels.temporal import place, visible, withdraw


class OptOutRow(SQLModel, table=True):
    """What a person last said about nudges."""

    __tablename__ = "rm_optout"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    person_id: UUID = Field(primary_key=True)
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    opted_out: bool


_TABLE = table("rm_optout")


class OptOuts:
    name = "optouts"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case PersonOptedOut(person=person, opted_out=opted_out):
                place(step, _TABLE, {"person_id": person}, {"opted_out": opted_out})
            case FactWithdrawn(event_id=event_id):
                withdraw(step, _TABLE, event_id, ("person_id",))


def opted_out(connection: Connection, workspace_id: str) -> set[UUID]:
    """Everybody who wants no nudges now."""
    return set(
        connection.scalars(
            select(_TABLE.c.person_id).where(visible(_TABLE, OptOuts.name, workspace_id, None), _TABLE.c.opted_out)
        )
    )
