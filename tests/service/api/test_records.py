"""Assessments, stages and trainings over the API, with what is stored seen back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from events.types.adkar import Assessed, StageRecorded
from events.types.people import PersonConfirmed, PersonRegistered
from events.types.training import TrainingRecorded
from tests.service.api.office import Office, at

NOON = "2026-03-10T12:00:00Z"


@pytest.fixture
def launched(office: Office) -> Office:
    office.announce(3)
    office.launch()
    office.impact("sales", members=range(1, 4), courses=["basics"])
    return office


def step(id: str = "1", **changes: Any) -> dict[str, Any]:
    return {"id": id, "person": "p1", "course": "basics", "status": "completed", "occurred_at": NOON, **changes}


def test_an_assessment_is_recorded_with_its_note_sealed(launched: Office) -> None:
    body = {
        "person": "p1",
        "scores": {"awareness": 4, "desire": 2.0},
        "method": "talk",
        "occurred_at": "2026-03-10T13:00:00+01:00",
        "note": "Worries about the quota.",
    }
    answer = launched.bob.post("/changes/copilot/assessments", body)
    assert answer.status_code == 201
    recorded = launched.events(Assessed)[0]
    given = recorded.event
    assert str(recorded.event_id) == answer.get_json()["event_id"]
    assert recorded.occurred_at == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert recorded.actor == f"key:{launched.bob.key.split('_')[1]}"
    assert (given.person, given.role, given.source, given.method) == (launched.person("p1"), None, "self", "talk")
    assert (given.scores.awareness, given.scores.desire, given.scores.knowledge) == (4, 2, None)
    assert given.note
    assert launched.takehold.vault.open(launched.id, given.note) == "Worries about the quota."


def test_a_roles_average_may_have_decimals_and_names_its_people(launched: Office) -> None:
    body = {"role": "sales", "scores": {"awareness": 3.4}, "method": "survey", "n": 10, "occurred_at": NOON}
    assert launched.bob.post("/changes/copilot/assessments", body).status_code == 201
    given = launched.events(Assessed)[0].event
    assert (given.person, given.n, given.scores.awareness) == (None, 10, 3.4)


def test_an_assessment_may_be_up_to_23_hours_ahead_of_our_clock(launched: Office) -> None:
    body = {"person": "p1", "scores": {"awareness": 3}, "method": "talk"}
    with at("2026-03-10T12:00+00:00"):
        latest = launched.bob.post("/changes/copilot/assessments", body | {"occurred_at": "2026-03-11T11:00:00Z"})
        later = launched.bob.post("/changes/copilot/assessments", body | {"occurred_at": "2026-03-11T11:00:01Z"})
    assert (latest.status_code, later.status_code) == (201, 422)


def test_a_stage_is_recorded_with_its_evidence_sealed(launched: Office) -> None:
    body = {"role": "sales", "stage": "desire", "status": "reached", "evidence": "They ask.", "occurred_at": NOON}
    answer = launched.bob.post("/changes/copilot/stages", body)
    assert answer.status_code == 201
    recorded = launched.events(StageRecorded)[0]
    assert str(recorded.event_id) == answer.get_json()["event_id"]
    assert (recorded.event.stage, recorded.event.status) == ("desire", "reached")
    assert recorded.event.evidence
    assert launched.takehold.vault.open(launched.id, recorded.event.evidence) == "They ask."


def test_trainings_are_judged_one_by_one(launched: Office) -> None:
    items = [
        step("1", status="passed", score=0.9),
        step("2", course="Not A Key"),
        step("3", status="binged"),
        step("4", score=1.5),
        step("5", occurred_at="2026-03-10T12:00:00"),
        step("6", colour="red"),
        {"id": "7"},
        [],
        step("9", person="p2"),
    ]
    answer = launched.alice.post("/trainings", {"events": items}).get_json()
    assert (answer["stored"], answer["duplicate"], answer["rejected"]) == (2, 0, 7)
    assert [(one["index"], one["field"]) for one in answer["items"]] == [
        (1, "course"),
        (2, "status"),
        (3, "score"),
        (4, "occurred_at"),
        (5, "colour"),
        (6, "person"),
        (7, None),
    ]
    told = [one.event for one in launched.events(TrainingRecorded)]
    assert [(one.person, one.status, one.score) for one in told] == [
        (launched.person("p1"), "passed", 0.9),
        (launched.person("p2"), "completed", None),
    ]


def test_the_same_training_again_is_a_duplicate_and_its_id_with_other_content_is_refused(launched: Office) -> None:
    items = [step("1"), step("1"), step("1", status="failed")]
    answer = launched.alice.post("/trainings", {"events": items}).get_json()
    assert (answer["stored"], answer["duplicate"], answer["rejected"]) == (1, 1, 1)
    before = launched.stored()
    again = [step("1", occurred_at="2026-03-10T13:00:00+01:00"), step("1", person="p2")]
    answer = launched.alice.post("/trainings", {"events": again}).get_json()
    assert answer["items"] == [
        {"index": 0, "status": "duplicate"},
        {"index": 1, "status": "rejected", "reason": "id_taken", "field": "id"},
    ]
    assert launched.stored() == before


def test_the_ids_of_two_sources_do_not_meet(launched: Office) -> None:
    assert launched.alice.post("/trainings", {"events": [step("1")]}).get_json()["stored"] == 1
    lms = launched.caller("app", source="lms")
    assert lms.post("/trainings", {"events": [step("1")]}).get_json()["stored"] == 1


def test_a_learner_nobody_announced_is_provisional_until_somebody_does(launched: Office) -> None:
    """A learning system posts under its own source, the organisation announces under the default one: both mean the
    same learner, or the training would never count for anybody's role."""
    lms = launched.caller("app", source="lms")
    assert lms.post("/trainings", {"events": [step(person="new", id="1")]}).get_json()["stored"] == 1
    learner = launched.events(TrainingRecorded)[0].event.person
    assert (learner, True) in [(e.event.person, e.event.provisional) for e in launched.events(PersonRegistered)]
    launched.alice.post("/people", [{"external_id": "new", "name": "Noor"}])
    assert launched.person("new") == learner
    assert [one.event.person for one in launched.events(PersonConfirmed)] == [learner]
    assert lms.post("/trainings", {"events": [step(person="new", id="2")]}).get_json()["stored"] == 1
    assert {one.event.person for one in launched.events(TrainingRecorded)} == {learner}


def test_a_training_that_is_refused_registers_nobody(launched: Office) -> None:
    """A refused item must leave no trace, and an invented learner is one."""
    launched.alice.post("/trainings", {"events": [step("1")]})
    before = launched.stored()
    answer = launched.alice.post("/trainings", {"events": [step("1", person="invented")]}).get_json()
    assert answer["items"][0]["reason"] == "id_taken"
    assert launched.stored() == before
