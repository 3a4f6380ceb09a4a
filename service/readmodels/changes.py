"""Which changes there are; a change's own state is folded from its stream, which is short."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import BigInteger, Connection, insert, select
from sqlmodel import Field, SQLModel

from events.envelope import Recorded
from events.tables import table
from events.types.change import ChangeLaunched


class ChangeRow(SQLModel, table=True):
    """A change, since the position of its launch."""

    __tablename__ = "rm_change"

    workspace_id: str = Field(primary_key=True)
    change_id: UUID = Field(primary_key=True)
    key: str
    since_position: int = Field(sa_type=BigInteger)


_TABLE = table("rm_change")


class Changes:
    name = "changes"
    tables = (_TABLE,)

    def apply(self, connection: Connection, recorded: Recorded) -> None:
        match recorded.event:
            case ChangeLaunched(change=change, key=key):
                connection.execute(
                    insert(_TABLE).values(
                        workspace_id=recorded.workspace_id, change_id=change, key=key, since_position=recorded.position
                    )
                )


def change_ids(connection: Connection, workspace_id: str) -> Sequence[UUID]:
    """Every change of the workspace, oldest first."""
    return connection.scalars(
        select(_TABLE.c.change_id).where(_TABLE.c.workspace_id == workspace_id).order_by(_TABLE.c.since_position)
    ).all()
