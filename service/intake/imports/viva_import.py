"""Takes a person query in: the change, its roles, people, memberships and observations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from adkar import change as decide
from adkar.change import Change
from events.envelope import new_id
from events.log import last_of
from events.types.change import MemberPlaced
from service.commands.changes import change_by_id, launch_change, load_change, place_members
from service.directory.announce import Announced, announce
from service.intake.imports.aggregates import Aggregate, Setter
from service.intake.imports.files import LeftOut, Progress
from service.intake.imports.viva import Export, Week
from service.intake.imports.viva_cells import TOTAL
from service.intake.imports.viva_members import first_access, placements, role_keys
from service.intake.imports.viva_survey import Survey, survey
from service.intake.imports.viva_uses import APP, aggregates
from service.takehold import Takehold
from service.unit import Unit

SOURCE = "viva"
_VIA = "import"
_PEOPLE = 250
"""People in a unit of work; registered and placed, they make about 500 events."""
_ROLES = 500
_AGGREGATES = 10_000
"""Compared at once; most are days without use, of which nothing is stored."""
_TARGET_AFTER = timedelta(weeks=26)

_Command = Callable[[], AbstractContextManager[Unit]]


@dataclass(frozen=True)
class Imported:
    """What became of an export. id: of the import. events: new facts. problems: first twenty rows left out."""

    id: UUID
    change: str
    rows: int
    people: int
    roles: int
    events: int
    stored: int
    duplicates: int
    left_out: int
    problems: list[LeftOut]


def import_export(
    takehold: Takehold,
    workspace_id: str,
    export: Export,
    key: str,
    target: float,
    progress: Progress,
    today: date | None = None,
) -> Imported:
    """Records what an export tells of the change `key`, which is launched with the target rate if there is none.

    The same export again records nothing, a corrected one replaces what it corrects; a run that was broken off is
    completed by another.
    Raises NotAnExport before anything is stored, NoWorkspace and Busy.
    """
    today = today or datetime.now(takehold.workspace(workspace_id).zone).date()
    found = survey(export, today, progress)
    id = new_id()
    command = partial(takehold.command, workspace_id, "system", _VIA, id)
    events, change, roles = _change(command, key, target, found)
    events += _people(command, change, roles, found, progress)
    setter = Setter(takehold, takehold.workspace(workspace_id), SOURCE, id)
    stored, duplicates = _observations(setter, export, found, today, progress)
    return Imported(
        id,
        key,
        found.rows,
        len(found.people),
        len(roles),
        events,
        stored,
        duplicates,
        len(found.unusable),
        found.problems.first,
    )


def _change(command: _Command, key: str, target: float, found: Survey) -> tuple[int, Change, dict[str, UUID]]:
    """How many events it took, the change, and the role of each organisation."""
    with command() as unit:
        id = decide.change_id(unit.workspace.id, key)
        change = change_by_id(unit.connection, unit.workspace.id, id)
        if change is None:
            go_live = found.first
            terms = {
                "key": key,
                "name": "Microsoft 365 Copilot",
                "go_live": go_live,
                "target": {"rate": target, "by": go_live + _TARGET_AFTER},
                "adoption": {"features": [{"app": APP, "feature": TOTAL}], "window_days": 28, "min_days": 4},
            }
            change = launch_change(unit, terms)
    events = len(unit.recorded)
    keys = role_keys(change, found.organisations)
    new = [name for name, role in keys.items() if role not in change.roles]
    for start in range(0, len(new), _ROLES):
        with command() as unit:
            change = load_change(unit.connection, unit.workspace.id, key)
            named = [decide.impact(change, keys[name], name) for name in new[start : start + _ROLES]]
            unit.append(change.id, [event for some in named for event in some], expected=change.version)
            change = load_change(unit.connection, unit.workspace.id, key)
        events += len(unit.recorded)
    return events, change, {name: decide.role_id(change.id, role) for name, role in keys.items()}


def _people(command: _Command, change: Change, roles: Mapping[str, UUID], found: Survey, progress: Progress) -> int:
    events, names = 0, list(found.people)
    for start in range(0, len(names), _PEOPLE):
        some = names[start : start + _PEOPLE]
        with command() as unit:
            _place(unit, change, roles, found, some)
        events += len(unit.recorded)
        progress("people", start + len(some), len(names))
    return events


def _place(unit: Unit, change: Change, roles: Mapping[str, UUID], found: Survey, names: list[str]) -> None:
    answers = announce(unit, [Announced(external_id=name, source=SOURCE) for name in names])
    people = {id: found.people[name] for name, id in zip(names, answers, strict=True) if isinstance(id, UUID)}
    streams = [decide.membership_id(role.id, person) for role in change.roles.values() for person in people]
    known: dict[UUID, list[MemberPlaced]] = defaultdict(list)
    for last in last_of(unit.connection, unit.workspace.id, streams).values():
        # What people recorded themselves says nothing about organisations.
        if last.via == _VIA and isinstance(last.event, MemberPlaced):
            known[last.event.person].append(last.event)
    placed = []
    for person, seen in people.items():
        weeks = {week: roles[name] for week, name in seen.weeks.items()}
        access = first_access(seen, found.end, found.tells_access, known[person])
        placed += placements(change.id, person, weeks, access, known[person])
    place_members(unit, placed)


def _observations(setter: Setter, export: Export, found: Survey, today: date, progress: Progress) -> tuple[int, int]:
    """How many were stored, and how many were known to be so."""
    pending: list[Aggregate] = []
    stored = known = 0
    for number, row in enumerate(export.rows(today), start=1):
        if isinstance(row, Week) and row.line not in found.unusable:
            pending += aggregates(row)
        if len(pending) >= _AGGREGATES:
            new, same = setter.take(pending)
            stored, known = stored + new, known + same
            pending.clear()
            progress("rows stored", number, found.rows)
    new, same = setter.take(pending)
    progress("rows stored", found.rows, found.rows)
    return stored + new, known + same
