"""Rows that know since and until which position they were true, so that any past view is a filter on positions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, insert, or_, update

from events.envelope import Recorded


def place(
    connection: Connection, table: Table, recorded: Recorded, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """From this event on, the row of `key` says `values`; what it said before stays visible to earlier views."""
    connection.execute(
        update(table)
        .where(
            table.c.workspace_id == recorded.workspace_id,
            table.c.until_position.is_(None),
            *(table.c[name] == value for name, value in key.items()),
        )
        .values(until_position=recorded.position)
    )
    connection.execute(
        insert(table).values(
            workspace_id=recorded.workspace_id, since_position=recorded.position, until_position=None, **key, **values
        )
    )


def visible(table: Table, workspace_id: str, at: int | None) -> ColumnElement[bool]:
    """Rows of a workspace as they stood after position `at`; as they stand now for None."""
    here = table.c.workspace_id == workspace_id
    if at is None:
        return and_(here, table.c.until_position.is_(None))
    return and_(here, table.c.since_position <= at, or_(table.c.until_position.is_(None), table.c.until_position > at))
