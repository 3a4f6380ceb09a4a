"""Items that a dialect could not map: kept with the reason, sealed, until somebody mends the cause and replays them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from events.sealed import Sealed
from service.intake.tables import QUARANTINE as _TABLE
from service.vault import Vault

MOST_KEPT = 10_000
"""Items a workspace keeps; beyond that a source that sends nothing else would fill the disk. The oldest go first."""
_KEYS = UUID("6d2b0e0a-3a0c-4f2f-8f6b-1f3f5b1f7c55")


@dataclass(frozen=True)
class Unmapped:
    """An item that has no place, and why; the reason names a field and never repeats what was sent."""

    reason: str
    item: object


@dataclass(frozen=True)
class Held:
    """An item in quarantine, opened."""

    item_hash: str
    dialect: str
    source: str
    item: object


def sealed(
    vault: Vault, workspace_id: str, dialect: str, source: str, found: Iterable[Unmapped]
) -> list[dict[str, Any]]:
    """Rows to be kept. Apart from `keep`, because the keys are made in a store of their own, outside the lock."""
    texts = {}
    for one in found:
        text = msgspec.json.encode(one.item, order="sorted").decode()
        # A client that sends an item again has not sent two.
        texts[item_hash(vault, workspace_id, dialect, source, one.item)] = (one.reason, text)
    # One key for all of a day: an item that is sent again and again must not make a key each time.
    key = uuid5(_KEYS, f"{workspace_id}/{datetime.now(UTC).date()}")
    boxes = vault.seal_many(workspace_id, [(key, text) for _, text in texts.values()])
    return [
        {
            "workspace_id": workspace_id,
            "item_hash": number,
            "dialect": dialect,
            "source": source,
            "reason": reason,
            "received_at": datetime.now(UTC),
            "item_key": box.key,
            "item": box.box,
        }
        for (number, (reason, _)), box in zip(texts.items(), boxes, strict=True)
    ]


def item_hash(vault: Vault, workspace_id: str, dialect: str, source: str, item: object) -> str:
    """The number that an item is kept under; equal for equal items of one source."""
    text = msgspec.json.encode(item, order="sorted").decode()
    return vault.index(workspace_id, f"quarantine/{dialect}/{source}", hashed(text))


def hashed(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Keeps what is not kept yet, inside a write transaction; how many that were."""
    if not rows:
        return 0
    here = _TABLE.c.workspace_id == rows[0]["workspace_id"]
    known = set(
        connection.scalars(
            select(_TABLE.c.item_hash).where(here, _TABLE.c.item_hash.in_([row["item_hash"] for row in rows]))
        )
    )
    fresh = [row for row in rows if row["item_hash"] not in known]
    if fresh:
        connection.execute(insert(_TABLE), fresh)
        _drop_the_oldest(connection, rows[0]["workspace_id"])
    return len(fresh)


def _drop_the_oldest(connection: Connection, workspace_id: str) -> None:
    here = _TABLE.c.workspace_id == workspace_id
    too_many = (connection.scalar(select(func.count()).where(here)) or 0) - MOST_KEPT
    if too_many > 0:
        oldest = select(_TABLE.c.item_hash).where(here).order_by(_TABLE.c.received_at).limit(too_many)
        connection.execute(delete(_TABLE).where(here, _TABLE.c.item_hash.in_(oldest)))


def holds(connection: Connection, workspace_id: str, number: str) -> bool:
    """Whether an item is in quarantine, by its `item_hash`."""
    here = _TABLE.c.workspace_id == workspace_id, _TABLE.c.item_hash == number
    return connection.scalar(select(func.count()).where(*here)) == 1


def counted(connection: Connection, workspace_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """By dialect, source and reason: number of items, first and last received."""
    grouped = (_TABLE.c.dialect, _TABLE.c.source, _TABLE.c.reason)
    return connection.execute(
        select(
            *grouped,
            func.count().label("number"),
            func.min(_TABLE.c.received_at).label("first"),
            func.max(_TABLE.c.received_at).label("last"),
        )
        .where(_TABLE.c.workspace_id == workspace_id)
        .group_by(*grouped)
        .order_by(func.count().desc(), *grouped)
    ).all()


def opened(
    connection: Connection,
    vault: Vault,
    workspace_id: str,
    after: str,
    limit: int,
    dialects: Collection[str],
    source: str | None = None,
) -> list[Held]:
    """Items of some dialects in the order of their hashes, past `after`; of one source, or of all."""
    wanted = [_TABLE.c.workspace_id == workspace_id, _TABLE.c.item_hash > after, _TABLE.c.dialect.in_(dialects)]
    if source is not None:
        wanted.append(_TABLE.c.source == source)
    rows = connection.execute(select(_TABLE).where(*wanted).order_by(_TABLE.c.item_hash).limit(limit)).all()
    texts = vault.open_many(workspace_id, {row.item_hash: Sealed(key=row.item_key, box=row.item) for row in rows})
    return [Held(row.item_hash, row.dialect, row.source, msgspec.json.decode(texts[row.item_hash])) for row in rows]


def release(connection: Connection, workspace_id: str, hashes: Iterable[str]) -> None:
    """Forgets items, inside a write transaction."""
    for number in hashes:
        connection.execute(delete(_TABLE).where(_TABLE.c.workspace_id == workspace_id, _TABLE.c.item_hash == number))
