"""What was known then: a late fact shows from the instant it was recorded, and no earlier question hears of it."""

from __future__ import annotations

import pytest

from tests.service.api import spring
from tests.service.api.office import House, Office, at

NOON = "2026-04-01T10:00:00Z"


@pytest.fixture(scope="module")
def told(house: House) -> Office:
    """The history, and what is learnt late, on 1 April: a use on 30 March, who the ghost is, another definition."""
    office = house.office()
    spring.tell(office)
    with at("2026-04-01T09:30+02:00"):
        use = {"id": "late", "app": "copilot", "feature": "chat", "actor": "p1"}
        office.caller("app").post("/usage", {"events": [use | {"occurred_at": "2026-03-30T09:00:00Z"}]})
        office.follow()
    with at("2026-04-01T15:00+02:00"):
        office.alice.post("/people", [{"external_id": "ghost"}])
        office.place("ghost", **{"from": "2026-01-01"})
        office.follow()
    with at("2026-04-01T16:00+02:00"):
        adoption = {"features": [{"app": "copilot"}], "window_days": 7, "min_days": 1}
        assert office.alice.patch("/changes/copilot", {"adoption": adoption}).status_code == 200
    return office


def test_before_an_event_was_recorded_nobody_knew_of_it(told: Office) -> None:
    point = spring.adoption(told, as_of=NOON)["series"]["2026-03-31"]
    assert (point["eligible"], point["adopted"], point["high"]) == (11, 4, pytest.approx(5 / 11))


def test_once_it_was_recorded_it_counts(told: Office) -> None:
    between = spring.adoption(told, as_of="2026-04-01T13:30:00Z")
    assert between["definition"]["version"] == 1
    point = between["series"]["2026-03-31"]
    assert (point["eligible"], point["adopted"], point["high"]) == (12, 5, pytest.approx(5 / 12))


def test_the_definition_is_the_one_that_was_in_force(told: Office) -> None:
    now = spring.adoption(told)
    assert (now["definition"]["version"], now["definition"]["min_days"]) == (2, 1)
    # Whoever was active on a day of the week counts now: p1 to p6, p11, and the ghost.
    assert now["series"]["2026-03-31"]["adopted"] == 8


def test_usage_is_known_from_the_day_it_was_received(told: Office) -> None:
    answer = spring.adoption(told, as_of="2026-03-30T09:00:00Z")
    assert answer["as_of_effective"] == "2026-03-30"
    assert max(answer["series"]) == "2026-03-29"
    # That p1, besides p3 and p4, used it on the 30th was told two days later.
    then = spring.adoption(told, as_of="2026-03-31T09:00:00Z")["series"]["2026-03-30"]
    later = spring.adoption(told, as_of=NOON)["series"]["2026-03-30"]
    assert (then["dau"], later["dau"]) == (2, 3)


def test_a_plus_that_arrived_as_a_blank_is_explained(told: Office) -> None:
    # A blank is sent as a plus, so this is what somebody sends who writes the plus of a zone as it is.
    answer = told.charlie.get("/changes/copilot/adoption", as_of="2026-03-30T11:00:00 02:00")
    assert answer.status_code == 422
    [fault] = answer.get_json()["errors"]
    assert fault["field"] == "as_of"
    assert "write + as %2B" in fault["message"]
    assert told.charlie.get("/changes/copilot/adoption", as_of="2026-03-30T11:00:00+02:00").status_code == 200


def test_a_change_did_not_exist_before_it_was_announced(told: Office) -> None:
    for path in ("adoption", "adkar"):
        with at(spring.TODAY):
            answer = told.charlie.get(f"/changes/copilot/{path}", as_of="2026-03-20T08:59:59Z")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_change")
        assert answer.get_json()["detail"] == "The change copilot was not known then."
        with at(spring.TODAY):
            never = told.charlie.get(f"/changes/teapot/{path}", as_of="2026-03-20T08:59:59Z")
        assert never.get_json()["detail"] == "There is no change with the key teapot."
