"""What sources say of their actors: an address, or that two are one. The worker makes links and merges of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import Connection, insert, select, update

from events.envelope import NewEvent
from events.types.people import ActorsMerged
from service.directory.tables import ACCOUNT, CLAIM
from service.unit import Unit

_STREAMS = UUID("2a4f6b7e-6a35-4f0b-9b52-0d7f2a1c9e64")


@dataclass(frozen=True)
class Claim:
    """actor: what the source calls somebody. email_index: blind index of an address; None for no word on it.
    same_as: another of its actors that is the same; None for no word on it."""

    actor: str
    email_index: str | None = None
    same_as: str | None = None

    @property
    def actors(self) -> list[str]:
        """All that it names."""
        return [self.actor] if self.same_as is None else [self.actor, self.same_as]


def note(connection: Connection, workspace_id: str, accounts: dict[str, int], claims: Sequence[Claim]) -> None:
    """Writes claims down, inside a transaction that holds the `usage` lock. accounts: of every actor named."""
    # In the order of accounts, as the worker links them: in any other, two would wait for each other.
    for claim in sorted(claims, key=lambda claim: accounts[claim.actor]):
        if claim.email_index is not None:
            here = ACCOUNT.c.workspace_id == workspace_id, ACCOUNT.c.account_id == accounts[claim.actor]
            new = ACCOUNT.c.email_index.is_distinct_from(claim.email_index)
            connection.execute(update(ACCOUNT).where(*here, new).values(email_index=claim.email_index))
        if claim.same_as is not None and claim.same_as != claim.actor:
            pair = {"account_id": accounts[claim.actor], "into_id": accounts[claim.same_as]}
            known = select(CLAIM.c.settled).where(
                CLAIM.c.workspace_id == workspace_id, *(CLAIM.c[name] == number for name, number in pair.items())
            )
            if connection.execute(known).first() is None:
                connection.execute(insert(CLAIM).values(workspace_id=workspace_id, settled=False, **pair))


def unsettled(connection: Connection, workspace_id: str, limit: int = 1000) -> list[tuple[int, int]]:
    """Pairs of accounts that are said to be one, and of which the event log knows nothing yet."""
    rows = connection.execute(
        select(CLAIM.c.account_id, CLAIM.c.into_id)
        .where(CLAIM.c.workspace_id == workspace_id, CLAIM.c.settled.is_(False))
        .order_by(CLAIM.c.account_id, CLAIM.c.into_id)
        .limit(limit)
    )
    return [(account, into) for account, into in rows]


def settle(unit: Unit, pairs: Sequence[tuple[int, int]]) -> None:
    """Records that accounts are one. A merge that was undone stays undone, however often the source repeats it."""
    events = []
    for account, into in pairs:
        stream = uuid5(_STREAMS, f"{unit.workspace.id}/{account}")
        merged = ActorsMerged(account=account, into=into)
        events.append(NewEvent(stream=stream, event=merged, occurred_at=unit.now))
        unit.connection.execute(
            update(CLAIM)
            .where(CLAIM.c.workspace_id == unit.workspace.id, CLAIM.c.account_id == account, CLAIM.c.into_id == into)
            .values(settled=True)
        )
    unit.append_all(events)
