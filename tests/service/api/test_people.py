"""People over the API: what is stored is seen in the feed and in whom other requests may name."""

from __future__ import annotations

from events.types.people import PersonRegistered
from tests.service.api.office import Office


def test_announced_people_are_registered_under_pseudonyms(office: Office) -> None:
    people = [{"external_id": "p1", "name": "Ada", "manager": "p2"}, {"external_id": "p2", "zone": "Asia/Tokyo"}]
    answer = office.alice.post("/people", people)
    assert answer.get_json() == {"stored": 2, "duplicate": 0, "rejected": 0, "items": [], "position": 2}
    feed = office.alice.get("/events").get_json()["events"]
    assert [(one["type"], one["data"]["provisional"]) for one in feed] == [("person.registered", False)] * 2
    assert {one["data"]["person"] for one in feed} == {str(office.person("p1")), str(office.person("p2"))}


def test_announcing_the_same_people_again_records_nothing_new(office: Office) -> None:
    office.announce(3)
    before = office.stored()
    office.announce(3)
    assert office.stored() == before


def test_good_people_are_stored_and_bad_ones_listed_with_index_reason_and_field(office: Office) -> None:
    people = [
        {"external_id": "p1", "email": "p1@example.org"},
        {"external_id": ""},
        {"external_id": "p3", "email": "nobody"},
        {"external_id": "p4", "email": "P1@Example.org"},
        {"external_id": "p5", "manager": "stranger"},
        {"external_id": "p6", "zone": "Mars/Olympus"},
        {"external_id": "p7", "colour": "red"},
        {"name": "nameless"},
        "p9",
        {"external_id": "p10"},
    ]
    answer = office.alice.post("/people", people).get_json()
    assert (answer["stored"], answer["rejected"]) == (2, 8)
    assert [(one["index"], one["field"]) for one in answer["items"]] == [
        (1, "external_id"),
        (2, "email"),
        (3, "email"),
        (4, "manager"),
        (5, "zone"),
        (6, "colour"),
        (7, "external_id"),
        (8, None),
    ]
    assert all(one["status"] == "rejected" and one["reason"] for one in answer["items"])
    reasons = {one["index"]: one["reason"] for one in answer["items"]}
    assert (reasons[3], reasons[4]) == ("email_taken", "unknown_manager")
    assert len(office.events(PersonRegistered)) == 2


def test_an_empty_batch_is_taken_and_stores_nothing(office: Office) -> None:
    before = office.stored()
    assert office.alice.post("/people", []).get_json()["stored"] == 0
    assert office.stored() == before


def test_two_thousand_people_are_taken_and_one_more_is_not(office: Office) -> None:
    before = office.stored()
    people = [{"external_id": f"n{n}"} for n in range(2001)]
    refused = office.alice.post("/people", people)
    assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "people")
    assert office.stored() == before
    assert office.alice.post("/people", people[:2000]).get_json()["stored"] == 2000
