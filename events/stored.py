"""The log as it is stored, row by row and without decoding, for those who copy or check it; in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from events.tables import EVENT

_PAGE = 500


class Unreadable(Exception):
    """A row holds what its columns cannot; somebody wrote it past this program. position: its place in the log."""

    def __init__(self, position: int) -> None:
        super().__init__("the event cannot be read")
        self.position = position


def stored(
    connection: Connection, workspace_id: str, after: int = 0, page_size: int = _PAGE
) -> Iterator[Mapping[str, Any]]:
    """Every row past position `after`, oldest first; `page_size` of them are held at a time. Raises Unreadable."""
    # Pages, not a cursor on the server, which whoever stops reading half way would have to close.
    while True:
        page = (
            select(EVENT)
            .where(EVENT.c.workspace_id == workspace_id, EVENT.c.position > after)
            .order_by(EVENT.c.position)
            .limit(page_size)
        )
        try:
            rows = connection.execute(page).all()
        except (DBAPIError, AttributeError, TypeError, ValueError) as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            if page_size == 1:
                raise Unreadable(after + 1) from None
            # One at a time from here: the row that cannot be read may be any of the page.
            page_size = 1
            continue
        for row in rows:
            yield row._asdict()
        if len(rows) < page_size:
            return
        after = rows[-1].position
