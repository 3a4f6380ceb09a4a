"""What of a source is retracted by the log itself, for those who cannot wait until read models have followed it."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy import Connection

from adkar.withdrawal import standing
from events.envelope import Recorded
from events.log import stream_of
from events.types.usage import UsageRetracted

_STREAMS = UUID("7c1b0f5e-58a1-4d0c-8a7d-2f9b3e6c4d10")


def stream_of_retractions(workspace_id: str, source: str) -> UUID:
    """The stream that holds what was retracted of a source, and of imports in its name."""
    return uuid5(_STREAMS, f"{workspace_id}/{source}")


def retractions(connection: Connection, workspace_id: str, source: str) -> list[tuple[Recorded, UsageRetracted]]:
    """What is retracted of a source and was not brought back, oldest first, each as recorded and what it says."""
    told = standing(stream_of(connection, workspace_id, stream_of_retractions(workspace_id, source)))
    return [(one, one.event) for one in told if isinstance(one.event, UsageRetracted)]


def closed_to(connection: Connection, workspace_id: str, source: str, import_id: UUID) -> set[int]:
    """Numbers under which an import that still runs must store nothing more in the name of a source.

    They were retracted with all that the source had told, and what is told from then on counts. Not so where the import
    itself is retracted, for then what it has yet to store is as well.
    """
    told = [event for _, event in retractions(connection, workspace_id, source)]
    with_source = {number for one in told if one.import_id is None for number in one.numbers}
    return with_source.difference(*(one.numbers for one in told if one.import_id == import_id))
