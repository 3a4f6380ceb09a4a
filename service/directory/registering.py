"""What was decided about people is written: rows of the directory, and events that know pseudonyms only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select, update

from events.envelope import NewEvent
from events.types.base import Event
from events.types.people import PersonConfirmed, PersonRegistered
from service.directory.tables import IDENTITY, PERSON
from service.unit import Unit


@dataclass(frozen=True)
class Identity:
    """What a source calls a person."""

    person: UUID
    source: str
    external: str


@dataclass(frozen=True)
class Description:
    """What somebody said about a person. None says nothing and alters nothing; `email_index` goes with `email`."""

    name: str | None = None
    email: str | None = None
    email_index: str | None = None
    zone: str | None = None
    manager: UUID | None = None


def register(
    unit: Unit,
    fresh: Iterable[UUID],
    identities: Sequence[Identity],
    described: Mapping[UUID, Description],
    provisional: bool = False,
) -> None:
    """Writes new people, what sources call people, and what was said about them.

    Whoever is described is provisional no longer.
    """
    new = list(fresh)
    texts = [(one.person, one.external) for one in identities]
    texts += [(id, text) for id, said in described.items() for text in (said.name, said.email) if text]
    # One call for all, since every new key costs a disk flush.
    boxes = (sealed.box for sealed in unit.vault.seal_many(unit.workspace.id, texts))
    named = [
        {
            "workspace_id": unit.workspace.id,
            "source": one.source,
            "external_index": unit.vault.index(unit.workspace.id, "external", one.external),
            "external": next(boxes),
            "person_id": one.person,
        }
        for one in identities
    ]
    told = [
        {
            "b_person": id,
            "b_name": next(boxes) if said.name else None,
            "b_email": next(boxes) if said.email else None,
            "b_index": said.email_index,
            "b_zone": said.zone,
            "b_manager": said.manager,
        }
        for id, said in described.items()
    ]
    if new:
        rows = [{"workspace_id": unit.workspace.id, "person_id": id, "provisional": provisional} for id in new]
        unit.connection.execute(insert(PERSON), rows)
    if named:
        unit.connection.execute(insert(IDENTITY), named)
    confirmed = _confirmed(unit, described)
    if told:
        unit.connection.execute(_DESCRIBE.where(PERSON.c.workspace_id == unit.workspace.id), told)
    registered = [(id, PersonRegistered(person=id, provisional=provisional)) for id in new]
    events: list[tuple[UUID, Event]] = [*registered, *((id, PersonConfirmed(person=id)) for id in confirmed)]
    unit.append_all([NewEvent(stream=id, event=event, occurred_at=unit.now) for id, event in events])


def _confirmed(unit: Unit, described: Mapping[UUID, Description]) -> list[UUID]:
    """Who is announced for the first time, although facts named them before."""
    waiting = unit.connection.scalars(
        select(PERSON.c.person_id).where(PERSON.c.workspace_id == unit.workspace.id, PERSON.c.provisional)
    )
    return [id for id in waiting if id in described]


_DESCRIBE = (
    update(PERSON)
    .where(PERSON.c.person_id == bindparam("b_person"))
    .values(
        provisional=False,
        **{
            column: func.coalesce(bindparam(name, type_=PERSON.c[column].type), PERSON.c[column])
            for column, name in {
                "name": "b_name",
                "email": "b_email",
                "email_index": "b_index",
                "zone": "b_zone",
                "manager_id": "b_manager",
            }.items()
        },
    )
)
