"""Generations of a follower's rows: how two of them differ, and how one that serves no longer is cleared away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, select, tuple_

from events.database import Database

_ERASE = 500
"""Rows erased in one transaction, so that no other writer waits long."""

Which = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""Which generations, as a condition on their column."""


def differing(connection: Connection, workspace_id: str, tables: Sequence[Table], one: int, other: int) -> int:
    """How many rows only one of two generations has; a row that says something else counts in both."""
    return sum(
        _only(connection, workspace_id, table, *pair) for table in tables for pair in ((one, other), (other, one))
    )


def _only(connection: Connection, workspace_id: str, table: Table, here: int, there: int) -> int:
    columns = [column for column in table.columns if column.name != "generation"]

    def rows(generation: int) -> Select[Any]:
        return select(*columns).where(table.c.workspace_id == workspace_id, table.c.generation == generation)

    found = rows(here).except_(rows(there)).subquery()
    return connection.scalar(select(func.count()).select_from(found)) or 0


def erase(database: Database, workspace_id: str, tables: Sequence[Table], which: Which) -> None:
    """Deletes the rows of some generations of a workspace, a few at a time. Raises Busy."""
    for table in tables:
        key = tuple_(*table.primary_key.columns)
        some = (
            select(*table.primary_key.columns)
            .where(table.c.workspace_id == workspace_id, which(table.c.generation))
            .limit(_ERASE)
        )
        erased = _ERASE
        while erased == _ERASE:
            with database.write("work", workspace_id) as connection:
                erased = connection.execute(delete(table).where(key.in_(some))).rowcount
