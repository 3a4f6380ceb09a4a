"""Accounts: actors of usage sources, interned, and linked to people by the worker."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, insert, or_, select, update

from events.envelope import NewEvent
from events.tables import SOURCE
from events.types.people import ActorLinked
from service.directory.people import DEFAULT_SOURCE
from service.directory.tables import ACCOUNT, IDENTITY, PERSON, SOURCE_TERMS
from service.unit import Unit
from service.vault import Vault


class Accounts:
    """Numbers of actors, remembered in the process: a number never changes once given."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: dict[tuple[str, str, str], int] = {}

    def intern(
        self, connection: Connection, workspace_id: str, source: str, source_id: int, actors: Iterable[str]
    ) -> dict[str, int]:
        """The accounts of actors, made on first sight, inside a transaction that holds the `usage` lock.

        They are the source's by its name, whatever number it goes by: a value that it states again is of the same
        account. source_id: under which new ones are made.
        What is made here is remembered only by `remember`, after the transaction is durable.
        """
        wanted = set(actors)
        found = {a: self._known[workspace_id, source, a] for a in wanted if (workspace_id, source, a) in self._known}
        found |= self.known(connection, workspace_id, source, wanted - found.keys())
        index = self._vault.index
        if fresh := {index(workspace_id, "external", actor): actor for actor in wanted - found.keys()}:
            found.update(self._make(connection, workspace_id, source_id, fresh))
        return found

    def known(self, connection: Connection, workspace_id: str, source: str, actors: Iterable[str]) -> dict[str, int]:
        """The accounts of those of some actors that have one at a source."""
        return {actor: all[-1] for actor, all in self.all_known(connection, workspace_id, source, actors).items()}

    def all_known(
        self, connection: Connection, workspace_id: str, source: str, actors: Iterable[str]
    ) -> dict[str, list[int]]:
        """Every account of those of some actors that have any at a source; the last is in use.

        A source that went on under another number had its accounts anew once, and what they were told by stands.
        """
        named = {self._vault.index(workspace_id, "external", actor): actor for actor in actors}
        numbers = select(SOURCE.c.source_id).where(
            SOURCE.c.workspace_id == workspace_id, SOURCE.c.name == source, SOURCE.c.import_id.is_(None)
        )
        found: dict[str, list[int]] = {}
        indexes = list(named)
        for start in range(0, len(indexes), 500):
            rows = connection.execute(
                select(ACCOUNT.c.actor_index, ACCOUNT.c.account_id)
                .where(
                    ACCOUNT.c.workspace_id == workspace_id,
                    ACCOUNT.c.source_id.in_(numbers),
                    ACCOUNT.c.actor_index.in_(indexes[start : start + 500]),
                )
                .order_by(ACCOUNT.c.account_id)
            )
            for row in rows:
                found.setdefault(named[row.actor_index], []).append(row.account_id)
        return found

    def remember(self, workspace_id: str, source: str, accounts: dict[str, int]) -> None:
        """Keeps what `intern` answered, for the next batch."""
        self._known.update({(workspace_id, source, actor): number for actor, number in accounts.items()})

    def _make(self, connection: Connection, workspace_id: str, source_id: int, fresh: dict[str, str]) -> dict[str, int]:
        highest = connection.scalar(
            select(func.max(ACCOUNT.c.account_id)).where(ACCOUNT.c.workspace_id == workspace_id)
        )
        boxes = self._vault.seal_many(workspace_id, [(uuid4(), actor) for actor in fresh.values()])
        numbers = dict(zip(fresh.values(), range((highest or 0) + 1, (highest or 0) + 1 + len(fresh)), strict=True))
        connection.execute(
            insert(ACCOUNT),
            [
                {
                    "workspace_id": workspace_id,
                    "account_id": numbers[actor],
                    "source_id": source_id,
                    "actor_index": index,
                    "actor_key": box.key,
                    "actor": box.box,
                    "linked": False,
                }
                for (index, actor), box in zip(fresh.items(), boxes, strict=True)
            ],
        )
        return numbers


def unlinked_of_known_people(connection: Connection, workspace_id: str, limit: int = 1000) -> list[tuple[int, UUID]]:
    """Accounts without a link whose actor is a person by now: account and person.

    The source's own name for a person goes before the default source's, and both before a verified address.
    """
    named = _by_name(connection, workspace_id, limit)
    # Beyond the last account that was looked at by name, a name may yet be found.
    last = max(named) if len(named) >= limit else None
    found = {a: person for a, person in _by_address(connection, workspace_id, limit) if last is None or a <= last}
    return sorted((found | named).items())


def _by_address(connection: Connection, workspace_id: str, limit: int) -> list[tuple[int, UUID]]:
    rows = connection.execute(
        select(ACCOUNT.c.account_id, PERSON.c.person_id)
        .join(SOURCE, (SOURCE.c.workspace_id == ACCOUNT.c.workspace_id) & (SOURCE.c.source_id == ACCOUNT.c.source_id))
        .join(
            SOURCE_TERMS,
            (SOURCE_TERMS.c.workspace_id == ACCOUNT.c.workspace_id)
            & (SOURCE_TERMS.c.source == SOURCE.c.name)
            & SOURCE_TERMS.c.emails_verified,
        )
        .join(
            PERSON,
            (PERSON.c.workspace_id == ACCOUNT.c.workspace_id) & (PERSON.c.email_index == ACCOUNT.c.email_index),
        )
        .where(ACCOUNT.c.workspace_id == workspace_id, ACCOUNT.c.linked.is_(False))
        .order_by(ACCOUNT.c.account_id)
        .limit(limit)
    )
    return [(account, person) for account, person in rows]


def _by_name(connection: Connection, workspace_id: str, limit: int) -> dict[int, UUID]:
    rows = connection.execute(
        select(ACCOUNT.c.account_id, IDENTITY.c.person_id)
        .join(SOURCE, (SOURCE.c.workspace_id == ACCOUNT.c.workspace_id) & (SOURCE.c.source_id == ACCOUNT.c.source_id))
        .join(
            IDENTITY,
            (IDENTITY.c.workspace_id == ACCOUNT.c.workspace_id)
            & (IDENTITY.c.external_index == ACCOUNT.c.actor_index)
            & or_(IDENTITY.c.source == SOURCE.c.name, IDENTITY.c.source == DEFAULT_SOURCE),
        )
        .where(ACCOUNT.c.workspace_id == workspace_id, ACCOUNT.c.linked.is_(False))
        # The source's own name comes first, or the limit might cut it off behind the other.
        .order_by(ACCOUNT.c.account_id, IDENTITY.c.source == DEFAULT_SOURCE)
        .limit(limit)
    )
    found: dict[int, UUID] = {}
    for account, person in rows:
        found.setdefault(account, person)
    return found


def link(unit: Unit, pairs: Iterable[tuple[int, UUID]]) -> None:
    """Records that accounts are people's."""
    events = []
    for account, person in pairs:
        events.append(NewEvent(stream=person, event=ActorLinked(account=account, person=person), occurred_at=unit.now))
        unit.connection.execute(
            update(ACCOUNT)
            .where(ACCOUNT.c.workspace_id == unit.workspace.id, ACCOUNT.c.account_id == account)
            .values(linked=True)
        )
    unit.append_all(events)
