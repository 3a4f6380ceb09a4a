"""Two workspaces in one store: neither sees anything of the other, not even that it is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from adkar.change import change_id, role_id
from events.types.reinforcement import ReminderRaised
from tests.service.api.office import House, Office

NOON = "2026-03-10T11:00:00Z"
SOON = (datetime.now(UTC) + timedelta(days=3)).isoformat()


@pytest.fixture(scope="module")
def rich(house: House) -> Office:
    """A workspace with a little of everything."""
    office = house.office()
    office.announce(3)
    office.launch()
    office.impact("sales", members=range(1, 4))
    body = {"person": "p1", "scores": {"awareness": 2}, "method": "x", "occurred_at": NOON}
    assert office.bob.post("/changes/copilot/assessments", body).status_code == 201
    use = {"id": "1", "app": "copilot", "feature": "chat", "actor": "p1"}
    use["occurred_at"] = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert office.caller("app").post("/usage", {"events": [use]}).get_json()["stored"] == 1
    office.follow()
    return office


@pytest.fixture(scope="module")
def reminder(rich: Office) -> str:
    id, change = uuid4(), change_id(rich.id, "copilot")
    raised = ReminderRaised(
        reminder=id,
        change=change,
        role=role_id(change, "sales"),
        rule="below_plan",
        cause="test",
        audience="manager",
        subject=None,
        recipient=None,
        facts={},
        due=datetime(2026, 3, 10, tzinfo=UTC),
    )
    rich.record(id, raised)
    return str(id)


def requests(reminder: str) -> list[tuple[str, str, Any]]:
    """Everything that names a change, a role, a person or a reminder of the rich workspace."""
    assessment = {"scores": {"awareness": 4}, "method": "x", "occurred_at": NOON}
    stage = {"role": "sales", "stage": "desire", "status": "reached", "occurred_at": NOON}
    return [
        ("GET", "/changes/copilot", None),
        ("PATCH", "/changes/copilot", {"name": "Mine"}),
        ("POST", "/changes/copilot/roles", {"key": "new", "name": "New"}),
        ("PUT", "/changes/copilot/roles/sales/members/p1", {"from": "2026-01-01"}),
        ("POST", "/changes/copilot/assessments", assessment | {"person": "p1"}),
        ("POST", "/changes/copilot/assessments", assessment | {"role": "sales", "n": 12}),
        ("POST", "/changes/copilot/stages", stage),
        ("GET", "/changes/copilot/adoption", None),
        ("GET", "/changes/copilot/adkar", None),
        ("GET", "/changes/copilot/reminders", None),
        ("POST", f"/reminders/{reminder}/acknowledge", {"action": "did_it"}),
        ("POST", f"/reminders/{reminder}/snooze", {"until": SOON}),
        ("POST", f"/reminders/{reminder}/note", {"text": "x"}),
        ("POST", "/channels", {"kind": "mail", "target": "t@example.org", "audience": {"change": "copilot"}}),
        ("GET", "/changes", None),
        ("GET", "/events", None),
    ]


def test_what_another_workspace_has_is_as_good_as_missing(house: House, rich: Office, reminder: str) -> None:
    """The same answer, to the byte, as in a store where it does not exist."""
    neighbour = house.office()
    before, mine = rich.stored(), neighbour.stored()
    for method, path, body in requests(reminder):
        there = neighbour.alice._call(method, path, **({} if body is None else {"json": body}))
        missing = neighbour.alice._call(
            method, path.replace(reminder, str(uuid4())), **({} if body is None else {"json": body})
        )
        assert there.data == missing.data, path
        assert there.status_code == (200 if path in ("/changes", "/events") else 422 if path == "/channels" else 404)
    assert neighbour.alice.get("/changes").get_json() == {"changes": []}
    assert neighbour.alice.get("/events").get_json() == {"events": [], "next": 0}
    assert (rich.stored(), neighbour.stored()) == (before, mine)


def test_people_and_roles_of_another_workspace_are_unknown_to_ones_own_change(house: House, rich: Office) -> None:
    neighbour = house.office()
    neighbour.launch()
    neighbour.impact("mine")
    before = neighbour.stored()
    body = {"scores": {"awareness": 4}, "method": "x", "occurred_at": NOON}
    for wrong, missing, status in (
        (
            neighbour.alice.post("/changes/copilot/assessments", body | {"person": "p1"}),
            neighbour.alice.post("/changes/copilot/assessments", body | {"person": "nobody"}),
            422,
        ),
        (
            neighbour.alice.put("/changes/copilot/roles/mine/members/p1", {"from": "2026-01-01"}),
            neighbour.alice.put("/changes/copilot/roles/mine/members/nobody", {"from": "2026-01-01"}),
            404,
        ),
    ):
        assert wrong.status_code == status
        assert wrong.data == missing.data
    role = neighbour.alice.post("/changes/copilot/assessments", body | {"role": "sales", "n": 12})
    assert (role.status_code, role.get_json()["errors"][0]["field"]) == (422, "role")
    manager = neighbour.alice.post("/people", [{"external_id": "x", "manager": "p1"}]).get_json()
    assert manager["items"][0]["reason"] == "unknown_manager"
    assert neighbour.stored() == before


def test_the_same_names_mean_other_things_in_each_workspace(house: House, rich: Office) -> None:
    neighbour = house.office()
    neighbour.announce(1)
    neighbour.launch()
    assert neighbour.person("p1") != rich.person("p1")
    streams = {office.id: {one.stream for one in office.events()} for office in (rich, neighbour)}
    assert streams[rich.id].isdisjoint(streams[neighbour.id])
    assert neighbour.alice.get("/events", stream=str(change_id(rich.id, "copilot"))).get_json()["events"] == []


def test_the_same_usage_is_new_in_each_workspace_and_counts_in_its_own_only(house: House, rich: Office) -> None:
    neighbour = house.office(5)
    neighbour.announce(5)
    neighbour.launch()
    neighbour.impact("sales", members=range(1, 6))
    point = neighbour.charlie.get("/changes/copilot/adoption").get_json()["series"][-1]
    assert (point["eligible"], point["active"], point["status"]) == (5, None, "unknown")
    use = {"id": "1", "app": "copilot", "feature": "chat", "actor": "p1"}
    use["occurred_at"] = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    before = rich.stored()
    assert neighbour.caller("app").post("/usage", {"events": [use]}).get_json()["stored"] == 1
    assert rich.stored() == before
