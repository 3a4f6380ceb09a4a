"""People are announced in batches: judged one by one, then written together, since every key costs a disk flush."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import bindparam, func, insert, select, update

from events.envelope import NewEvent
from events.types.base import Event
from events.types.people import PersonConfirmed, PersonRegistered
from service.directory.people import DEFAULT_SOURCE, email_index, find, find_by_email
from service.directory.tables import IDENTITY, PERSON
from service.unit import Unit


@dataclass(frozen=True)
class Announced:
    """A person as somebody announces them. A field that is None says nothing and alters nothing."""

    external_id: str
    source: str = DEFAULT_SOURCE
    email: str | None = None
    name: str | None = None
    manager: str | None = None
    zone: str | None = None


class Rejected(Exception):
    """One person of a batch cannot be taken. reason: stable code. field: which part of it is at fault."""

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.field, self.message = reason, field, message


@dataclass
class _Batch:
    """What is known, and what is to be written. Identities are (source, external id)."""

    known: dict[tuple[str, str], UUID] = field(default_factory=dict)
    emails: dict[str, UUID] = field(default_factory=dict)
    fresh: dict[UUID, bool] = field(default_factory=dict)
    identities: list[tuple[UUID, str, str]] = field(default_factory=list)
    described: dict[UUID, tuple[Announced, str | None, UUID | None]] = field(default_factory=dict)

    def register(self, source: str, external: str, provisional: bool = False) -> UUID:
        """A pseudonym for somebody new."""
        person = uuid4()
        self.fresh[person] = provisional
        self.identify(person, source, external)
        return person

    def identify(self, person: UUID, source: str, external: str) -> None:
        """From now on this source's name means this person."""
        self.known[source, external] = person
        self.identities.append((person, source, external))


def announce(unit: Unit, people: Sequence[Announced]) -> list[UUID | Rejected]:
    """Registers or updates people by (source, external id); one answer each, in order."""
    batch = _Batch()
    for source in {person.source for person in people}:
        wanted = {p.external_id for p in people if p.source == source} | {p.manager for p in people if p.manager}
        found = find(unit.connection, unit.vault, unit.workspace.id, wanted, source)
        batch.known.update({(source, external): person for external, person in found.items()})
    batch.emails = find_by_email(
        unit.connection, unit.vault, unit.workspace.id, [person.email for person in people if person.email]
    )
    announced = {(person.source, person.external_id) for person in people}
    answers: list[UUID | Rejected] = []
    for person in people:
        try:
            answers.append(_judge(unit, batch, person, announced))
        except Rejected as rejected:
            answers.append(rejected)
    _write(unit, batch)
    return answers


def provisional(unit: Unit, source: str, externals: Sequence[str]) -> dict[str, UUID]:
    """People whom nobody announced, because facts name them; shown under data quality."""
    batch = _Batch()
    made = {external: batch.register(source, external, provisional=True) for external in dict.fromkeys(externals)}
    _write(unit, batch)
    return made


def _judge(unit: Unit, batch: _Batch, person: Announced, announced: set[tuple[str, str]]) -> UUID:
    identity = (person.source, person.external_id)
    index = email_index(unit.vault, unit.workspace.id, person.email) if person.email else None
    id = batch.known.get(identity) or (batch.emails.get(index) if index else None)
    if index and batch.emails.get(index, id) != id:
        raise Rejected("email_taken", "email", "this address belongs to another person")
    manager = None
    if person.manager:
        boss = (person.source, person.manager)
        if boss not in batch.known and boss not in announced:
            raise Rejected("unknown_manager", "manager", "no person has this external id")
        # Announced further down in the same batch: the pseudonym comes first, the rest when it is their turn.
        manager = batch.known.get(boss) or batch.register(*boss)
    if id is None:
        # Naming oneself as manager registers the person just above.
        id = batch.known.get(identity) or batch.register(*identity)
    elif identity not in batch.known:
        batch.identify(id, *identity)
    if index:
        batch.emails[index] = id
    batch.described[id] = (person, index, manager)
    return id


def _write(unit: Unit, batch: _Batch) -> None:
    texts = [(person, external) for person, _, external in batch.identities]
    for id, (person, _, _) in batch.described.items():
        texts += [(id, person.name or ""), (id, person.email or "")]
    boxes = iter(unit.vault.seal_many(unit.workspace.id, texts))
    workspace_id = unit.workspace.id
    identities = [
        {
            "workspace_id": workspace_id,
            "source": source,
            "external_index": unit.vault.index(workspace_id, "external", external),
            "external": next(boxes).box,
            "person_id": person,
        }
        for person, source, external in batch.identities
    ]
    described = [
        {
            "b_person": id,
            "b_name": next(boxes).box if person.name else next(boxes) and None,
            "b_email": next(boxes).box if person.email else next(boxes) and None,
            "b_index": index,
            "b_zone": person.zone,
            "b_manager": manager,
        }
        for id, (person, index, manager) in batch.described.items()
    ]
    if batch.fresh:
        rows = [{"workspace_id": workspace_id, "person_id": id, "provisional": p} for id, p in batch.fresh.items()]
        unit.connection.execute(insert(PERSON), rows)
    if identities:
        unit.connection.execute(insert(IDENTITY), identities)
    confirmed = _confirmed(unit, batch)
    if described:
        unit.connection.execute(_DESCRIBE.where(PERSON.c.workspace_id == workspace_id), described)
    registered = [(id, PersonRegistered(person=id, provisional=p)) for id, p in batch.fresh.items()]
    events: list[tuple[UUID, Event]] = [*registered, *((id, PersonConfirmed(person=id)) for id in confirmed)]
    unit.append_all([NewEvent(stream=id, event=event, occurred_at=unit.now) for id, event in events])


def _confirmed(unit: Unit, batch: _Batch) -> list[UUID]:
    """Whom this batch announces for the first time, although facts named them before."""
    waiting = unit.connection.scalars(
        select(PERSON.c.person_id).where(PERSON.c.workspace_id == unit.workspace.id, PERSON.c.provisional)
    )
    return [id for id in waiting if id in batch.described]


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
