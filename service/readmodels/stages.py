"""Stages that champions recorded for roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types.adkar import StageRecorded
from events.types.trust import FactWithdrawn
from service.readmodels.temporal import add, visible, withdraw


class StageRow(SQLModel, table=True):
    """One recorded stage of a role: reached or regressed."""

    __tablename__ = "rm_stage"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    change_id: UUID = Field(primary_key=True)
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    role_id: UUID
    stage: str
    status: str
    occurred_at: datetime


_TABLE = table("rm_stage")


class Stages:
    name = "stages"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case StageRecorded() as told:
                add(
                    step,
                    _TABLE,
                    change_id=told.change,
                    role_id=told.role,
                    stage=told.stage,
                    status=told.status,
                    occurred_at=step.recorded.occurred_at,
                )
            case FactWithdrawn(event_id=event_id):
                withdraw(step, _TABLE, event_id)


def stages_of(
    connection: Connection, workspace_id: str, change: UUID, at: int | None = None
) -> Sequence[Row[*tuple[object, ...]]]:
    """Every recorded stage of a change, oldest record first: role_id, stage, status, occurred_at."""
    return connection.execute(
        select(_TABLE.c.role_id, _TABLE.c.stage, _TABLE.c.status, _TABLE.c.occurred_at)
        .where(visible(_TABLE, Stages.name, workspace_id, at), _TABLE.c.change_id == change)
        .order_by(_TABLE.c.since_position)
    ).all()
