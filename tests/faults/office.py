"""A change with one role and forty people in it, for faults to happen to; and facts about them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from events.envelope import NewEvent
from events.types.adkar import Assessed, Scores, StageRecorded
from events.types.change import MemberPlaced
from events.types.people import PersonOptedOut
from events.types.training import TrainingRecorded
from service.app import create_app
from service.organisation import issue_key
from service.takehold import Takehold
from tests.faults.stores import HOME
from tests.service.conftest import Caller

PEOPLE = [f"p{number}" for number in range(40)]
CHANGE = {
    "key": "copilot",
    "name": "Copilot",
    "go_live": "2026-03-02",
    "target": {"rate": 0.8, "by": "2026-09-01"},
    "adoption": {"features": [{"app": "copilot"}]},
}
ROLE = "/changes/copilot/roles"
_SPACE = UUID("3b0d9a7c-51a3-4a8c-9be5-1f4f5a5c7a20")


def launch(takehold: Takehold) -> None:
    """Announces the people, the change and the role."""
    alice = Caller(create_app(takehold).test_client(), issue_key(takehold, HOME, "admin"))
    announced = alice.post("/people", [{"external_id": person, "name": f"Person {person}"} for person in PEOPLE])
    assert announced.get_json()["stored"] == len(PEOPLE)
    assert alice.post("/changes", CHANGE).status_code == 201
    assert alice.post(ROLE, {"key": "sales", "name": "Sales"}).status_code == 201


def facts(chance: random.Random, number: int) -> list[NewEvent]:
    """Facts of all the kinds that read models follow, on streams that many writers share."""
    return [_fact(chance) for _ in range(number)]


def _fact(chance: random.Random) -> NewEvent:
    change, role = uuid5(_SPACE, "change"), uuid5(_SPACE, f"role {chance.randrange(4)}")
    person = uuid5(_SPACE, f"person {chance.randrange(50)}")
    at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=chance.randrange(100_000))
    match chance.randrange(5):
        case 0:
            scores = Scores(awareness=chance.randint(1, 5), desire=chance.randint(1, 5))
            said = Assessed(
                change=change, person=person, role=None, source="self", scores=scores, method="pulse", n=None
            )
            return NewEvent(stream=person, event=said, occurred_at=at)
        case 1:
            reached = StageRecorded(change=change, role=role, stage="desire", status="reached")
            return NewEvent(stream=role, event=reached, occurred_at=at)
        case 2:
            start = date(2026, 1, 1) + timedelta(days=chance.randrange(300))
            placed = MemberPlaced(change=change, role=role, person=person, start=start)
            return NewEvent(stream=uuid5(role, str(person)), event=placed, occurred_at=at)
        case 3:
            step = TrainingRecorded(person=person, course="basics", status="completed", score=chance.random())
            return NewEvent(stream=uuid5(person, "training"), event=step, occurred_at=at)
        case _:
            answer = PersonOptedOut(person=person, opted_out=chance.random() < 0.5)
            return NewEvent(stream=person, event=answer, occurred_at=at)
