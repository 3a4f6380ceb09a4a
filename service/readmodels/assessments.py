"""Every assessment, of a person or of a role, as it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types.adkar import Assessed
from events.types.trust import FactWithdrawn
from service.readmodels.temporal import add, visible, withdraw


class AssessmentRow(SQLModel, table=True):
    """One assessment. A score is None where it was not asked; `n` is the number of people behind a role's average."""

    __tablename__ = "rm_assessment"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    change_id: UUID = Field(primary_key=True)
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    person_id: UUID | None = None
    role_id: UUID | None = None
    source: str
    awareness: float | None = None
    desire: float | None = None
    knowledge: float | None = None
    ability: float | None = None
    reinforcement: float | None = None
    method: str
    n: int | None = None
    occurred_at: datetime


_TABLE = table("rm_assessment")


class Assessments:
    name = "assessments"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case Assessed() as given:
                add(
                    step,
                    _TABLE,
                    change_id=given.change,
                    person_id=given.person,
                    role_id=given.role,
                    source=given.source,
                    awareness=given.scores.awareness,
                    desire=given.scores.desire,
                    knowledge=given.scores.knowledge,
                    ability=given.scores.ability,
                    reinforcement=given.scores.reinforcement,
                    method=given.method,
                    n=given.n,
                    occurred_at=step.recorded.occurred_at,
                )
            case FactWithdrawn(event_id=event_id):
                withdraw(step, _TABLE, event_id)


def assessments_of(
    connection: Connection, workspace_id: str, change: UUID, at: int | None = None
) -> Sequence[Row[*tuple[object, ...]]]:
    """Every assessment of a change, oldest record first, with the columns of AssessmentRow."""
    return connection.execute(
        select(_TABLE)
        .where(visible(_TABLE, Assessments.name, workspace_id, at), _TABLE.c.change_id == change)
        .order_by(_TABLE.c.since_position)
    ).all()
