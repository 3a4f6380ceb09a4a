"""Every training step of every learner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types.training import TrainingRecorded
from events.types.trust import FactWithdrawn
from service.readmodels.temporal import add, visible, withdraw


class TrainingRow(SQLModel, table=True):
    """One step of a learner in a course."""

    __tablename__ = "rm_training"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    person_id: UUID
    course: str = Field(index=True)
    status: str
    score: float | None = None
    occurred_at: datetime


_TABLE = table("rm_training")


class Trainings:
    name = "trainings"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case TrainingRecorded() as told:
                add(
                    step,
                    _TABLE,
                    person_id=told.person,
                    course=told.course,
                    status=told.status,
                    score=told.score,
                    occurred_at=step.recorded.occurred_at,
                )
            case FactWithdrawn(event_id=event_id):
                withdraw(step, _TABLE, event_id)


def trainings_in(
    connection: Connection, workspace_id: str, courses: Sequence[str], at: int | None = None
) -> Sequence[Row[*tuple[object, ...]]]:
    """Steps in some courses, in the order they happened: person_id, course, status, score, occurred_at."""
    return connection.execute(
        select(_TABLE.c.person_id, _TABLE.c.course, _TABLE.c.status, _TABLE.c.score, _TABLE.c.occurred_at)
        .where(visible(_TABLE, Trainings.name, workspace_id, at), _TABLE.c.course.in_(courses))
        .order_by(_TABLE.c.occurred_at, _TABLE.c.since_position)
    ).all()
