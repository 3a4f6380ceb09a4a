"""A batch that was read becomes durable rows, in one transaction; what had no place can be read once more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from events.interning import intern_source
from service.directory.claims import Claim, note
from service.directory.people import email_index
from service.intake.dialects.messages import Batch, Identity, Read, collect
from service.intake.dialects.quarantine import Held, keep, opened, release, sealed
from service.intake.store import Intake, intake
from service.takehold import Takehold
from service.vault import Vault

_AT_ONCE = 500


def take(takehold: Takehold, workspace_id: str, source: str, dialect: str, batch: Batch) -> list[bool]:
    """Stores all of a batch durably or nothing of it; says for each use whether it was new. Raises Busy."""
    vault = takehold.vault
    claims = _claims(vault, workspace_id, batch.identities)
    # Sealed before the lock is taken: the keys are made durable in a store of their own.
    kept = sealed(vault, workspace_id, dialect, source, batch.unmapped)
    with intake(takehold, workspace_id, source) as into:
        stored = into.store(batch.uses)
        _note(into, claims)
        keep(into.connection, kept)
    return stored


def _claims(vault: Vault, workspace_id: str, identities: Iterable[Identity]) -> list[Claim]:
    return [
        Claim(one.actor, None if one.email is None else email_index(vault, workspace_id, one.email), one.same_as)
        for one in identities
    ]


def _note(into: Intake, claims: list[Claim]) -> None:
    if not claims:
        return
    source = intern_source(into.connection, into.workspace_id, into.source)
    actors = {actor for claim in claims for actor in claim.actors}
    accounts = into.accounts.intern(into.connection, into.workspace_id, into.source, source.number, actors)
    into.interned.append((into.source, accounts))
    note(into.connection, into.workspace_id, accounts, claims)


@dataclass
class Replayed:
    """mapped: items that have a place now. stored: uses among them that were new. left: items that still have none."""

    mapped: int = 0
    stored: int = 0
    left: int = 0


def replay(takehold: Takehold, into: Intake, readers: dict[str, Read], source: str | None = None) -> Replayed:
    """Reads what is in quarantine again, after its cause was mended; what has a place now leaves.

    into: an open transaction; each item is stored in the name of the source that sent it. source: whose items are
    read; None for everybody's.
    """
    done, last, days = Replayed(), "", takehold.settings.usage_retention_days
    while some := opened(into.connection, takehold.vault, into.workspace_id, last, _AT_ONCE, readers, source):
        last = some[-1].item_hash
        for (dialect, sender), held in groupby(sorted(some, key=_origin), _origin):
            items, there = list(held), replace(into, source=sender)
            batch = collect([one.item for one in items], sender, readers[dialect], days)
            # What still has no place is there already.
            bad = {id(one.item) for one in batch.unmapped}
            gone = [one.item_hash for one in items if id(one.item) not in bad]
            done.stored += sum(there.store(batch.uses))
            _note(there, _claims(takehold.vault, into.workspace_id, batch.identities))
            release(into.connection, into.workspace_id, gone)
            done.mapped, done.left = done.mapped + len(gone), done.left + len(bad)
    return done


def _origin(held: Held) -> tuple[str, str]:
    return held.dialect, held.source
