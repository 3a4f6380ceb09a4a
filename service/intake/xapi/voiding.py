"""Statements that take others back: what was recorded of these counts no longer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, select, update

from events.log import by_id
from service.access import Principal
from service.commands.trainings import training_id
from service.commands.withdrawal import withdraw
from service.http.problem import Problem
from service.intake.dialects.quarantine import holds, item_hash, release
from service.intake.xapi.statement import NAME, Received, reference
from service.intake.xapi.tables import STATEMENT as _TABLE
from service.unit import Unit

_Row = Row[*tuple[object, ...]]


def void(unit: Unit, who: Principal, stored: Sequence[Received]) -> set[UUID]:
    """Voids what some statements, stored just now, take back, and those of them that were taken back beforehand.

    Says which of them are void. A statement that takes another back cannot be taken back. Raises Problem 403.
    """
    wanted = {one.statement.voids: one.id for one in stored if one.statement.voids}
    early = _taken_back_before(unit, who, [one.id for one in stored])
    gone: set[UUID] = set()
    for row in _rows(unit, {*wanted, *early}):
        if row.voids is not None or row.voided:
            continue
        if row.source != who.source and not who.may("events:withdraw"):
            raise Problem(403, "forbidden", "This key may void only what its own source has stated.")
        _void(unit, row, wanted.get(row.statement_id) or early[row.statement_id])
        gone.add(row.statement_id)
    return gone


def _taken_back_before(unit: Unit, who: Principal, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Statements may overtake each other on their way. Statement -> the one that voids it, of the same source."""
    found: dict[UUID, UUID] = {}
    for start in range(0, len(ids), 500):
        rows = unit.connection.execute(
            select(_TABLE.c.voids, _TABLE.c.statement_id).where(
                _TABLE.c.workspace_id == unit.workspace.id,
                _TABLE.c.source == who.source,
                _TABLE.c.voids.in_(ids[start : start + 500]),
            )
        )
        found.update((row.voids, row.statement_id) for row in rows)
    return found


def _rows(unit: Unit, ids: set[UUID]) -> Sequence[_Row]:
    found: list[_Row] = []
    some = sorted(ids)
    for start in range(0, len(some), 500):
        wanted = _TABLE.c.workspace_id == unit.workspace.id, _TABLE.c.statement_id.in_(some[start : start + 500])
        found += unit.connection.execute(select(_TABLE).where(*wanted)).all()
    return found


def _void(unit: Unit, row: _Row, by: UUID) -> None:
    here, id, source = unit.workspace.id, row.statement_id, row.source
    unit.connection.execute(
        update(_TABLE).where(_TABLE.c.workspace_id == here, _TABLE.c.statement_id == id).values(voided=True)
    )
    held = item_hash(unit.vault, here, NAME, source, reference(id))
    if holds(unit.connection, here, held):
        # Nothing was recorded of it; a training of its id came another way.
        release(unit.connection, here, [held])
        return
    event = training_id(here, source, str(id))
    if by_id(unit.connection, here, event):
        withdraw(unit, event, f"voided by xAPI statement {by}")
