"""Who is a member of which role, from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Connection, and_, select
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


@dataclass(frozen=True, slots=True)
class Superseded:
    """A membership that another replaced, or that was withdrawn, from one position to another; `by` what came then."""

    was: Member
    since_position: int
    until_position: int
    by: Member | None


def superseded_members(
    connection: Connection, workspace_id: str, change: UUID, at: int | None = None
) -> list[Superseded]:
    """Memberships that are true no longer, by role and person."""
    later = _TABLE.alias()
    same = (
        getattr(later.c, name) == getattr(_TABLE.c, name)
        for name in ("workspace_id", "generation", "change_id", "role_id", "person_id")
    )
    ended = _TABLE.c.until_position.is_not(None) if at is None else _TABLE.c.until_position <= at
    rows = connection.execute(
        select(_TABLE, *(later.c[name].label(f"next_{name}") for name in ("start", "until", "access")))
        .outerjoin(later, and_(*same, later.c.since_position == _TABLE.c.until_position))
        .where(live(_TABLE, Members.name, workspace_id), ended, _TABLE.c.change_id == change)
        .order_by(_TABLE.c.role_id, _TABLE.c.person_id, _TABLE.c.since_position)
    )
    return [
        Superseded(
            Member(row.role_id, row.person_id, row.start, row.until, row.access),
            row.since_position,
            row.until_position,
            row.next_start and Member(row.role_id, row.person_id, row.next_start, row.next_until, row.next_access),
        )
        for row in rows
    ]


def members_of(connection: Connection, workspace_id: str, change: UUID, at: int | None = None) -> Sequence[Member]:
    """Every membership of a change, past ones included, ordered by role and person."""
    rows = connection.execute(
        select(_TABLE.c.role_id, _TABLE.c.person_id, _TABLE.c.start, _TABLE.c.until, _TABLE.c.access)
        .where(visible(_TABLE, Members.name, workspace_id, at), _TABLE.c.change_id == change)
        .order_by(_TABLE.c.role_id, _TABLE.c.person_id)
    )
    return [Member(*row) for row in rows]
