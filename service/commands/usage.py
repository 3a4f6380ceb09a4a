"""Taking back what a source reported by mistake, or an import in its name."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from events.interning import retire_source
from events.tables import SOURCE
from events.types.usage import UsageRetracted
from events.usage_log import hold
from service.directory.retracted import retractions, stream_of_retractions
from service.http.problem import Problem
from service.unit import Unit


def retract(
    unit: Unit,
    source: str,
    reason: str,
    start: date | None = None,
    end: date | None = None,
    received: date | None = None,
) -> UUID:
    """Takes back what a source reported up to now; the id of the event, which can be withdrawn to undo it.

    What it reports from now on counts, the same items sent again included. Raises Problem 404 for a source that never
    reported.
    """
    # In the order in which everybody takes them: nothing holds the usage log and waits for events.
    hold(unit.connection, unit.workspace.id)
    numbers = retire_source(unit.connection, unit.workspace.id, source)
    if not numbers:
        raise Problem(404, "unknown_source", "No source of that name reported anything.")
    sealed = unit.vault.seal(unit.workspace.id, reason)
    told = UsageRetracted(source=source, numbers=tuple(numbers), start=start, end=end, received=received, reason=sealed)
    return _record(unit, told)


def retract_import(
    unit: Unit, import_id: UUID, reason: str, start: date | None = None, end: date | None = None
) -> UUID:
    """Takes back what an import brought, and nothing else; the id of the event, which can be withdrawn to undo it.

    Said again, it is the same event. Raises Problem 404 for an import that is unknown or brought no observations.
    """
    here = SOURCE.c.workspace_id == unit.workspace.id, SOURCE.c.import_id == import_id
    rows = unit.connection.execute(select(SOURCE).where(*here).order_by(SOURCE.c.source_id)).all()
    if not rows:
        raise Problem(404, "unknown_import", "No import of that id brought any observations.")
    name, numbers = rows[0].name, tuple(row.source_id for row in rows)
    for recorded, before in retractions(unit.connection, unit.workspace.id, name):
        same = (before.import_id, before.start, before.end) == (import_id, start, end)
        # It may have gone on under another number since.
        if same and set(numbers) <= set(before.numbers):
            return recorded.event_id
    sealed = unit.vault.seal(unit.workspace.id, reason)
    told = UsageRetracted(source=name, import_id=import_id, numbers=numbers, start=start, end=end, reason=sealed)
    return _record(unit, told)


def _record(unit: Unit, told: UsageRetracted) -> UUID:
    [recorded] = unit.append(stream_of_retractions(unit.workspace.id, told.source), [told])
    return recorded.event_id
