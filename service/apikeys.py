"""API keys: `th_<prefix>_<secret><checksum>`, kept as SHA-256 only."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from events.database import Busy, Database
from service.access import Principal, actions_of
from service.directory.tables import API_KEY

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_KEY = re.compile("th_([a-z0-9]{10})_([a-z0-9]{32})([a-z0-9]{6})")


def create_key(
    connection: Connection,
    workspace_id: str,
    role: str,
    source: str = "default",
    scopes: frozenset[str] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Makes a key and returns it, for the only time. `scopes` None means all that the role may do."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(32))
    key = f"th_{prefix}_{secret}{_checksum(prefix + secret)}"
    connection.execute(
        insert(API_KEY).values(
            workspace_id=workspace_id,
            prefix=prefix,
            secret_hash=_hash(key),
            role=role,
            scopes=" ".join(sorted(actions_of(role) if scopes is None else scopes & actions_of(role))),
            source=source,
            created_at=datetime.now(UTC),
            expires_at=expires_at,
            revoked=False,
        )
    )
    return key


def principal_of(database: Database, key: str) -> Principal | None:
    """Whose key this is; None for one that is malformed, unknown, expired or revoked."""
    # To the letter, since what does not look like a key may hold what one of the engines cannot look for.
    shape = _KEY.fullmatch(key)
    if shape is None or _checksum(shape[1] + shape[2]) != shape[3]:
        return None
    with database.read() as connection:
        row = connection.execute(select(API_KEY).where(API_KEY.c.prefix == shape[1])).first()
    now = datetime.now(UTC)
    if row is None or row.revoked or not hmac.compare_digest(row.secret_hash, _hash(key)):
        return None
    if row.expires_at and row.expires_at <= now:
        return None
    if row.last_used_day != now.date().isoformat():
        # Once a day is enough to see which keys are dead, and costs no write a request.
        # A store that is full or busy can be read all the same; the day is noted with the next request.
        with suppress(Busy, DBAPIError), database.write("work", row.workspace_id) as connection:
            connection.execute(
                update(API_KEY)
                .where(API_KEY.c.workspace_id == row.workspace_id, API_KEY.c.prefix == row.prefix)
                .values(last_used_day=now.date().isoformat())
            )
    return Principal(row.workspace_id, f"key:{row.prefix}", row.role, row.source, frozenset(row.scopes.split()))


def _hash(key: str) -> str:
    # A key holds 165 random bits, so a plain hash is as good as a slow one.
    return hashlib.sha256(key.encode()).hexdigest()


def _checksum(text: str) -> str:
    """Six characters that tell a mistyped key from a wrong one without asking the database."""
    number = zlib.crc32(text.encode())
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[rest] + digits
    return digits
