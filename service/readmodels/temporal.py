"""Rows that know since and until which position they were true, so that any past view is a filter on positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Update, and_, bindparam, insert, or_, select, update

from events.followers import Step
from events.tables import FOLLOWER


def add(step: Step, table: Table, **values: Any) -> None:
    """From this event on, there is a row that says `values`."""
    step.altering.append(step.recorded.position)
    # As parameters, not with .values(): putting that together anew for each event took ten times as long as the row.
    step.connection.execute(
        insert(table),
        {
            "workspace_id": step.recorded.workspace_id,
            "generation": step.generation,
            "since_position": step.recorded.position,
            "until_position": None,
            "event_id": step.recorded.event_id,
            "withdrawn": False,
            **values,
        },
    )


def end(step: Step, table: Table, **key: Any) -> int:
    """From this event on, the rows of `key` are true no longer; earlier views still show them. Says how many.

    No value of `key` is None.
    """
    values = {"of": step.recorded.workspace_id, "within": step.generation, "at": step.recorded.position}
    return step.connection.execute(
        _ending(table, tuple(key)), {**values, **{f"key_{n}": v for n, v in key.items()}}
    ).rowcount


@cache
def _ending(table: Table, names: tuple[str, ...]) -> Update:
    return (
        update(table)
        .where(
            table.c.workspace_id == bindparam("of"),
            table.c.generation == bindparam("within"),
            table.c.until_position.is_(None),
            *(table.c[name] == bindparam(f"key_{name}") for name in names),
        )
        .values(until_position=bindparam("at"))
    )


def place(step: Step, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """From this event on, the row of `key` says `values`; what it said before stays visible to earlier views."""
    end(step, table, **key)
    add(step, table, **key, **values)


def withdraw(step: Step, table: Table, event_id: UUID, key: Sequence[str] = ()) -> None:
    """The row that an event brought counts no longer. What it replaced counts again, if rows replace one another.

    key: the columns within which a row replaces the one before it; none where rows stand beside each other.
    """
    mine = written(step, table, event_id=event_id)
    step.altering.append(step.recorded.position)
    rows = step.connection.execute(select(table).where(*mine, table.c.withdrawn.is_(False))).all()
    step.connection.execute(update(table).where(*mine).values(withdrawn=True))
    ended = end(step, table, event_id=event_id)
    if not (rows and ended and key):
        return
    before = step.connection.execute(
        select(table)
        .where(*written(step, table, **{name: rows[0]._mapping[name] for name in key}), table.c.withdrawn.is_(False))
        .order_by(table.c.since_position.desc())
        .limit(1)
    ).first()
    if before:
        again = {**before._mapping, "since_position": step.recorded.position, "until_position": None}
        step.connection.execute(insert(table).values(**again))


def written(step: Step, table: Table, **key: Any) -> tuple[ColumnElement[bool], ...]:
    """The rows of `key` in the generation that the step writes."""
    return (
        table.c.workspace_id == step.recorded.workspace_id,
        table.c.generation == step.generation,
        *(table.c[name] == value for name, value in key.items()),
    )


def live(table: Table, model: str, workspace_id: str) -> ColumnElement[bool]:
    """The rows of a workspace in the generation of a read model that serves."""
    generation = (
        select(FOLLOWER.c.generation)
        .where(FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name == model)
        .scalar_subquery()
    )
    return and_(table.c.workspace_id == workspace_id, table.c.generation == generation)


def visible(table: Table, model: str, workspace_id: str, at: int | None) -> ColumnElement[bool]:
    """Live rows as they stood after position `at`; as they stand now for None."""
    here = live(table, model, workspace_id)
    if at is None:
        return and_(here, table.c.until_position.is_(None))
    return and_(here, table.c.since_position <= at, or_(table.c.until_position.is_(None), table.c.until_position > at))
