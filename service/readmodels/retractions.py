"""What sources reported by mistake; left out when usage is queried, so that a retraction can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, false, not_, or_, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import ACTIVITY, table
from events.types.trust import FactWithdrawn
from events.types.usage import UsageRetracted
from service.readmodels.temporal import add, visible, withdraw


class RetractionRow(SQLModel, table=True):
    """One number of a source, and which of its days do not count."""

    __tablename__ = "rm_retraction"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    source_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    start: date | None = None
    end: date | None = None
    received: date | None = None


_TABLE = table("rm_retraction")

Days = tuple[date | None, date | None, date | None]
"""First and last day of use, and the day of arrival; None for any."""


class Retractions:
    name = "retractions"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case UsageRetracted() as told:
                for number in told.numbers:
                    add(step, _TABLE, source_id=number, start=told.start, end=told.end, received=told.received)
            case FactWithdrawn(event_id=event_id):
                withdraw(step, _TABLE, event_id)


def standing(connection: Connection, workspace_id: str, at: int | None = None) -> ColumnElement[bool]:
    """Which activity sets count, as a condition on their table."""
    rows = connection.execute(select(_TABLE).where(visible(_TABLE, Retractions.name, workspace_id, at)))
    return outside((row.source_id, (row.start, row.end, row.received)) for row in rows)


def outside(retracted: Iterable[tuple[int, Days]]) -> ColumnElement[bool]:
    """Activity sets that none of some retractions is about, as a condition on their table."""
    # By what is retracted, not by number: a source that was retracted often has many, and a condition has a limit.
    numbers: dict[Days, set[int]] = {}
    for number, days in retracted:
        numbers.setdefault(days, set()).add(number)
    return not_(or_(false(), *(covered(some, *days) for days, some in numbers.items())))


def covered(sources: set[int], start: date | None, end: date | None, received: date | None) -> ColumnElement[bool]:
    """Which activity sets a retraction is of, as a condition on their table; None for days without a bound."""
    wanted: list[ColumnElement[bool]] = [ACTIVITY.c.source_id.in_(sorted(sources))]
    if start is not None:
        wanted.append(ACTIVITY.c.day >= start)
    if end is not None:
        wanted.append(ACTIVITY.c.day <= end)
    if received is not None:
        wanted.append(ACTIVITY.c.received_day == received)
    return and_(*wanted)
