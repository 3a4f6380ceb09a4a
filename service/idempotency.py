"""Answers to requests that named an Idempotency-Key: one request, however often it is sent, happens once.

The row commits with what the request did, so an answer is known exactly when the deed is durable. It is looked up under
the lock that the deed needs as well: a repeat that comes while the first is in flight waits its turn, then finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ColumnElement, Connection, Index, Row, Text, insert, select, text, update
from sqlmodel import Field, SQLModel

from events.database import Database
from events.sealed import Sealed
from events.tables import table
from service.vault import Erased, Vault

KEPT = timedelta(hours=24)
"""How long the body of an answer is kept: longer than any client retries, and it may speak of people."""

_PURGED_AT_ONCE = 500


class IdempotencyRow(SQLModel, table=True):
    """A request that was carried out. `body` is sealed under a key of its own and goes after a day; the rest stays.

    `principal` is who asked, `route` method and path; `position` that of the log afterwards, None for usage.
    """

    __tablename__ = "idempotency"
    __table_args__ = (
        Index(
            "idempotency_body",
            "workspace_id",
            "created_at",
            sqlite_where=text("body IS NOT NULL"),
            postgresql_where=text("body IS NOT NULL"),
        ),
    )

    workspace_id: str = Field(primary_key=True)
    principal: str = Field(primary_key=True)
    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    status: int
    body_key: UUID | None = None
    body: str | None = Field(default=None, sa_type=Text)
    etag: str | None = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime


IDEMPOTENCY = table("idempotency")


@dataclass(frozen=True)
class Asked:
    """A request by what makes it the same one. hash: SHA-256 of method, path and body, in hex."""

    workspace_id: str
    principal: str
    route: str
    key: str
    hash: str


@dataclass(frozen=True)
class Answer:
    """What a request was answered. body: JSON text, None where there was none. position: of the log, None for usage."""

    status: int
    body: str | None
    etag: str | None
    position: int | None


class Reused(Exception):
    """The key came before, with another request."""


class Expired(Exception):
    """The request was carried out, but its answer is no longer kept. `position`: of the log after it."""

    def __init__(self, position: int | None) -> None:
        super().__init__(position)
        self.position = position


def recall(connection: Connection, vault: Vault, asked: Asked, now: datetime | None = None) -> Answer | None:
    """What a request was answered before, None for a new one; under the lock of what it does. Raises Reused, Expired.

    An answer without a body never expires: all of it is kept.
    """
    row = connection.execute(select(IDEMPOTENCY).where(*_here(asked))).first()
    if row is None:
        return None
    if row.request_hash != asked.hash:
        raise Reused
    return Answer(row.status, _body(vault, row, now or datetime.now(UTC)), row.etag, row.position)


def remember(connection: Connection, vault: Vault, asked: Asked, answer: Answer) -> None:
    """Keeps an answer, in the transaction of what the request did."""
    sealed = None if answer.body is None else vault.seal(asked.workspace_id, answer.body, uuid4())
    connection.execute(
        insert(IDEMPOTENCY).values(
            workspace_id=asked.workspace_id,
            principal=asked.principal,
            route=asked.route,
            key=asked.key,
            request_hash=asked.hash,
            status=answer.status,
            body_key=sealed.key if sealed else None,
            body=sealed.box if sealed else None,
            etag=answer.etag,
            position=answer.position,
            created_at=datetime.now(UTC),
        )
    )


def purge(database: Database, vault: Vault, workspace_id: str, now: datetime | None = None) -> int:
    """Erases bodies that are older than KEPT; answers how many. Raises Busy."""
    erased = 0
    old = (
        IDEMPOTENCY.c.workspace_id == workspace_id,
        IDEMPOTENCY.c.body.is_not(None),
        IDEMPOTENCY.c.created_at <= (now or datetime.now(UTC)) - KEPT,
    )
    while True:
        with database.read() as connection:
            keys = list(connection.scalars(select(IDEMPOTENCY.c.body_key).where(*old).limit(_PURGED_AT_ONCE)))
        if not keys:
            return erased
        # The key goes first: a crash between the two leaves a body that nobody can open, and that the next round finds.
        vault.destroy(workspace_id, keys)
        with database.write("work", workspace_id) as connection:
            connection.execute(
                update(IDEMPOTENCY).where(*old, IDEMPOTENCY.c.body_key.in_(keys)).values(body=None, body_key=None)
            )
        erased += len(keys)


def _body(vault: Vault, row: Row[*tuple[Any, ...]], now: datetime) -> str | None:
    if row.status == HTTPStatus.NO_CONTENT:
        return None
    # The hour decides, not the purge, so that a repeat is judged alike whether or not the worker came round.
    if row.body is None or row.body_key is None or row.created_at <= now - KEPT:
        raise Expired(row.position)
    try:
        return vault.open(row.workspace_id, Sealed(key=row.body_key, box=row.body))
    except Erased:
        raise Expired(row.position) from None


def _here(asked: Asked) -> tuple[ColumnElement[bool], ...]:
    return (
        IDEMPOTENCY.c.workspace_id == asked.workspace_id,
        IDEMPOTENCY.c.principal == asked.principal,
        IDEMPOTENCY.c.route == asked.route,
        IDEMPOTENCY.c.key == asked.key,
    )
