"""What surrounds an event: before it is appended, and once it stands in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import uuid_utils.compat

from events.types.base import Event


def new_id() -> UUID:
    """A fresh time-ordered id (UUID version 7, RFC 9562); neighbours in time are neighbours in an index."""
    return uuid_utils.compat.uuid7()


@dataclass(frozen=True, kw_only=True)
class Who:
    """Who states a fact and how it arrived.

    actor: principal, such as `key:<prefix>`, `person:<uuid>` or `system`. via: api, page, import, cli, worker or demo.
    import_id: the import it came with. correlation: one id for all that one request or tick caused.
    causation: the event that led to it.
    """

    actor: str
    via: str
    import_id: UUID | None = None
    correlation: UUID | None = None
    causation: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """An event about to be appended.

    stream: id of the stream it belongs to. occurred_at: aware instant at which it happened in the world.
    event_id: given where the same fact may arrive twice and must carry the same id; else minted.
    Raises ValueError for an instant without a zone.
    """

    stream: UUID
    event: Event
    occurred_at: datetime
    event_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.occurred_at.utcoffset() is None:
            raise ValueError("occurred_at has no zone")


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An event in the log.

    position: 1, 2, 3 ... per workspace, without gaps. stream_version: likewise per stream.
    recorded_at: aware instant; never steps back from one position to the next.
    """

    workspace_id: str
    position: int
    stream: UUID
    stream_version: int
    event_id: UUID
    event: Event
    actor: str
    via: str
    occurred_at: datetime
    recorded_at: datetime
    correlation: UUID | None
    hash: str
