"""Training events, judged one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID, uuid4, uuid5

from events.envelope import NewEvent
from events.repeats import content, contents
from events.types.training import TrainingRecorded
from service.directory.announce import provisional
from service.directory.people import find
from service.unit import Unit

_NAMESPACE = UUID("4d0b7f0e-4a3e-4a4e-9d52-2d4cfb0f4a10")
Verdict = Literal["stored", "duplicate", "id_taken"]


def record_trainings(
    unit: Unit, source: str, items: Sequence[Mapping[str, Any]], proven: Mapping[str, UUID] | None = None
) -> list[Verdict]:
    """Records training steps; the same id and content again is a duplicate, with other content it is refused.

    A person nobody announced becomes a provisional one, so that no training is lost. proven: people by what the items
    call them, who are known some other way than by name; a name that the directory has goes before it.
    """
    named = find(unit.connection, unit.vault, unit.workspace.id, [item["person"] for item in items], source)
    people = {**(proven or {}), **named}
    strangers = {item["person"]: uuid4() for item in items if item["person"] not in people}
    people |= strangers
    steps = [_step(unit, source, people[item["person"]], item) for item in items]
    known = contents(unit.connection, unit.workspace.id, [id for id, _ in steps])
    verdicts: list[Verdict] = []
    fresh: list[NewEvent] = []
    for id, step in steps:
        if id not in known:
            known[id] = content(step)
            fresh.append(step)
            verdicts.append("stored")
        else:
            verdicts.append("duplicate" if known[id] == content(step) else "id_taken")
    # Whom nothing but refused items name is not registered.
    kept = {item["person"] for item, verdict in zip(items, verdicts, strict=True) if verdict == "stored"}
    provisional(unit, source, {external: id for external, id in strangers.items() if external in kept})
    unit.append_all(fresh)
    return verdicts


def training_id(workspace_id: str, source: str, id: str) -> UUID:
    """The event that a source's step of that id is recorded as."""
    return uuid5(_NAMESPACE, f"{workspace_id}/{source}/{id}")


def _step(unit: Unit, source: str, person: UUID, item: Mapping[str, Any]) -> tuple[UUID, NewEvent]:
    id = training_id(unit.workspace.id, source, item["id"])
    step = TrainingRecorded(person=person, course=item["course"], status=item["status"], score=item.get("score"))
    return id, NewEvent(stream=uuid5(person, "training"), event=step, occurred_at=item["occurred_at"], event_id=id)
