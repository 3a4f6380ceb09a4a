"""ADKAR over the API, against figures worked out by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from service.commands import adkar as commands
from tests.service.api.office import House, Office, at

NOW = "2026-04-01T12:00+02:00"
ELEMENTS = ("awareness", "desire", "knowledge", "ability", "reinforcement")

ANSWERS = [
    *[(2,)] * 3,  # p1 to p3 are blocked at awareness
    *[(4, 3, 1, 2, 5)] * 3,  # p4 to p6 at desire: the first of 3 or less, not the lowest
    *[(4, 4)] * 2,  # of p7 and p8 nobody knows
    *[(5, 5, 4, 4, 4)] * 3,  # p9 to p11 are past them all; p12 does not answer
]


def assess(office: Office, scores: tuple[float, ...], when: str = "2026-03-31T09:00:00Z", **who: Any) -> None:
    body = {"scores": dict(zip(ELEMENTS, scores, strict=False)), "method": "survey", "occurred_at": when, **who}
    with at(NOW):
        answer = office.bob.post("/changes/copilot/assessments", body)
    assert answer.status_code == 201, answer.get_json()


def assess_all(office: Office, people: range, scores: tuple[float, ...], when: str, source: str = "self") -> None:
    """The same answer of many, in one unit of work."""
    answer = {"scores": dict(zip(ELEMENTS, scores, strict=False)), "method": "survey", "source": source}
    with at(NOW), office.takehold.command(office.id, "test", "api") as unit:
        for n in people:
            told = answer | {"person": f"p{n}", "occurred_at": datetime.fromisoformat(when)}
            commands.assess(unit, "copilot", told)


def stage(office: Office, stage: str, status: str, when: str) -> None:
    body = {"role": "sales", "stage": stage, "status": status, "occurred_at": when}
    with at(NOW):
        assert office.bob.post("/changes/copilot/stages", body).status_code == 201


def adkar(office: Office, now: str = NOW, **query: Any) -> list[dict[str, Any]]:
    with at(now):
        answer = office.charlie.get("/changes/copilot/adkar", **query)
    assert answer.status_code == 200, answer.get_json()
    roles: list[dict[str, Any]] = answer.get_json()["roles"]
    return roles


def found(office: Office) -> Office:
    """A change that went live on 2 March, twelve people in one role."""
    with at("2026-03-20T10:00+01:00"):
        office.announce(12)
        office.launch(announced="2026-02-20")
        office.impact("sales", members=range(1, 13))
    return office


@pytest.fixture(scope="module")
def asked(house: House) -> Office:
    """The twelve, after eleven of them answered; tests only look."""
    office = found(house.office())
    for number, scores in enumerate(ANSWERS, start=1):
        assess(office, scores, person=f"p{number}")
    assess_all(office, range(1, 11), (5, 5, 5, 5, 5), "2026-03-31T09:00:00+00:00", "champion")
    assess(office, (3.25, 2.5), role="sales", n=12, when="2026-03-15T09:00:00Z")
    stage(office, "awareness", "reached", "2026-03-10T09:00:00Z")
    stage(office, "desire", "reached", "2026-03-20T09:00:00Z")
    return office


def test_the_distribution_of_barriers_leads(asked: Office) -> None:
    role = adkar(asked)[0]
    assert (role["role"], role["suppressed"], role["n"]) == ("sales", False, 11)
    assert (role["response_rate"], role["non_response"]) == (pytest.approx(11 / 12), 1)
    assert role["barriers"] == {
        "awareness": 3,
        "desire": 3,
        "knowledge": 0,
        "ability": 0,
        "reinforcement": 0,
        "none": 3,
        "indeterminate": 2,
    }
    assert {name: number for name, number in role["stages"].items() if number} == {
        "none": 3,
        "awareness": 3,
        "reinforcement": 3,
        "indeterminate": 2,
    }


def test_a_mean_needs_as_many_answers_as_a_group_needs_people(asked: Office) -> None:
    role = adkar(asked)[0]
    # Only awareness was scored by ten people or more: 3 x 2, 5 x 4 and 3 x 5.
    assert list(role["means"]) == ["awareness"]
    mean = role["means"]["awareness"]
    assert (mean["value"], mean["n"]) == (pytest.approx(41 / 11), 11)
    assert mean["low"] < mean["value"] < mean["high"]
    assert role["barrier"] == "indeterminate"


def test_sources_stand_side_by_side_and_are_never_merged(asked: Office) -> None:
    role = adkar(asked)[0]
    assert role["by_source"]["champion"]["n"] == 10
    assert role["by_source"]["champion"]["barriers"]["none"] == 10
    assert role["by_source"]["self"]["n"] == role["n"] == 11
    assert role["by_source"]["manager"]["suppressed"]
    average = role["averages"][0]
    assert (average["n"], average["scores"]) == (12, {"awareness": 3.25, "desire": 2.5})


def test_what_champions_recorded_and_people_contradict_is_shown_as_a_contradiction(asked: Office) -> None:
    role = adkar(asked)[0]
    assert role["recorded"] == {"awareness": "reached", "desire": "reached"}
    # Of nine whose barrier is known, three are blocked at awareness, six up to desire.
    assert (role["furthest"], role["contradictions"]) == ("desire", ["desire"])
    assert role["due"] == {
        "awareness": "overdue",
        "desire": "overdue",
        "knowledge": "overdue",
        "ability": "overdue",
        "reinforcement": "due",
    }


def test_a_role_that_fell_back_stands_where_it_fell_back_to(office: Office) -> None:
    found(office)
    for element in ("awareness", "desire", "knowledge"):
        stage(office, element, "reached", "2026-03-10T09:00:00Z")
    stage(office, "desire", "regressed", "2026-03-20T09:00:00Z")
    # Told later, but of an earlier day.
    stage(office, "desire", "reached", "2026-03-15T09:00:00Z")
    role = adkar(office, role="sales")[0]
    assert (role["furthest"], role["recorded"]["desire"]) == ("awareness", "regressed")


def test_the_latest_answer_of_each_person_and_element_holds(office: Office) -> None:
    found(office)
    assess_all(office, range(1, 11), (2, 2), "2026-03-25T09:00:00+00:00")
    assess_all(office, range(1, 11), (5,), "2026-03-26T09:00:00+00:00")
    assess_all(office, range(1, 11), (1,), "2026-03-24T09:00:00+00:00")
    assert adkar(office)[0]["barriers"]["desire"] == 10


def test_answers_expire_after_90_days(office: Office) -> None:
    found(office)
    assess_all(office, range(1, 11), (2,), "2026-03-25T09:00:00+00:00")
    assert adkar(office, "2026-06-22T12:00+02:00")[0]["n"] == 10
    assert adkar(office, "2026-06-24T12:00+02:00")[0]["suppressed"]


def test_reinforcement_answered_before_go_live_never_counts(office: Office) -> None:
    """Before go-live there is nothing to reinforce; the 1 that somebody gave it then must not block the role later."""
    found(office)
    assess_all(office, range(1, 11), (5, 5, 5, 5, 1), "2026-03-01T22:59:59+00:00")
    assert adkar(office)[0]["barriers"]["indeterminate"] == 10
    # Midnight in Berlin begins the day of go-live.
    assess(office, (5, 5, 5, 5, 1), person="p1", when="2026-03-01T23:00:00Z")
    assert adkar(office)[0]["barriers"]["reinforcement"] == 1


def test_whoever_left_the_role_does_not_speak_for_it(office: Office) -> None:
    found(office)
    assess_all(office, range(1, 13), (2,), "2026-03-31T09:00:00+00:00")
    office.place("p12", **{"from": "2026-01-01", "until": "2026-04-01"})
    assert adkar(office)[0]["n"] == 11


def test_an_earlier_instant_hears_nothing_of_later_answers(asked: Office, house: House) -> None:
    office = found(house.office())
    with at("2026-04-01T09:00+02:00"):
        for number in range(1, 11):
            body = {"person": f"p{number}", "scores": {"awareness": 2}, "method": "x"}
            body |= {"occurred_at": "2026-03-25T09:00:00Z"}
            assert office.bob.post("/changes/copilot/assessments", body).status_code == 201
    assert adkar(office)[0]["n"] == 10
    assert adkar(office, as_of="2026-04-01T06:59:59Z")[0]["suppressed"]


def test_a_question_may_name_one_role(asked: Office) -> None:
    assert [role["role"] for role in adkar(asked, role="sales")] == ["sales"]
    refused = asked.charlie.get("/changes/copilot/adkar", role="pilots")
    assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "role")
