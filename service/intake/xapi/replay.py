"""Statements that had no place are looked at once more, after somebody asked for their course or mended a rule."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from service.access import Principal
from service.intake.dialects.quarantine import Held, opened, release
from service.intake.dialects.taking import Replayed
from service.intake.xapi.query import body_of
from service.intake.xapi.statement import NAME, received
from service.intake.xapi.store import Sorted, lookers, record, sort_out
from service.intake.xapi.tables import STATEMENT as _TABLE
from service.intake.xapi.training import courses_asked
from service.takehold import Takehold

_AT_ONCE = 500


def replay(takehold: Takehold, who: Principal, sender: str | None = None) -> Replayed:
    """Reads every statement in quarantine again; one that has a place now is recorded, and leaves. Raises Busy.

    sender: source whose statements are read; None for everybody's.
    """
    done, last = Replayed(), ""
    while True:
        with takehold.database.read() as connection:
            held = opened(connection, takehold.vault, who.workspace_id, last, _AT_ONCE, [NAME], sender)
            rows = _rows(connection, who.workspace_id, held)
            courses = courses_asked(connection, who.workspace_id)
        if not held:
            return done
        last = held[-1].item_hash
        found: list[tuple[Held, Row[*tuple[Any, ...]], Sorted]] = []
        for one in held:
            row = rows[_id(one)]
            if body := body_of(takehold.vault, who.workspace_id, row):
                found.append((one, row, sort_out(received(body), courses)))
        placed = [one for one in found if not one[2].reason]
        for source, some in groupby(sorted(placed, key=lambda one: one[0].source), key=lambda one: one[0].source):
            stored, taken = _record(takehold, who, source, list(some))
            done.stored += stored
            done.mapped -= taken
        done.mapped += len(placed)
        done.left += len(held) - len(placed)


def _record(
    takehold: Takehold, who: Principal, source: str, some: Sequence[tuple[Held, Row[*tuple[Any, ...]], Sorted]]
) -> tuple[int, int]:
    """How many steps were recorded, and how many could not be."""
    with takehold.command(who.workspace_id, who.name, "api") as unit:
        looked = lookers(unit.connection, unit.vault, unit.workspace.id, source, [one.received for _, _, one in some])
        steps = [
            (one.received.id, one.step, row.stored_at)
            for _, row, one in some
            if one.step and one.received.id not in looked
        ]
        taken = record(unit, source, steps)
        release(unit.connection, unit.workspace.id, [one.item_hash for one, _, _ in some if _id(one) not in taken])
    return len(steps) - len(taken), len(taken)


def _rows(connection: Connection, workspace_id: str, held: Sequence[Held]) -> dict[UUID, Row[*tuple[Any, ...]]]:
    ids = [_id(one) for one in held]
    rows = connection.execute(
        select(_TABLE).where(_TABLE.c.workspace_id == workspace_id, _TABLE.c.statement_id.in_(ids))
    )
    return {row.statement_id: row for row in rows}


def _id(held: Held) -> UUID:
    item: Any = held.item
    return UUID(item["id"])
