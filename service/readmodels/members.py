"""Who is a member of which role, from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, and_, select
from sqlmodel import Field, SQLModel

from events.followers import Step
from events.tables import table
from events.types.change import MemberPlaced
from events.types.trust import FactWithdrawn
from service.readmodels.temporal import live, place, visible, withdraw


class MemberRow(SQLModel, table=True):
    """A membership as it was recorded; days are local, `until` is exclusive."""

    __tablename__ = "rm_member"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    change_id: UUID = Field(primary_key=True)
    role_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    start: date
    until: date | None = None
    access: date | None = None


_TABLE = table("rm_member")


class Members:
    name = "members"
    tables = (_TABLE,)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case MemberPlaced(change=change, role=role, person=person) as placed:
                key = {"change_id": change, "role_id": role, "person_id": person}
                values = {"start": placed.start, "until": placed.until, "access": placed.access}
                place(step, _TABLE, key, values)
            case FactWithdrawn(event_id=event_id):
                withdraw(step, _TABLE, event_id, ("change_id", "role_id", "person_id"))


@dataclass(frozen=True, slots=True)
class Member:
    """A membership: days are local, `until` is exclusive, `access` None means the later of start and go-live."""

    role: UUID
    person: UUID
    start: date
    until: date | None
    access: date | None


def superseded_members(
    connection: Connection, workspace_id: str, change: UUID, at: int | None = None
) -> list[tuple[Row[*tuple[Any, ...]], Row[*tuple[Any, ...]] | None]]:
    """Memberships that others replaced, or that were withdrawn, each with the row that came in its place, if any."""
    here = live(_TABLE, Members.name, workspace_id)
    known = here if at is None else and_(here, _TABLE.c.since_position <= at)
    rows = connection.execute(
        select(_TABLE)
        .where(known, _TABLE.c.change_id == change)
        .order_by(_TABLE.c.role_id, _TABLE.c.person_id, _TABLE.c.since_position)
    ).all()
    by_start = {(row.role_id, row.person_id, row.since_position): row for row in rows}
    return [
        (row, by_start.get((row.role_id, row.person_id, row.until_position)))
        for row in rows
        if row.until_position is not None and (at is None or row.until_position <= at)
    ]


def members_of(connection: Connection, workspace_id: str, change: UUID, at: int | None = None) -> Sequence[Member]:
    """Every membership of a change, past ones included, ordered by role and person."""
    rows = connection.execute(
        select(_TABLE.c.role_id, _TABLE.c.person_id, _TABLE.c.start, _TABLE.c.until, _TABLE.c.access)
        .where(visible(_TABLE, Members.name, workspace_id, at), _TABLE.c.change_id == change)
        .order_by(_TABLE.c.role_id, _TABLE.c.person_id)
    )
    return [Member(*row) for row in rows]
