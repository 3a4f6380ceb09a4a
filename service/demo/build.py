"""Builds the demo organisation through the same commands and intake that everybody uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import numpy as np

from adkar import change as decide
from events.envelope import NewEvent
from events.types.adkar import Assessed, Scores
from events.types.change import MemberPlaced
from events.types.training import TrainingRecorded
from service.commands.adkar import record_stage
from service.commands.changes import impact_role, launch_change
from service.demo.story import FIRST_NAMES, LAST_NAMES, ROLES, WEEKS, RoleStory
from service.demo.usage import post_usage
from service.directory.announce import Announced, announce
from service.organisation import create_workspace
from service.takehold import Takehold
from service.unit import Unit
from service.worker.deliver import deliver
from service.worker.evaluate import evaluate
from service.worker.follow import follow

CHANGE = "claims-assistant"
COURSE = "assistant-basics"
_SEED = 7
_BATCH = 500
Progress = Callable[[str, int, int], None]
"""Told of each step: what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class Person:
    """Somebody in the demo: number, what the organisation calls them, and their role."""

    number: int
    external: str
    role: RoleStory
    id: UUID


def build(takehold: Takehold, progress: Progress, people: int = 1200, today: date | None = None) -> None:
    """Makes the organisation and its sixteen weeks up to yesterday. The figures are the same for the same `today`."""
    create_workspace(takehold, name="Harbour Insurance", zone="Europe/Berlin")
    workspace = takehold.workspace()
    today = today or datetime.now(workspace.zone).date()
    go_live = today - timedelta(days=today.weekday() + 7 * WEEKS)
    chance = np.random.default_rng(_SEED)
    cast = _people(takehold, chance, people)
    _change(takehold, cast, go_live)
    _record(takehold, _memberships(cast, go_live), "members", progress)
    _record(takehold, _trainings(cast, go_live, chance, today), "trainings", progress)
    _record(takehold, _assessments(cast, go_live, chance, today), "assessments", progress)
    post_usage(takehold, [(one.external, one.role) for one in cast], go_live, today, chance, progress)
    progress("read models", 0, 1)
    follow(takehold, workspace)
    progress("read models", 1, 1)
    mondays = [today - timedelta(days=today.weekday() + 7 * back) for back in range(4)]
    for done, monday in enumerate(reversed(mondays), start=1):
        instant = datetime.combine(monday, time(9, 30), workspace.zone).astimezone(UTC)
        if instant <= datetime.now(UTC):
            evaluate(takehold, workspace, instant)
            deliver(takehold, workspace, instant)
        progress("reminders", done, len(mondays))


def _people(takehold: Takehold, chance: np.random.Generator, number: int) -> list[Person]:
    roles = np.repeat(np.arange(len(ROLES)), _sizes(number))
    said = []
    for index, role in enumerate(roles):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        said.append(
            Announced(
                external_id=f"p{index:05d}",
                email=f"{first}.{last}.{index}@harbour.example".lower(),
                name=f"{first} {last}",
                # The first of each role leads it.
                manager=f"p{int(np.argmax(roles == role)):05d}",
            )
        )
    ids: list[UUID] = []
    for start in range(0, number, _BATCH):
        with takehold.command("default", "system", "demo") as unit:
            ids += [id for id in announce(unit, said[start : start + _BATCH]) if isinstance(id, UUID)]
    return [
        Person(index, one.external_id, ROLES[role], id)
        for index, (one, role, id) in enumerate(zip(said, roles, ids, strict=True))
    ]


def _sizes(number: int) -> list[int]:
    sizes = [round(number * role.share) for role in ROLES]
    sizes[0] += number - sum(sizes)
    return sizes


def _change(takehold: Takehold, cast: Sequence[Person], go_live: date) -> None:
    with takehold.command("default", "system", "demo") as unit:
        launch_change(
            unit,
            {
                "key": CHANGE,
                "name": "AI claims assistant",
                "announced": go_live - timedelta(days=28),
                "go_live": go_live,
                "target": {"rate": 0.7, "by": go_live + timedelta(weeks=20)},
                "adoption": {"features": [{"app": CHANGE}], "window_days": 28, "min_days": 4},
                "sponsor": cast[0].external,
                "champions": [cast[1].external],
            },
        )
        for role in ROLES:
            lead = next(one for one in cast if one.role is role)
            impact_role(
                unit,
                CHANGE,
                {"key": role.key, "name": role.name, "manager": lead.external, "courses": [COURSE]},
            )
        for stage, back in (("awareness", 14), ("desire", 12), ("knowledge", 10)):
            instant = datetime.combine(go_live + timedelta(weeks=WEEKS - back), time(10), UTC)
            told = {"role": "adjusters", "stage": stage, "status": "reached", "occurred_at": instant}
            record_stage(unit, CHANGE, {**told, "evidence": "Seen in the team meeting."})


def _memberships(cast: Sequence[Person], go_live: date) -> list[NewEvent]:
    change = decide.change_id("default", CHANGE)
    told = []
    for one in cast:
        role = decide.role_id(change, one.role.key)
        # Most were there before; every fortieth joined in week six.
        start = go_live + timedelta(weeks=6) if one.number % 40 == 39 else go_live - timedelta(days=200)
        placed = MemberPlaced(change=change, role=role, person=one.id, start=start)
        stream = decide.membership_id(role, one.id)
        told.append(NewEvent(stream=stream, event=placed, occurred_at=datetime.combine(start, time(8), UTC)))
    return told


def _trainings(cast: Sequence[Person], go_live: date, chance: np.random.Generator, today: date) -> list[NewEvent]:
    told = []
    for one in cast:
        day = go_live + timedelta(weeks=one.role.trained_week, days=int(chance.integers(0, 5)))
        steps = [("registered", day - timedelta(days=7)), ("completed", day)]
        # A few never turn up.
        for status, on in steps[: 1 if chance.random() < 0.06 else 2]:
            if on < today:
                step = TrainingRecorded(person=one.id, course=COURSE, status=status)  # type: ignore[arg-type]
                told.append(NewEvent(stream=one.id, event=step, occurred_at=datetime.combine(on, time(14), UTC)))
    return told


def _assessments(cast: Sequence[Person], go_live: date, chance: np.random.Generator, today: date) -> list[NewEvent]:
    change = decide.change_id("default", CHANGE)
    told = []
    for week, lift in ((2, -0.7), (WEEKS - 3, 0.0)):
        on = go_live + timedelta(weeks=week)
        for one in cast:
            # The unwilling answer less.
            if chance.random() > (0.78 if one.role.scores["desire"] > 3 else 0.55) or on >= today:
                continue
            drawn = {name: chance.normal(mean + lift, 0.7) for name, mean in one.role.scores.items()}
            scores = Scores(**{name: float(np.clip(np.rint(score), 1, 5)) for name, score in drawn.items()})
            given = Assessed(
                change=change, person=one.id, role=None, source="self", scores=scores, method="two-tap pulse"
            )
            instant = datetime.combine(on + timedelta(days=int(chance.integers(0, 5))), time(11), UTC)
            told.append(NewEvent(stream=one.id, event=given, occurred_at=instant))
    return told


def _record(takehold: Takehold, events: Sequence[NewEvent], what: str, progress: Progress) -> None:
    for start in range(0, len(events), _BATCH):
        with takehold.command("default", "system", "demo") as unit:
            _append(unit, events[start : start + _BATCH])
        progress(what, min(start + _BATCH, len(events)), len(events))


def _append(unit: Unit, events: Sequence[NewEvent]) -> None:
    unit.append_all(events)
