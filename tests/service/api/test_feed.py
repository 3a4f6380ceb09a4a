"""The event feed: everything that was recorded, in order, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.api.office import House, Office


@pytest.fixture(scope="module")
def busy(house: House) -> Office:
    office = house.office()
    office.announce(3)
    office.launch()
    office.impact("sales", members=range(1, 4))
    return office


def feed(office: Office, **query: Any) -> Any:
    answer = office.caller("auditor").get("/events", **query)
    assert answer.status_code == 200
    return answer.get_json()


def test_everything_is_there_in_order_without_gaps(busy: Office) -> None:
    told = feed(busy)
    assert [one["type"] for one in told["events"]] == [
        *["person.registered"] * 3,
        "change.launched",
        "adoption.defined",
        "role.impacted",
        *["member.placed"] * 3,
    ]
    assert [one["position"] for one in told["events"]] == list(range(1, 10))
    assert told["next"] == 9
    assert feed(busy, after=9) == {"events": [], "next": 9}


def test_an_event_tells_who_how_and_when(busy: Office) -> None:
    launched = feed(busy, type="change.launched")["events"][0]
    assert (launched["via"], launched["actor"]) == ("api", f"key:{busy.alice.key.split('_')[1]}")
    assert (launched["version"], launched["stream_version"]) == (1, 1)
    assert launched["occurred_at"].endswith("+00:00")
    assert len(launched["hash"]) == 64
    assert launched["data"]["terms"]["go_live"] == "2026-03-02"


def test_pages_follow_each_other_by_next(busy: Office) -> None:
    positions, after = [], 0
    while page := feed(busy, after=after, limit=2)["events"]:
        positions += [one["position"] for one in page]
        after = page[-1]["position"]
    assert positions == list(range(1, 10))


def test_one_stream_or_one_type_may_be_asked_for(busy: Office) -> None:
    stream = feed(busy, type="role.impacted")["events"][0]["stream"]
    assert [one["type"] for one in feed(busy, stream=stream)["events"]] == [
        "change.launched",
        "adoption.defined",
        "role.impacted",
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "-1"}, "after"),
        ({"after": str(2**63)}, "after"),
        ({"after": "9" * 5000}, "after"),
        ({"after": "1.5"}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"type": "event.unheard_of"}, "type"),
        ({"stream": "sales"}, "stream"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_by_name(busy: Office, query: dict[str, str], field: str) -> None:
    answer = busy.alice.get("/events", **query)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("query", ["type=%00", "stream=%00", "after=%00"])
def test_a_nul_character_in_a_query_is_refused(busy: Office, query: str) -> None:
    answer = busy.alice.client.get(f"/api/v1/events?{query}", headers={"Authorization": f"Bearer {busy.alice.key}"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "nul_character")
