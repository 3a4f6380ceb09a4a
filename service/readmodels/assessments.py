"""Every assessment, of a person or of a role, as it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, insert, select
from sqlmodel import Field, SQLModel

from events.envelope import Recorded
from events.tables import table
from events.types.adkar import Assessed
from service.readmodels.temporal import visible


class AssessmentRow(SQLModel, table=True):
    """One assessment. A score is None where it was not asked; `n` is the number of people behind a role's average."""

    __tablename__ = "rm_assessment"

    workspace_id: str = Field(primary_key=True)
    change_id: UUID = Field(primary_key=True)
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
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

    def apply(self, connection: Connection, recorded: Recorded) -> None:
        match recorded.event:
            case Assessed() as given:
                connection.execute(
                    insert(_TABLE).values(
                        workspace_id=recorded.workspace_id,
                        change_id=given.change,
                        since_position=recorded.position,
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
                        occurred_at=recorded.occurred_at,
                    )
                )


def assessments_of(
    connection: Connection, workspace_id: str, change: UUID, at: int | None = None
) -> Sequence[Row[*tuple[object, ...]]]:
    """Every assessment of a change, oldest record first, with the columns of AssessmentRow."""
    return connection.execute(
        select(_TABLE)
        .where(visible(_TABLE, workspace_id, at), _TABLE.c.change_id == change)
        .order_by(_TABLE.c.since_position)
    ).all()
