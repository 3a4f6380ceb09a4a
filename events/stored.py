"""The log as it is stored, row by row and without decoding, for those who copy or check it; in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from events.tables import EVENT

_CHUNK = 500


class Unreadable(Exception):
    """A row holds what its columns cannot; somebody wrote it past this program. position: its place in the log."""

    def __init__(self, position: int) -> None:
        super().__init__("the event cannot be read")
        self.position = position


def stored(
    connection: Connection, workspace_id: str, after: int = 0, chunk: int = _CHUNK
) -> Iterator[Mapping[str, Any]]:
    """Every row past position `after`, oldest first; `chunk` of them are held at a time. Raises Unreadable."""
    rows = (
        select(EVENT)
        .where(EVENT.c.workspace_id == workspace_id, EVENT.c.position > after)
        .order_by(EVENT.c.position)
        .execution_options(yield_per=chunk)
    )
    try:
        for row in connection.execute(rows):
            yield row._mapping
            after = row.position
    except (DBAPIError, AttributeError, TypeError, ValueError) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        if chunk == 1:
            raise Unreadable(after + 1) from None
    else:
        return
    # One at a time from here: the row that cannot be read may be any of the chunk.
    yield from stored(connection, workspace_id, after, 1)
