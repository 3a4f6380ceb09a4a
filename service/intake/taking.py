"""A batch that was read becomes durable rows, in one transaction; what had no place can be read once more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from events.usage_log import intern_source
from service.directory.claims import Claim, note
from service.directory.people import email_index
from service.intake.messages import Batch, Read, collect
from service.intake.quarantine import Held, keep, opened, release, sealed
from service.intake.store import Intake, intake
from service.takehold import Takehold

_AT_ONCE = 500


def take(
    takehold: Takehold, workspace_id: str, source: str, dialect: str, batch: Batch, released: Iterable[str] = ()
) -> list[bool]:
    """Stores all of a batch durably or nothing of it; says for each use whether it was new. Raises Busy.

    released: items of the quarantine that it came from, which leave it in the same transaction.
    """
    vault = takehold.vault
    claims = [
        Claim(one.actor, None if one.email is None else email_index(vault, workspace_id, one.email), one.same_as)
        for one in batch.identities
    ]
    # Sealed before the lock is taken: the keys are made durable in a store of their own.
    kept = sealed(vault, workspace_id, dialect, source, batch.unmapped)
    with intake(takehold, workspace_id, source) as into:
        stored = into.store(batch.uses)
        _note(into, claims)
        keep(into.connection, kept)
        release(into.connection, workspace_id, released)
    return stored


def _note(into: Intake, claims: list[Claim]) -> None:
    if not claims:
        return
    source = intern_source(into.connection, into.workspace_id, into.source)
    actors = {actor for claim in claims for actor in claim.actors}
    accounts = into.accounts.intern(into.connection, into.workspace_id, source, actors)
    into.interned.append((source, accounts))
    note(into.connection, into.workspace_id, accounts, claims)


@dataclass
class Replayed:
    """mapped: items that have a place now. stored: uses among them that were new. left: items that still have none."""

    mapped: int = 0
    stored: int = 0
    left: int = 0


def replay(takehold: Takehold, workspace_id: str, readers: dict[str, Read]) -> Replayed:
    """Reads everything in quarantine again, after its cause was mended; what has a place now leaves. Raises Busy."""
    done, last = Replayed(), ""
    while True:
        with takehold.database.read() as connection:
            some = opened(connection, takehold.vault, workspace_id, last, _AT_ONCE, readers)
        if not some:
            return done
        last = some[-1].item_hash
        for (dialect, source), held in groupby(sorted(some, key=_origin), _origin):
            items = list(held)
            read, days = readers[dialect], takehold.settings.usage_retention_days
            batch = collect([one.item for one in items], source, read, days)
            bad = {id(one.item) for one in batch.unmapped}
            gone = [one.item_hash for one in items if id(one.item) not in bad]
            # What still has no place is there already.
            batch.unmapped.clear()
            done.stored += sum(take(takehold, workspace_id, source, dialect, batch, gone))
            done.mapped, done.left = done.mapped + len(gone), done.left + len(bad)


def _origin(held: Held) -> tuple[str, str]:
    return held.dialect, held.source
