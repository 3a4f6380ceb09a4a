"""Which changes there are; a change's own state is folded from its stream, which is short."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import BigInteger, Connection, insert, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types.change import ChangeLaunched
from service.readmodels.temporal import live


class ChangeRow(SQLModel, table=True):
    """A change, since the position of its launch."""

    __tablename__ = "rm_change"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    change_id: UUID = Field(primary_key=True)
    key: str
    since_position: int = Field(sa_type=BigInteger)


_TABLE = table("rm_change")


class Changes:
    name = "changes"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case ChangeLaunched(change=change, key=key):
                step.connection.execute(
                    insert(_TABLE).values(
                        workspace_id=step.recorded.workspace_id,
                        generation=step.generation,
                        change_id=change,
                        key=key,
                        since_position=step.recorded.position,
                    )
                )


def change_ids(connection: Connection, workspace_id: str) -> Sequence[UUID]:
    """Every change of the workspace, oldest first."""
    return connection.scalars(
        select(_TABLE.c.change_id).where(live(_TABLE, Changes.name, workspace_id)).order_by(_TABLE.c.since_position)
    ).all()
