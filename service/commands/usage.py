"""Taking back what a source reported by mistake."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid5

from events.types.usage import UsageRetracted
from events.usage_log import hold, retire_source
from service.http.problem import Problem
from service.unit import Unit

_STREAMS = UUID("7c1b0f5e-58a1-4d0c-8a7d-2f9b3e6c4d10")


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
    [recorded] = unit.append(uuid5(_STREAMS, f"{unit.workspace.id}/{source}"), [told])
    return recorded.event_id
