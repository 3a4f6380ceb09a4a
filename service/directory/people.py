"""People: announced by import, API or identity provider; found again by what a source calls them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, Select, and_, func, select

from events.sealed import Sealed
from service.directory.tables import IDENTITY, PERSON
from service.vault import Vault

DEFAULT_SOURCE = "default"
_NAMED = (IDENTITY.c.external_index, IDENTITY.c.person_id)
_Item = TypeVar("_Item")


def find(
    connection: Connection, vault: Vault, workspace_id: str, externals: Iterable[str], source: str = DEFAULT_SOURCE
) -> dict[str, UUID]:
    """People by what `source` calls them, else by what the default source does; unknown ones are left out."""
    wanted = set(externals)
    found = identities(connection, vault, workspace_id, wanted, DEFAULT_SOURCE)
    if source != DEFAULT_SOURCE:
        found |= identities(connection, vault, workspace_id, wanted, source)
    return found


def identities(
    connection: Connection, vault: Vault, workspace_id: str, externals: Iterable[str], source: str
) -> dict[str, UUID]:
    """People by what `source` itself calls them; unknown ones are left out."""
    wanted = IDENTITY.c.workspace_id == workspace_id, IDENTITY.c.source == source
    return _by_external(connection, vault, workspace_id, externals, select(*_NAMED).where(*wanted))


def waiting_as(connection: Connection, vault: Vault, workspace_id: str, externals: Iterable[str]) -> dict[str, UUID]:
    """Provisional people by what any source calls them."""
    here = PERSON.c.workspace_id == IDENTITY.c.workspace_id, PERSON.c.person_id == IDENTITY.c.person_id
    wanted = IDENTITY.c.workspace_id == workspace_id, PERSON.c.provisional
    # Of two sources that mean somebody unknown by one name, the same is chosen every time.
    query = select(*_NAMED).join(PERSON, and_(*here)).where(*wanted).order_by(IDENTITY.c.source.desc())
    return _by_external(connection, vault, workspace_id, externals, query)


def names_at(connection: Connection, workspace_id: str, people: Iterable[UUID]) -> set[tuple[str, UUID]]:
    """Which of some people have a name at which source: source and person."""
    found: set[tuple[str, UUID]] = set()
    for some in _chunks(list(people)):
        rows = connection.execute(
            select(IDENTITY.c.source, IDENTITY.c.person_id).where(
                IDENTITY.c.workspace_id == workspace_id, IDENTITY.c.person_id.in_(some)
            )
        )
        found.update((row.source, row.person_id) for row in rows)
    return found


def find_by_email(connection: Connection, vault: Vault, workspace_id: str, emails: Iterable[str]) -> dict[str, UUID]:
    """People by blind index of their address."""
    found: dict[str, UUID] = {}
    for some in _chunks([email_index(vault, workspace_id, email) for email in emails]):
        rows = connection.execute(
            select(PERSON.c.email_index, PERSON.c.person_id).where(
                PERSON.c.workspace_id == workspace_id, PERSON.c.email_index.in_(some)
            )
        )
        found.update((row.email_index, row.person_id) for row in rows)
    return found


def email_index(vault: Vault, workspace_id: str, email: str) -> str:
    """Blind index of an address; upper and lower case do not matter."""
    return vault.index(workspace_id, "email", email.casefold())


@dataclass(frozen=True)
class Contact:
    """How to reach a person; None where it is not known."""

    name: str | None
    email: str | None
    zone: str | None


def contact(connection: Connection, vault: Vault, workspace_id: str, person: UUID) -> Contact | None:
    """None for a person the directory does not hold. Raises Erased."""
    row = connection.execute(
        select(PERSON).where(PERSON.c.workspace_id == workspace_id, PERSON.c.person_id == person)
    ).first()
    if row is None:
        return None
    boxes = {name: Sealed(person, row._mapping[name]) for name in ("name", "email") if row._mapping[name]}
    opened: Mapping[str, str] = vault.open_many(workspace_id, boxes)
    return Contact(opened.get("name"), opened.get("email"), row.zone)


def zones_of(connection: Connection, workspace_id: str) -> dict[UUID, str]:
    """The zones of the people who have one of their own."""
    rows = connection.execute(
        select(PERSON.c.person_id, PERSON.c.zone).where(
            PERSON.c.workspace_id == workspace_id, PERSON.c.zone.is_not(None)
        )
    )
    return {row.person_id: row.zone for row in rows}


def provisional_count(connection: Connection, workspace_id: str) -> int:
    """How many people nobody has announced."""
    return (
        connection.scalar(select(func.count()).where(PERSON.c.workspace_id == workspace_id, PERSON.c.provisional)) or 0
    )


def _by_external(
    connection: Connection, vault: Vault, workspace_id: str, externals: Iterable[str], query: Select[tuple[str, UUID]]
) -> dict[str, UUID]:
    by_index = {vault.index(workspace_id, "external", external): external for external in set(externals)}
    found: dict[str, UUID] = {}
    for some in _chunks(list(by_index)):
        rows = connection.execute(query.where(IDENTITY.c.external_index.in_(some)))
        found.update((by_index[row.external_index], row.person_id) for row in rows)
    return found


def _chunks(items: list[_Item], size: int = 500) -> list[list[_Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
