"""Names of sources and features, as the numbers that the usage log knows them by."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, bindparam, func, insert, select, update

from events.tables import FEATURE, SOURCE


class SourceNumbers(NamedTuple):
    """The number a source stores under, and the one that keys of its items are made from."""

    number: int
    keyed_by: int


def intern_source(connection: Connection, workspace_id: str, name: str) -> SourceNumbers:
    """The numbers of a source, given out on first sight; inside a transaction that holds the `usage` lock."""
    found = connection.execute(_FIND_SOURCE, {"workspace_id": workspace_id, "name": name}).first()
    if found is not None:
        return SourceNumbers(found.source_id, found.keyed_by or found.source_id)
    here = SOURCE.c.workspace_id == workspace_id, SOURCE.c.name == name, SOURCE.c.import_id.is_(None)
    before = connection.execute(select(SOURCE).where(*here).order_by(SOURCE.c.source_id.desc()).limit(1)).first()
    number = _next(connection, SOURCE.c.source_id, workspace_id)
    keyed_by = before and (before.keyed_by or before.source_id)
    values = {"workspace_id": workspace_id, "source_id": number, "name": name, "retired": 0, "keyed_by": keyed_by}
    connection.execute(insert(SOURCE).values(**values))
    return SourceNumbers(number, keyed_by or number)


def intern_import(
    connection: Connection, workspace_id: str, name: str, import_id: UUID, but: Collection[int] = ()
) -> int:
    """The number of what an import brings in the name of a source; inside a transaction that holds the `usage` lock.

    but: numbers that it no longer stores under; it then has another.
    """
    here = SOURCE.c.workspace_id == workspace_id, SOURCE.c.name == name, SOURCE.c.import_id == import_id
    own = connection.scalars(select(SOURCE.c.source_id).where(*here).order_by(SOURCE.c.source_id))
    if left := [number for number in own if number not in but]:
        return int(left[-1])
    number = _next(connection, SOURCE.c.source_id, workspace_id)
    values = {"workspace_id": workspace_id, "source_id": number, "name": name, "retired": number}
    connection.execute(insert(SOURCE).values(**values, import_id=import_id))
    return number


def retire_source(connection: Connection, workspace_id: str, name: str) -> list[int]:
    """Lets a source go on under another number from here on, inside a transaction that holds the `usage` lock.

    Answers every number that it ever had, imports in its name included, the newest last; none for a source that never
    reported.
    """
    here = SOURCE.c.workspace_id == workspace_id, SOURCE.c.name == name
    rows = connection.execute(select(SOURCE).where(*here).order_by(SOURCE.c.source_id)).all()
    for row in rows:
        if not row.retired:
            mine = SOURCE.c.source_id == row.source_id
            connection.execute(update(SOURCE).where(*here, mine).values(retired=row.source_id))
    return [row.source_id for row in rows]


def intern_feature(
    connection: Connection, workspace_id: str, app: str, name: str, kind: str = "use", grain: str = "instant"
) -> int:
    """The number of a feature, given out on first sight; inside a transaction that holds the `usage` lock.

    kind: use, passive, success or failure. grain: instant, day or week; how finely the source knows the time.
    """
    values: dict[str, str | int] = {
        "workspace_id": workspace_id,
        "app": app,
        "name": name,
        "kind": kind,
        "grain": grain,
    }
    found = connection.scalar(_FIND_FEATURE, values)
    if found is not None:
        return int(found)
    number = _next(connection, FEATURE.c.feature_id, workspace_id)
    connection.execute(insert(FEATURE).values(feature_id=number, **values))
    return number


def _next(connection: Connection, number: Column[int], workspace_id: str) -> int:
    highest = connection.scalar(select(func.max(number)).where(number.table.c.workspace_id == workspace_id))
    return (highest or 0) + 1


# Built once: putting a statement together takes longer than running it, and each batch needs several.
_FIND_SOURCE = select(SOURCE.c.source_id, SOURCE.c.keyed_by).where(
    SOURCE.c.workspace_id == bindparam("workspace_id"), SOURCE.c.name == bindparam("name"), SOURCE.c.retired == 0
)
_FIND_FEATURE = select(FEATURE.c.feature_id).where(
    *(FEATURE.c[name] == bindparam(name) for name in ("workspace_id", "app", "name", "kind", "grain"))
)
