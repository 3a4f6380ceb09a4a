"""Statements become durable together with the trainings they tell of, in one transaction: all of them, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import msgspec
from sqlalchemy import Connection, func, insert, select

from events.sealed import Sealed
from service.access import Principal
from service.commands.trainings import record_trainings
from service.directory.people import email_index, find_by_email
from service.directory.sources import vouches_for_addresses
from service.http.problem import FieldError, Problem
from service.intake.dialects.messages import NoPlace
from service.intake.dialects.quarantine import Unmapped, keep, sealed
from service.intake.xapi.parts import Activity, Agent, Group
from service.intake.xapi.statement import NAME, Received, reference
from service.intake.xapi.tables import STATEMENT as _TABLE
from service.intake.xapi.training import Step, courses_asked, is_browsing, session_of, step_of
from service.intake.xapi.voiding import void
from service.takehold import Takehold
from service.unit import Unit
from service.vault import Vault

_KEYS = UUID("8a5c4a0e-0f0b-4f0e-9d53-6f0f3f8c7d21")
"""Namespace of the keys that statements are sealed under, one for each agent: whoever destroys it erases them all."""


@dataclass(frozen=True)
class Sorted:
    """A statement and what it comes to: a step of a training, or the reason why it has no place, or neither."""

    received: Received
    step: Step | None = None
    reason: str | None = None


def deliver(takehold: Takehold, who: Principal, batch: Sequence[Received]) -> datetime | None:
    """Stores what is not stored yet, durably, and records the trainings in it; says when, None for nothing new.

    Raises Busy, Problem 409 for an id that another statement has, 403 for taking back what is somebody else's.
    """
    vault, here = takehold.vault, who.workspace_id
    with takehold.database.read() as connection:
        fresh = _unknown(connection, vault, here, batch)
        courses = courses_asked(connection, here) if fresh else frozenset()
    if not fresh:
        return None
    found = [sort_out(one, courses) for one in fresh]
    # Sealed before the lock is taken: the keys are made durable in a store of their own.
    boxes = dict(zip((one.id for one in fresh), _boxes(vault, here, fresh), strict=True))
    with takehold.command(here, who.name, "api") as unit:
        # Once more, under the lock: the same statements may have come another way meanwhile.
        new = {one.id for one in _unknown(unit.connection, vault, here, batch)}
        found = [one for one in found if one.received.id in new]
        _insert(unit, who, [one.received for one in found], boxes)
        gone = void(unit, who, [one.received for one in found])
        _record(unit, who.source, [one for one in found if one.received.id not in gone])
        return unit.now


def sort_out(received: Received, courses: Collection[str]) -> Sorted:
    """What a statement comes to, where some courses are asked for."""
    if received.statement.voids:
        return Sorted(received)
    try:
        return Sorted(received, step_of(received.statement, courses))
    except NoPlace as none:
        return Sorted(received, reason=none.reason)


def record(unit: Unit, source: str, steps: Sequence[tuple[UUID, Step, datetime]]) -> list[UUID]:
    """Records steps by the statements that tell of them; says which ones could not be, their id being taken."""
    addresses = {step.person: step.address for _, step, _ in steps if step.address}
    proven: dict[str, UUID] = {}
    if addresses and vouches_for_addresses(unit.connection, unit.workspace.id, source):
        known = find_by_email(unit.connection, unit.vault, unit.workspace.id, addresses.values())
        indexes = {name: email_index(unit.vault, unit.workspace.id, address) for name, address in addresses.items()}
        proven = {name: known[index] for name, index in indexes.items() if index in known}
    items = [step.item(str(id), stored_at) for id, step, stored_at in steps]
    verdicts = record_trainings(unit, source, items, proven)
    return [id for (id, _, _), verdict in zip(steps, verdicts, strict=True) if verdict == "id_taken"]


def lookers(
    connection: Connection, vault: Vault, workspace_id: str, source: str, some: Iterable[Received]
) -> set[UUID]:
    """Those of some statements that belong to a session whose launch was for a look only."""
    sessions = {one.id: session_index(vault, workspace_id, one) for one in some}
    launched = connection.scalars(
        select(_TABLE.c.session).where(
            _TABLE.c.workspace_id == workspace_id,
            _TABLE.c.source == source,
            _TABLE.c.session.in_({session for session in sessions.values() if session}),
            _TABLE.c.browsing,
        )
    )
    browsed = set(launched)
    return {id for id, session in sessions.items() if session in browsed}


def agent_index(vault: Vault, workspace_id: str, agent: object) -> str | None:
    """Blind index of an agent or a group; None for a group that nothing names."""
    identifier = agent.identifier if isinstance(agent, Agent | Group) else None
    return vault.index(workspace_id, "xapi/agent", "\0".join(identifier)) if identifier else None


def session_index(vault: Vault, workspace_id: str, received: Received) -> str | None:
    """Blind index of the session that a statement belongs to."""
    session = session_of(received.statement)
    return vault.index(workspace_id, "xapi/session", session) if session else None


def _unknown(connection: Connection, vault: Vault, here: str, batch: Sequence[Received]) -> list[Received]:
    """Statements that are not stored yet. Raises Problem 409 where another one has the id."""
    known: dict[UUID, str] = {}
    ids = [one.id for one in batch]
    for start in range(0, len(ids), 500):
        rows = connection.execute(
            select(_TABLE.c.statement_id, _TABLE.c.digest).where(
                _TABLE.c.workspace_id == here, _TABLE.c.statement_id.in_(ids[start : start + 500])
            )
        )
        known.update((row.statement_id, row.digest) for row in rows)
    for number, one in enumerate(batch):
        if one.id in known and known[one.id] != _digest(vault, here, one):
            field = f"{number}.id" if len(batch) > 1 else "id"
            message = "A statement of this id is stored already and says something else. Nothing was stored."
            raise Problem(409, "statement_taken", message, [FieldError(field=field, message="is taken")])
    return [one for one in batch if one.id not in known]


def _digest(vault: Vault, here: str, received: Received) -> str:
    return vault.index(here, "xapi/statement", received.canonical)


def _boxes(vault: Vault, here: str, fresh: Sequence[Received]) -> list[Sealed]:
    texts = []
    for one in fresh:
        agent = agent_index(vault, here, one.statement.actor)
        key = uuid5(_KEYS, agent) if agent else uuid4()
        texts.append((key, msgspec.json.encode(one.body).decode()))
    return vault.seal_many(here, texts)


def _insert(unit: Unit, who: Principal, fresh: Sequence[Received], boxes: dict[UUID, Sealed]) -> None:
    here, vault = unit.workspace.id, unit.vault
    last = unit.connection.scalar(select(func.max(_TABLE.c.number)).where(_TABLE.c.workspace_id == here)) or 0
    rows: list[dict[str, Any]] = []
    for number, one in enumerate(fresh, start=last + 1):
        told = one.statement
        rows.append(
            {
                "workspace_id": here,
                "statement_id": one.id,
                "number": number,
                "digest": _digest(vault, here, one),
                "source": who.source,
                "stated_by": who.name,
                "stored_at": unit.now,
                "agent": agent_index(vault, here, told.actor),
                "object_agent": agent_index(vault, here, told.object),
                "verb": told.verb.id,
                "activity": activity_index(vault, here, told.object.id) if isinstance(told.object, Activity) else None,
                "registration": told.registration,
                "session": session_index(vault, here, one),
                "browsing": is_browsing(told),
                "voids": told.voids,
                "voided": False,
                "body_key": boxes[one.id].key,
                "body": boxes[one.id].box,
            }
        )
    if rows:
        unit.connection.execute(insert(_TABLE), rows)


def activity_index(vault: Vault, workspace_id: str, activity: str) -> str:
    """Blind index of an activity; some systems write into its id whose it is."""
    return vault.index(workspace_id, "xapi/activity", activity)


def _record(unit: Unit, source: str, found: Sequence[Sorted]) -> None:
    looked = lookers(unit.connection, unit.vault, unit.workspace.id, source, [one.received for one in found])
    steps = [(one.received.id, one.step, unit.now) for one in found if one.step and one.received.id not in looked]
    reasons = {one.received.id: one.reason for one in found if one.reason and one.received.id not in looked}
    reasons |= dict.fromkeys(record(unit, source, steps), "id: another training has it")
    unmapped = [Unmapped(reason, reference(id)) for id, reason in reasons.items()]
    keep(unit.connection, sealed(unit.vault, unit.workspace.id, NAME, source, unmapped))
