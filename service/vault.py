"""Keys, kept in a store of their own with a backup of its own: who destroys a key erases what it opens."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, Table, Uuid, delete, insert, select

from events.connect import open_database
from events.sealed import Sealed, new_key, seal, unseal
from events.sqlite import SqliteDatabase

_Name = TypeVar("_Name", bound=Hashable)
_DERIVED = UUID("6f1d9a52-2f0c-4a55-9f7e-5f0a1c4be7d3")
"""Namespace of keys that a workspace has once, such as the one of its blind indexes."""


# A store of its own, so a catalogue of its own: no migration of the main store may ever see it.
KEY_TABLES = MetaData()
_KEY = Table(
    "key",
    KEY_TABLES,
    Column("workspace_id", String, primary_key=True),
    Column("key_id", Uuid, primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
)


class Erased(Exception):
    """The key is gone, and with it the text."""


class Vault:
    """Seals and opens text, and computes blind indexes, for any workspace. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self._database = open_database(url)
        # Under the lock: of two processes that start together, one would find the table made under its hands.
        with self._database.write("events", "") as connection:
            KEY_TABLES.create_all(connection)
        if isinstance(self._database, SqliteDatabase):
            # Whoever reads the keys reads every name.
            self._database.path.chmod(0o600)
        self._workspace_keys: dict[tuple[str, str], bytes] = {}

    def seal(self, workspace_id: str, text: str, key_id: UUID | None = None) -> Sealed:
        """Seals one text, under the key named or a fresh one."""
        return self.seal_many(workspace_id, [(key_id or uuid4(), text)])[0]

    def seal_many(self, workspace_id: str, texts: Iterable[tuple[UUID, str]]) -> list[Sealed]:
        """Seals texts, each under the key named; makes the keys that do not exist, durably, before it answers."""
        wanted = list(texts)
        ids = {key_id for key_id, _ in wanted}
        keys = self._keys(workspace_id, ids)
        if len(keys) < len(ids):
            with self._database.write("events", workspace_id) as connection:
                # Read again under the lock: another process may have made some of them just now.
                keys = _read(connection, workspace_id, ids)
                fresh = {key_id: new_key() for key_id in ids - keys.keys()}
                if fresh:
                    rows = [{"workspace_id": workspace_id, "key_id": i, "key": key} for i, key in fresh.items()]
                    connection.execute(insert(_KEY), rows)
            keys |= fresh
        return [seal(text, key_id, keys[key_id]) for key_id, text in wanted]

    def open(self, workspace_id: str, sealed: Sealed) -> str:
        """The text. Raises Erased when its key is gone."""
        return self.open_many(workspace_id, {0: sealed})[0]

    def open_many(self, workspace_id: str, sealed: Mapping[_Name, Sealed]) -> dict[_Name, str]:
        """The texts by the names given. Raises Erased when a key is gone."""
        keys = self._keys(workspace_id, {one.key for one in sealed.values()})
        try:
            return {name: unseal(one, keys[one.key]) for name, one in sealed.items()}
        except KeyError:
            raise Erased from None

    def destroy(self, workspace_id: str, key_ids: Iterable[UUID]) -> None:
        """Destroys keys, and with them for ever what they open; those that are gone already are left out."""
        wanted = list(key_ids)
        with self._database.write("events", workspace_id) as connection:
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                connection.execute(delete(_KEY).where(_KEY.c.workspace_id == workspace_id, _KEY.c.key_id.in_(some)))

    def index(self, workspace_id: str, kind: str, value: str) -> str:
        """Blind index of a value: equal values give equal text, and nobody without the key can compute it."""
        secret = self.workspace_key(workspace_id, "blind-index")
        return hmac.new(secret, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()[:40]

    def workspace_key(self, workspace_id: str, purpose: str) -> bytes:
        """The workspace's one key for a purpose (32 bytes), made on first use."""
        known = self._workspace_keys.get((workspace_id, purpose))
        if known is None:
            key_id = uuid5(_DERIVED, purpose)
            self.seal_many(workspace_id, [(key_id, "")])
            known = self._workspace_keys[workspace_id, purpose] = self._keys(workspace_id, {key_id})[key_id]
        return known

    def _keys(self, workspace_id: str, ids: set[UUID]) -> dict[UUID, bytes]:
        with self._database.read() as connection:
            return _read(connection, workspace_id, ids)

    def limit_use(self, seconds: float) -> None:
        """See Database."""
        self._database.limit_use(seconds)

    def close(self) -> None:
        self._database.close()


def _read(connection: Connection, workspace_id: str, ids: set[UUID]) -> dict[UUID, bytes]:
    found: dict[UUID, bytes] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), 500):
        rows = connection.execute(
            select(_KEY.c.key_id, _KEY.c.key).where(
                _KEY.c.workspace_id == workspace_id, _KEY.c.key_id.in_(wanted[start : start + 500])
            )
        )
        found.update((row.key_id, row.key) for row in rows)
    return found
