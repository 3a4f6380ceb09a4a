"""Stores observations, whichever way they came in: one lock, one transaction a batch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from events.interning import intern_feature, intern_import, intern_source
from events.usage_log import Observation, record
from service.directory.accounts import Accounts
from service.directory.retracted import closed_to
from service.intake.room import make_room
from service.takehold import Takehold


# Not a dataclass, for the same reason as Observation.
class Use(msgspec.Struct, frozen=True, gc=False):
    """One use as a source tells it; the fields of Observation, with names in place of numbers.

    kind: use, passive, success or failure. grain: instant, day or week; counts of instants add up, those of days and
    weeks are set, and may be 0 to take an earlier one back. account: number of an earlier account of the actor, None
    for the one in use.
    """

    item: str
    app: str
    feature: str
    actor: str
    occurred_ms: int | None
    count: int = 1
    duration_ms: int | None = None
    properties: str | None = None
    kind: str = "use"
    grain: str = "instant"
    account: int | None = None


@dataclass
class Intake:
    """One transaction under the workspace's usage lock, in the name of a source: all of it is stored, or nothing.

    import_id: of the import that tells it; None for what the source itself sends. interned: source and accounts that
    were looked up, to be remembered once they are durable.
    """

    connection: Connection
    accounts: Accounts
    workspace_id: str
    source: str
    import_id: UUID | None = None
    interned: list[tuple[str, dict[str, int]]] = field(default_factory=list)

    @property
    def position(self) -> None:
        """Observations have no place in the event log."""

    def store(self, uses: Sequence[Use], received_ms: int | None = None) -> list[bool]:
        """Stores a batch; says for each whether it was new.

        received_ms: when it came in, for histories that are told afterwards; None for now. Raises ValueError for a
        single use that counts 0.
        """
        if not uses:
            return []
        if any(use.count < 1 and use.grain == "instant" for use in uses):
            raise ValueError("a single use counts at least 1")
        connection, workspace_id = self.connection, self.workspace_id
        source_id, keyed_by = intern_source(connection, workspace_id, self.source)
        named = {(use.app, use.feature, use.kind, use.grain) for use in uses}
        features = {names: intern_feature(connection, workspace_id, *names) for names in named}
        accounts = self.accounts.intern(connection, workspace_id, self.source, source_id, (use.actor for use in uses))
        self.interned.append((self.source, accounts))
        now = time.time_ns() // 1_000_000 if received_ms is None else received_ms
        if self.import_id is None:
            return self._record(self._observed(uses, source_id, keyed_by, features, accounts), now)
        with connection.begin_nested() as numbered:
            closed = closed_to(connection, workspace_id, self.source, self.import_id)
            own = intern_import(connection, workspace_id, self.source, self.import_id, closed)
            stored = self._record(self._observed(uses, own, keyed_by, features, accounts), now)
            if not any(stored):
                # An import that brought nothing is none that anybody could retract.
                numbered.rollback()
        return stored

    def _observed(
        self,
        uses: Sequence[Use],
        number: int,
        keyed_by: int,
        features: dict[tuple[str, str, str, str], int],
        accounts: dict[str, int],
    ) -> list[Observation]:
        return [
            Observation(
                number,
                accounts[use.actor] if use.account is None else use.account,
                features[use.app, use.feature, use.kind, use.grain],
                use.item,
                use.occurred_ms,
                use.count,
                use.duration_ms,
                use.properties,
                keyed_by=keyed_by,
            )
            for use in uses
        ]

    def _record(self, observations: list[Observation], received_ms: int) -> list[bool]:
        stored = record(self.connection, self.workspace_id, observations, received_ms)
        repeats = [one for one, new in zip(observations, stored, strict=True) if not new]
        keys = [one.key for one in repeats]
        if keys and make_room(self.connection, self.workspace_id, self.source, keys, self.import_id):
            again = iter(record(self.connection, self.workspace_id, repeats, received_ms))
            stored = [new or next(again) for new in stored]
        return stored


@contextmanager
def intake(takehold: Takehold, workspace_id: str, source: str, import_id: UUID | None = None) -> Iterator[Intake]:
    """Opens an intake; what it stored is durable when the block is left. Raises Busy."""
    with takehold.database.write("usage", workspace_id) as connection:
        made = Intake(connection, takehold.accounts, workspace_id, source, import_id)
        yield made
    for name, accounts in made.interned:
        takehold.accounts.remember(workspace_id, name, accounts)


def store(
    takehold: Takehold,
    workspace_id: str,
    source: str,
    uses: Sequence[Use],
    received_ms: int | None = None,
    import_id: UUID | None = None,
) -> list[bool]:
    """Stores a batch durably, as Intake.store does. Raises Busy."""
    if not uses:
        return []
    with intake(takehold, workspace_id, source, import_id) as into:
        return into.store(uses, received_ms)
