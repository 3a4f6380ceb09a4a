"""Who says what in these tests: small builders, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select

from events.appending import append
from events.database import Database
from events.envelope import NewEvent, Recorded, Who
from events.tables import EVENT
from events.types.base import Event
from events.types.people import PersonOptedOut
from events.usage_log import Observation

HOME = "default"
CHAMPION = Who(actor="key:abcd", via="api")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


def fact(
    stream: UUID | None = None, event: Event | None = None, event_id: UUID | None = None, at: datetime = NOON
) -> NewEvent:
    """Something that happened; a person opting out, if it does not matter what."""
    said = event or PersonOptedOut(person=uuid4(), opted_out=True)
    return NewEvent(stream=stream or uuid4(), event=said, occurred_at=at, event_id=event_id)


def tell(database: Database, *facts: NewEvent, workspace: str = HOME) -> list[Recorded]:
    """Appends in a transaction of its own."""
    with database.write("events", workspace) as connection:
        return append(connection, workspace, facts, CHAMPION)


def rows_of(database: Database, workspace: str = HOME) -> Sequence[Row[Any]]:
    """The log as it is stored."""
    with database.read() as connection:
        return connection.execute(
            select(EVENT).where(EVENT.c.workspace_id == workspace).order_by(EVENT.c.position)
        ).all()


def until(done: Callable[[], bool], seconds: float = 30) -> Iterator[None]:
    """Goes round until it is done; a test that never gets there fails instead of hanging."""
    deadline = monotonic() + seconds
    while not done():
        assert monotonic() < deadline, "it never came to that"
        yield


def use(item: str, **changes: Any) -> Observation:
    """One use of feature 3 by account 2 of source 1, at noon."""
    values: dict[str, Any] = {"source_id": 1, "account_id": 2, "feature_id": 3, "occurred_ms": NOON_MS}
    return Observation(item=item, **(values | changes))
