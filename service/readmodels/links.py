"""Which account of a source is which person's; applied when usage is queried, so that a wrong link can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types.people import ActorLinked
from events.types.trust import FactWithdrawn
from service.readmodels.temporal import place, visible, withdraw


class LinkRow(SQLModel, table=True):
    """An account and its person."""

    __tablename__ = "rm_link"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    person_id: UUID


_TABLE = table("rm_link")


class Links:
    name = "links"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case ActorLinked(account=account, person=person):
                place(step, _TABLE, {"account_id": account}, {"person_id": person})
            case FactWithdrawn(event_id=event_id):
                withdraw(step, _TABLE, event_id, ("account_id",))


def links(connection: Connection, workspace_id: str, at: int | None = None) -> Sequence[Row[*tuple[object, ...]]]:
    """Every link: account_id, person_id."""
    return connection.execute(
        select(_TABLE.c.account_id, _TABLE.c.person_id).where(visible(_TABLE, Links.name, workspace_id, at))
    ).all()
