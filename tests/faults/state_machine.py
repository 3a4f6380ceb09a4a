"""A model in memory and the store are told the same, in any order Hypothesis finds: they agree after every step."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from events.envelope import Who
from events.followers import advance
from events.log import head
from events.stored import stored
from events.tables import FOLLOWER
from events.verify import verify_rows
from service.app import create_app
from service.commands.adkar import assess
from service.commands.changes import load_change, person_of, place_member
from service.commands.trainings import record_trainings
from service.commands.withdrawal import withdraw
from service.organisation import create_workspace, issue_key
from service.readmodels.assessments import assessments_of
from service.readmodels.members import members_of
from service.readmodels.rebuilding import rebuild
from service.readmodels.registry import READMODELS
from service.readmodels.sources import sources
from service.readmodels.trainings import trainings_in
from service.takehold import Takehold
from service.unit import Unit
from tests.faults.office import CHANGE, ROLE
from tests.faults.stores import fresh_store
from tests.faults.trust import in_silence
from tests.service.conftest import Caller

_PEOPLE = ("p1", "p2", "p3")
_NAMES = ("assessments", "members", "trainings")
_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Told:
    """An event as the model remembers it: its kind, whom it is about, what it says. taken_back: what it undoes."""

    kind: str
    person: str = ""
    says: Any = None
    event_id: UUID | None = None
    taken_back: UUID | None = None


class _Crash(Exception):
    """Between the last statement and the commit."""


class Machine(RuleBasedStateMachine):
    """One workspace. log: what was told since it was made, in order. reached: position of each read model."""

    takehold: Takehold
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.id = f"model-{next(_numbers)}"
        create_workspace(self.takehold, self.id)
        alice = Caller(create_app(self.takehold).test_client(), issue_key(self.takehold, self.id, "admin"))
        alice.post("/people", [{"external_id": person} for person in _PEOPLE])
        alice.post("/changes", CHANGE)
        assert alice.post(ROLE, {"key": "sales", "name": "Sales"}).status_code == 201
        while advance(self.takehold.database, self.id, READMODELS):
            pass
        with self.takehold.database.read() as connection:
            self.base = head(connection, self.id)[0]
            self.change = load_change(connection, self.id, "copilot").id
        with self._unit() as unit:
            self.person = {person_of(unit, person): person for person in _PEOPLE}
        self.log: list[Told] = []
        self.reached = {model.name: 0 for model in READMODELS}
        self.remembered = [0]

    @contextmanager
    def _unit(self) -> Iterator[Unit]:
        """A unit of work after which nobody helps the read models along."""
        workspace = self.takehold.workspace(self.id)
        with self.takehold.database.write("events", self.id) as connection:
            yield Unit(connection, workspace, self.takehold.vault, Who(actor="tester", via="api"), datetime.now(UTC))

    @rule(person=st.sampled_from(_PEOPLE), score=st.integers(1, 5), crash=st.booleans())
    def assess(self, person: str, score: int, crash: bool) -> None:
        data = {"person": person, "scores": {"awareness": score}, "method": "talk", "occurred_at": _AT}
        with suppress(_Crash), self._unit() as unit:
            id = assess(unit, "copilot", data)
            if crash:
                raise _Crash
        if not crash:
            self.log.append(Told("assessments", person, float(score), id))

    @rule(person=st.sampled_from(_PEOPLE), day=st.integers(0, 3), crash=st.booleans())
    def place(self, person: str, day: int, crash: bool) -> None:
        start = date(2026, 1, 1) + timedelta(days=day)
        with suppress(_Crash), self._unit() as unit:
            change = load_change(unit.connection, self.id, "copilot")
            placed = place_member(unit, change, change.roles["sales"], person_of(unit, person), start, None, None)
            assert placed == (self._members(len(self.log)).get(person) != start)
            if crash:
                raise _Crash
        if placed and not crash:
            self.log.append(Told("members", person, start, unit.recorded[0].event_id))

    @rule(id=st.integers(0, 5), person=st.sampled_from(_PEOPLE), course=st.sampled_from(["basics", "more"]))
    def train(self, id: int, person: str, course: str) -> None:
        """Ids come again: with what they said, and with something else."""
        item = {"id": str(id), "person": person, "course": course, "status": "completed", "occurred_at": _AT}
        with self._unit() as unit:
            verdicts = record_trainings(unit, "default", [item])
        before = [told.says for told in self.log if told.kind == "trainings" and told.says[0] == id]
        said = (id, person, course)
        assert verdicts == ["stored" if not before else "duplicate" if before == [said] else "id_taken"]
        if not before:
            self.log.append(Told("trainings", person, said, unit.recorded[0].event_id))

    @precondition(lambda self: any(told.event_id for told in self.log))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        told = data.draw(st.sampled_from([told for told in self.log if told.event_id]))
        assert told.event_id
        with self._unit() as unit:
            taken = withdraw(unit, told.event_id, "A slip.") is not None
        assert taken == (told.event_id not in self._gone(len(self.log)))
        if taken:
            self.log.append(Told("withdrawn", taken_back=told.event_id))

    @rule(size=st.sampled_from([1, 2, 3, 7, 500]))
    def catch_up(self, size: int) -> None:
        slowest = min(self.reached.values())
        read = advance(self.takehold.database, self.id, READMODELS, size)
        assert read == min(size, len(self.log) - slowest)
        self.reached = {name: max(position, slowest + read) for name, position in self.reached.items()}

    @rule(name=st.sampled_from(_NAMES))
    def rebuild(self, name: str) -> None:
        source = sources(self.takehold.workspace(self.id).zone)[name]
        rebuilt = rebuild(self.takehold.database, self.id, source, in_silence)
        # Up to where the live one stands, so that the two can be compared.
        assert (rebuilt.differing, rebuilt.position) == (0, self.base + self.reached[name])

    @rule()
    def remember(self) -> None:
        """From now on, what was known at this position is asked for after every step."""
        self.remembered.append(len(self.log))

    @invariant()
    def store_and_model_agree(self) -> None:
        type(self).steps += 1
        with self.takehold.database.read() as connection:
            assert head(connection, self.id)[0] == self.base + len(self.log)
            followers = select(FOLLOWER.c.name, FOLLOWER.c.position).where(FOLLOWER.c.workspace_id == self.id)
            reached = {row.name: row.position - self.base for row in connection.execute(followers)}
            assert {name: reached[name] for name in self.reached} == self.reached
            for at in [None, *self.remembered]:
                read = partial(min, len(self.log) if at is None else at)
                position = None if at is None else self.base + at
                told = assessments_of(connection, self.id, self.change, position)
                seen: Any = [(self.person[row.person_id], row.awareness) for row in told]
                assert seen == self._stated("assessments", read(self.reached["assessments"]))
                steps = trainings_in(connection, self.id, ["basics", "more"], position)
                seen = [(self.person[row.person_id], row.course) for row in steps]
                trained = self._stated("trainings", read(self.reached["trainings"]))
                assert seen == [(person, said[2]) for person, said in trained]
                members = members_of(connection, self.id, self.change, position)
                seen = {self.person[one.person]: one.start for one in members}
                assert seen == self._members(read(self.reached["members"]))

    def teardown(self) -> None:
        with self.takehold.database.read() as connection:
            assert verify_rows(self.id, stored(connection, self.id)).holds

    def _gone(self, at: int) -> set[UUID | None]:
        return {told.taken_back for told in self.log[:at] if told.taken_back}

    def _stated(self, kind: str, at: int) -> list[tuple[str, Any]]:
        gone = self._gone(at)
        return [(one.person, one.says) for one in self.log[:at] if one.kind == kind and one.event_id not in gone]

    def _members(self, at: int) -> Mapping[str, date]:
        # The last that stands says where somebody is; what was taken back no longer hides what it had replaced.
        return dict(self._stated("members", at))


def run(engine: str, full: bool) -> list[str]:
    """200 histories of at most 50 steps; short: 8 of at most 20."""
    histories, steps = (200, 50) if full else (8, 20)
    with fresh_store(engine) as store, store.opened() as takehold:

        class Here(Machine):
            pass

        Here.takehold = takehold
        form = settings(
            max_examples=histories,
            stateful_step_count=steps,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            # Without looking for a shorter one: a history of this length can be read.
            phases=[Phase.generate],
        )
        run_state_machine_as_test(Here, settings=form)
    assert Here.steps > histories, "hardly any step was taken"
    return [f"{histories} histories, model and store compared {Here.steps} times: equal after every step"]
