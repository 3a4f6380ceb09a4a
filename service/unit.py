"""One unit of work: what a command may read, seal and record, all in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from events.appending import append
from events.envelope import NewEvent, Recorded, Who
from events.log import head
from events.sealed import Sealed
from events.types.base import Event
from service.vault import Vault


@dataclass(frozen=True)
class Workspace:
    """One organisation: its id, name, the zone that cuts its days, and the smallest group that shows figures."""

    id: str
    name: str
    zone: ZoneInfo
    minimum_group: int


@dataclass(frozen=True)
class Unit:
    """One command's transaction, under the workspace's events lock: all of it is recorded, or nothing."""

    connection: Connection
    workspace: Workspace
    vault: Vault
    who: Who
    now: datetime
    recorded: list[Recorded] = field(default_factory=list)

    @property
    def position(self) -> int:
        """Of the last event recorded here; where nothing was, of the last in the log, which says the same already."""
        return self.recorded[-1].position if self.recorded else head(self.connection, self.workspace.id)[0]

    def append(
        self,
        stream: UUID,
        events: Sequence[Event],
        occurred_at: datetime | None = None,
        expected: int | None = None,
    ) -> list[Recorded]:
        """Records events in one stream, at the version `expected` if given. Raises Conflict."""
        new = [NewEvent(stream=stream, event=event, occurred_at=occurred_at or self.now) for event in events]
        return self.append_all(new, None if expected is None else {stream: expected})

    def append_all(self, events: Sequence[NewEvent], expected: Mapping[UUID, int] | None = None) -> list[Recorded]:
        """Records events of any streams. Raises Conflict and IdTaken."""
        fresh = append(self.connection, self.workspace.id, events, self.who, expected)
        self.recorded.extend(fresh)
        return fresh

    def seal(self, text: str | None) -> Sealed | None:
        """Free text as it may stand in an event."""
        return None if text is None else self.vault.seal(self.workspace.id, text)
