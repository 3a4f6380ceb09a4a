"""Taking back facts that were recorded by mistake: one of them, or all that one import brought."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete

from adkar.withdrawal import check_withdrawable, is_withdrawable, withdrawn
from events.envelope import NewEvent, Recorded
from events.log import by_id, of_import, stream_of
from events.types.people import PersonRegistered
from events.types.trust import FactWithdrawn
from service.directory.tables import IDENTITY, PERSON
from service.http.problem import Problem
from service.unit import Unit


def withdraw(unit: Unit, event_id: UUID, reason: str) -> Recorded | None:
    """Takes one fact back; None when it was before. Raises Refused, and Problem 404 for an unknown event."""
    told = by_id(unit.connection, unit.workspace.id, event_id)
    if told is None:
        raise Problem(404, "unknown_event", "There is no such event.")
    check_withdrawable(told.event)
    if event_id in withdrawn(stream_of(unit.connection, unit.workspace.id, told.stream)):
        return None
    [withdrawal] = _withdraw(unit, [told], reason)
    return withdrawal


def withdraw_import(unit: Unit, import_id: UUID, reason: str) -> list[Recorded]:
    """Takes back all that an import recorded and that can be; a withdrawal for each fact. Raises Problem 404."""
    told = of_import(unit.connection, unit.workspace.id, import_id)
    if not told:
        raise Problem(404, "unknown_import", "There is no such import.")
    streams = {one.stream for one in told}
    gone = set[UUID]()
    for stream in streams:
        gone |= withdrawn(stream_of(unit.connection, unit.workspace.id, stream))
    mine = [one for one in told if is_withdrawable(one.event) and one.event_id not in gone]
    # The newest first, so that each reveals what it had replaced, and no longer what this import had replaced.
    return _withdraw(unit, mine[::-1], reason)


def _withdraw(unit: Unit, told: Sequence[Recorded], reason: str) -> list[Recorded]:
    sealed = unit.vault.seal(unit.workspace.id, reason)
    withdrawals = unit.append_all(
        [
            NewEvent(stream=one.stream, event=FactWithdrawn(event_id=one.event_id, reason=sealed), occurred_at=unit.now)
            for one in told
        ]
    )
    for one in told:
        if isinstance(one.event, PersonRegistered):
            _forget(unit, one.event.person)
    return withdrawals


def _forget(unit: Unit, person: UUID) -> None:
    """Whoever was announced by mistake is nobody's name any more; announced again, they are somebody new."""
    for table in (IDENTITY, PERSON):
        unit.connection.execute(
            delete(table).where(table.c.workspace_id == unit.workspace.id, table.c.person_id == person)
        )
