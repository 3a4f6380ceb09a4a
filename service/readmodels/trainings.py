"""Every training step of every learner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, insert, select
from sqlmodel import Field, SQLModel

from events.envelope import Recorded
from events.tables import table
from events.types.training import TrainingRecorded
from service.readmodels.temporal import visible


class TrainingRow(SQLModel, table=True):
    """One step of a learner in a course."""

    __tablename__ = "rm_training"

    workspace_id: str = Field(primary_key=True)
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    person_id: UUID
    course: str = Field(index=True)
    status: str
    score: float | None = None
    occurred_at: datetime


_TABLE = table("rm_training")


class Trainings:
    name = "trainings"
    tables = (_TABLE,)

    def apply(self, connection: Connection, recorded: Recorded) -> None:
        match recorded.event:
            case TrainingRecorded() as step:
                connection.execute(
                    insert(_TABLE).values(
                        workspace_id=recorded.workspace_id,
                        since_position=recorded.position,
                        person_id=step.person,
                        course=step.course,
                        status=step.status,
                        score=step.score,
                        occurred_at=recorded.occurred_at,
                    )
                )


def trainings_in(
    connection: Connection, workspace_id: str, courses: Sequence[str], at: int | None = None
) -> Sequence[Row[*tuple[object, ...]]]:
    """Steps in some courses, in the order they happened: person_id, course, status, score, occurred_at."""
    return connection.execute(
        select(_TABLE.c.person_id, _TABLE.c.course, _TABLE.c.status, _TABLE.c.score, _TABLE.c.occurred_at)
        .where(visible(_TABLE, workspace_id, at), _TABLE.c.course.in_(courses))
        .order_by(_TABLE.c.occurred_at, _TABLE.c.since_position)
    ).all()
