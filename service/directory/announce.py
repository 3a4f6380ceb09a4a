"""People are announced in batches: judged one by one, then written together, since every key costs a disk flush."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from service.directory.people import (
    DEFAULT_SOURCE,
    email_index,
    find_by_email,
    identities,
    names_at,
    waiting_as,
)
from service.directory.registering import Description, Identity, register
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


@dataclass(frozen=True)
class Rejected:
    """One person of a batch cannot be taken. reason: stable code. field: which part of it is at fault."""

    reason: str
    field: str


@dataclass
class _Known:
    """Who is who. identities: by source and external id, to the letter. emails: by blind index of the address.

    named: source and person of those whom a source has a name for. waiting: by external id, whom facts named before
    anybody announced them.
    """

    identities: dict[tuple[str, str], UUID] = field(default_factory=dict)
    emails: dict[str, UUID] = field(default_factory=dict)
    named: set[tuple[str, UUID]] = field(default_factory=set)
    waiting: Mapping[str, UUID] = field(default_factory=dict)

    def called(self, source: str, external: str) -> UUID | None:
        """Whom a source means: as in `find`, its own name for somebody goes before the default source's."""
        return self.identities.get((source, external)) or self.identities.get((DEFAULT_SOURCE, external))


def announce(unit: Unit, people: Sequence[Announced]) -> list[UUID | Rejected]:
    """Registers or updates people by (source, external id); one answer each, in order.

    The address of somebody whom this source has no name for yet links the two; any other taken address is refused.
    A manager may be announced further down.
    """
    before = _load(unit, people)
    known = replace(before, identities=dict(before.identities), emails=dict(before.emails), named=set(before.named))
    answers = [_identify(unit, known, person) for person in people]
    managers = _refuse_unknown_managers(before, people, answers)
    named: dict[tuple[str, str], Identity] = {}
    described: dict[UUID, Description] = {}
    for person, id in zip(people, answers, strict=True):
        if isinstance(id, Rejected):
            continue
        if (person.source, person.external_id) not in before.identities:
            named[person.source, person.external_id] = Identity(id, person.source, person.external_id)
        described[id] = _described(unit, described.get(id, Description()), managers, person)
    stored = {*before.identities.values(), *before.emails.values(), *before.waiting.values()}
    register(unit, [id for id in described if id not in stored], list(named.values()), described)
    return answers


def provisional(unit: Unit, source: str, people: Mapping[str, UUID]) -> None:
    """Registers people, by external id, whom nobody announced, because facts name them; shown under data quality."""
    named = [Identity(person, source, external) for external, person in people.items()]
    register(unit, people.values(), named, {}, provisional=True)


def _load(unit: Unit, people: Sequence[Announced]) -> _Known:
    connection, vault, workspace_id = unit.connection, unit.vault, unit.workspace.id
    known = _Known()
    managers = {person.manager for person in people if person.manager}
    for source in {DEFAULT_SOURCE, *(person.source for person in people)}:
        wanted = managers | {person.external_id for person in people if person.source == source}
        found = identities(connection, vault, workspace_id, wanted, source)
        known.identities.update({(source, external): id for external, id in found.items()})
    known.emails = find_by_email(connection, vault, workspace_id, [p.email for p in people if p.email])
    known.named = names_at(connection, workspace_id, known.emails.values())
    plain = [person.external_id for person in people if person.source == DEFAULT_SOURCE]
    known.waiting = waiting_as(connection, vault, workspace_id, plain)
    return known


def _identify(unit: Unit, known: _Known, person: Announced) -> UUID | Rejected:
    identity = (person.source, person.external_id)
    index = email_index(unit.vault, unit.workspace.id, person.email) if person.email else None
    holder = known.emails.get(index) if index else None
    id = known.identities.get(identity)
    if id is None and holder and (person.source, holder) not in known.named:
        id = holder
    elif holder not in (None, id):
        return Rejected("email_taken", "email")
    if id is None:
        # What any source calls so, and nobody announced, is whom the default source means.
        id = (known.waiting.get(person.external_id) if person.source == DEFAULT_SOURCE else None) or uuid4()
    known.identities[identity] = id
    known.named.add((person.source, id))
    if index:
        known.emails[index] = id
    return id


def _refuse_unknown_managers(before: _Known, people: Sequence[Announced], answers: list[UUID | Rejected]) -> _Known:
    """Refuses whoever names a manager that is neither known nor taken, until all that are left have theirs."""
    while True:
        taken = {
            (person.source, person.external_id): id
            for person, id in zip(people, answers, strict=True)
            if not isinstance(id, Rejected)
        }
        known = _Known({**taken, **before.identities})
        refused = [
            index
            for index, person in enumerate(people)
            if person.manager
            and not isinstance(answers[index], Rejected)
            and known.called(person.source, person.manager) is None
        ]
        if not refused:
            return known
        for index in refused:
            answers[index] = Rejected("unknown_manager", "manager")


def _described(unit: Unit, said: Description, known: _Known, person: Announced) -> Description:
    """What is known to be said of a person, with what this announcement adds."""
    manager = known.called(person.source, person.manager) if person.manager else None
    return Description(
        name=person.name or said.name,
        email=person.email or said.email,
        email_index=email_index(unit.vault, unit.workspace.id, person.email) if person.email else said.email_index,
        zone=person.zone or said.zone,
        manager=manager or said.manager,
    )
