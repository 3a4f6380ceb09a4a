"""Which account of a source is which person's, and which accounts are one; applied when usage is queried, so that a
wrong link or merge can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import BigInteger, Connection, select, union
from sqlmodel import Field, SQLModel

from adkar.identity import Link, resolved
from events.followers import Step
from events.tables import table
from events.types.people import ActorLinked, ActorsMerged
from events.types.trust import FactWithdrawn
from service.readmodels.temporal import place, visible, withdraw


class LinkRow(SQLModel, table=True):
    """An account and its person."""

    __tablename__ = "rm_link"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False
    person_id: UUID


class MergeRow(SQLModel, table=True):
    """An account that is another."""

    __tablename__ = "rm_merge"

    workspace_id: str = Field(primary_key=True)
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    into_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    since_position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    until_position: int | None = Field(default=None, sa_type=BigInteger)
    event_id: UUID = Field(index=True)
    withdrawn: bool = False


_LINK, _MERGE = table("rm_link"), table("rm_merge")


class Links:
    name = "links"
    tables = (_LINK, _MERGE)

    def apply(self, step: Step) -> None:
        match step.recorded.event:
            case ActorLinked(account=account, person=person):
                place(step, _LINK, {"account_id": account}, {"person_id": person})
            case ActorsMerged(account=account, into=into):
                place(step, _MERGE, {"account_id": account, "into_id": into}, {})
            case FactWithdrawn(event_id=event_id):
                withdraw(step, _LINK, event_id, ("account_id",))
                withdraw(step, _MERGE, event_id)


def links(connection: Connection, workspace_id: str, at: int | None = None) -> Sequence[Link]:
    """The person of every account that has one, by its own link or by a merge."""
    own = connection.execute(
        select(_LINK.c.account_id, _LINK.c.person_id).where(visible(_LINK, Links.name, workspace_id, at))
    )
    merges = connection.execute(
        select(_MERGE.c.account_id, _MERGE.c.into_id).where(visible(_MERGE, Links.name, workspace_id, at))
    )
    return resolved([Link(*row) for row in own], [(row.account_id, row.into_id) for row in merges])


def known_by_merge(connection: Connection, workspace_id: str) -> set[int]:
    """Of the accounts that are others, those that have a person; without a look at all the accounts that are not."""
    here = visible(_MERGE, Links.name, workspace_id, None)
    merges = connection.execute(select(_MERGE.c.account_id, _MERGE.c.into_id).where(here)).all()
    touched = union(select(_MERGE.c.account_id).where(here), select(_MERGE.c.into_id).where(here))
    own = connection.execute(
        select(_LINK.c.account_id, _LINK.c.person_id).where(
            visible(_LINK, Links.name, workspace_id, None), _LINK.c.account_id.in_(touched)
        )
    )
    found = resolved([Link(*row) for row in own], [(row.account_id, row.into_id) for row in merges])
    return {one.account_id for one in found}
