"""A history told to a running service: people, change and members by command, use by the intake, then the follower."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from events.types.change import Feature, MemberPlaced
from service.commands.changes import impact_role, launch_change, load_change, place_members
from service.commands.trainings import record_trainings
from service.directory.announce import Announced, announce
from service.directory.people import find
from service.directory.sources import expect
from service.intake.store import Use, store
from service.organisation import create_workspace
from service.queries.adoption import ChangeUsage, Slice
from service.queries.view import view
from service.takehold import Takehold
from service.worker.follow import follow
from tests.oracle.history import MINIMUM, Definition, History, Observation, Question

EARLY = datetime(2025, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Told:
    """A history that a service knows, in a workspace of its own."""

    takehold: Takehold
    workspace_id: str
    history: History

    @contextmanager
    def asked(self, question: Question) -> Iterator[ChangeUsage]:
        """The change as the question sees it."""
        workspace = self.takehold.workspace(self.workspace_id)
        with self.takehold.database.read() as connection:
            seen = view(connection, workspace, self.history.as_of, self.history.now)
            change = load_change(connection, self.workspace_id, "change", seen.at)
            feature = Feature(app=question.feature[0], feature=question.feature[1]) if question.feature else None
            yield ChangeUsage(seen, change, Slice(feature, question.cohort))


def tell(takehold: Takehold, history: History) -> Told:
    """People, change, members and links were recorded long ago; only what was used came in when it says."""
    with time_machine.travel(EARLY, tick=False):
        return _tell(takehold, history)


def _tell(takehold: Takehold, history: History) -> Told:
    id = f"history-{next(_numbers)}"
    create_workspace(takehold, id, zone=history.zone, minimum_group=MINIMUM)
    with takehold.command(id, "oracle", "api") as unit:
        announce(unit, [Announced(external_id=person) for person in history.people])
        people = find(unit.connection, takehold.vault, id, history.people)
        for source, since in history.agreed.items():
            expect(unit, source, since)
        launch_change(
            unit,
            {
                "key": "change",
                "name": "Change",
                "go_live": history.go_live,
                "target": {"rate": 0.5, "by": history.go_live + timedelta(days=200)},
                "adoption": _definition(history.definition),
            },
        )
        for role, courses in history.courses.items():
            own = _definition(history.own[role]) if role in history.own else None
            impact_role(unit, "change", {"key": role, "name": role, "courses": courses, "adoption": own})
        change = load_change(unit.connection, id, "change")
        placed = [
            MemberPlaced(
                change=change.id,
                role=change.roles[one.role].id,
                person=people[one.person],
                start=one.start,
                until=one.until,
                access=one.access,
            )
            for one in history.members
        ]
        place_members(unit, placed)
        steps = [
            {"id": str(n), "person": one.person, "course": one.course, "status": one.status, "occurred_at": one.at}
            for n, one in enumerate(history.steps)
        ]
        record_trainings(unit, "default", steps)
    _tell_use(takehold, id, history)
    return Told(takehold, id, history)


def _tell_use(takehold: Takehold, id: str, history: History) -> None:
    workspace, numbers = takehold.workspace(id), itertools.count()
    for received, batch in itertools.groupby(history.observations, lambda one: one.received):
        by_source: dict[str, list[Observation]] = {}
        for one in batch:
            by_source.setdefault(one.source, []).append(one)
        for source, some in by_source.items():
            uses = [
                Use(
                    f"item-{next(numbers)}",
                    one.app,
                    one.feature,
                    one.actor,
                    _ms(one.at),
                    one.count,
                    kind=one.kind,
                    grain=one.grain,
                )
                for one in some
            ]
            assert all(store(takehold, id, source, uses, _ms(received)))
        if history.fold_each:
            follow(takehold, workspace)
    assert follow(takehold, workspace)


def _definition(defined: Definition) -> dict[str, Any]:
    features: Sequence[dict[str, Any]] = [{"app": app, "feature": feature} for app, feature in defined.features]
    return {"features": features, "window_days": defined.window, "min_days": defined.least}


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
