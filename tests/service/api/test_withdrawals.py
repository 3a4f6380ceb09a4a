"""A way back: what was recorded by mistake counts no longer, and earlier views still show it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from adkar.change import change_id
from events.envelope import new_id
from service.commands.withdrawal import withdraw_import
from service.directory.announce import Announced, announce
from service.readmodels.members import members_of
from service.takehold import Takehold
from tests.service.conftest import Caller

REASON = {"reason": "A slip of the finger by Bob."}
WHEN = (datetime.now(UTC) - timedelta(days=1)).isoformat()


def events(alice: Caller, kind: str) -> list[dict]:
    return alice.get("/events", type=kind, limit=1000).get_json()["events"]


def assess(caller: Caller, person: str, **scores: int) -> str:
    body = {"person": person, "scores": scores, "method": "pulse", "occurred_at": WHEN}
    return caller.post("/changes/copilot/assessments", body).get_json()["event_id"]


def test_a_withdrawn_assessment_counts_no_longer_and_the_one_before_counts_again(launched: Caller, bob: Caller) -> None:
    for number in range(1, 11):
        assess(bob, f"p{number}", awareness=5, desire=5, knowledge=5, ability=5, reinforcement=5)
    slip = assess(bob, "p1", awareness=1)
    as_of = events(launched, "adkar.assessed")[-1]["recorded_at"]

    def blocked(**query: str) -> int:
        return launched.get("/changes/copilot/adkar", **query).get_json()["roles"][0]["barriers"]["awareness"]

    assert blocked() == 1
    assert launched.post(f"/events/{slip}/withdraw", REASON).status_code == 204
    assert blocked() == 0
    assert blocked(as_of=as_of) == 1, "what was known then does not change"


def test_withdrawing_twice_records_it_once_and_the_reason_is_sealed(launched: Caller, bob: Caller) -> None:
    slip = assess(bob, "p1", awareness=1)
    for _ in range(2):
        assert launched.post(f"/events/{slip}/withdraw", REASON).status_code == 204
    told = events(launched, "fact.withdrawn")
    assert [one["data"]["event_id"] for one in told] == [slip]
    assert "slip of the finger" not in json.dumps(told)


def test_a_withdrawn_membership_gives_way_to_the_one_it_replaced(launched: Caller, takehold: Takehold) -> None:
    launched.put("/changes/copilot/roles/sales/members/p2", {"from": "2026-06-01"})
    placed = events(launched, "member.placed")[-1]
    assert launched.post(f"/events/{placed['event_id']}/withdraw", REASON).status_code == 204
    with takehold.database.read() as connection:
        [member] = [
            one
            for one in members_of(connection, "default", change_id("default", "copilot"))
            if str(one.person) == placed["data"]["person"]
        ]
    assert member.start.isoformat() == "2026-01-01"
    before = len(events(launched, "member.placed"))
    launched.put("/changes/copilot/roles/sales/members/p2", {"from": "2026-01-01"})
    assert len(events(launched, "member.placed")) == before, "it says what counts already"
    launched.put("/changes/copilot/roles/sales/members/p2", {"from": "2026-06-01"})
    assert len(events(launched, "member.placed")) == before + 1


def test_amended_terms_can_be_taken_back_and_a_launch_cannot(launched: Caller) -> None:
    launched.patch("/changes/copilot", {"name": "Copliot"})
    amended = events(launched, "change.amended")[-1]["event_id"]
    assert launched.post(f"/events/{amended}/withdraw", REASON).status_code == 204
    assert launched.get("/changes/copilot").get_json()["name"] == "Copilot"
    assert launched.patch("/changes/copilot", {"name": "Copilot in sales"}).status_code == 200
    for kind in ("change.launched", "role.impacted", "adoption.defined"):
        refused = launched.post(f"/events/{events(launched, kind)[0]['event_id']}/withdraw", REASON)
        assert (refused.status_code, refused.get_json()["code"]) == (422, "not_withdrawable")
    unknown = launched.post(f"/events/{uuid4()}/withdraw", REASON)
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "unknown_event")


def test_a_wrong_import_of_people_is_taken_back_as_a_whole(launched: Caller, takehold: Takehold) -> None:
    wrong = new_id()
    with takehold.command("default", "system", "import", wrong) as unit:
        announce(unit, [Announced("x1", email="x1@example.org"), Announced("x2")])
    with takehold.command("default", "system", "import") as unit:
        assert len(withdraw_import(unit, wrong, "The file of another company")) == 2
        assert withdraw_import(unit, wrong, "again") == []
    refused = launched.put("/changes/copilot/roles/sales/members/x1", {"from": "2026-01-01"})
    assert refused.status_code == 404
    again = launched.post("/people", [{"external_id": "p50", "email": "x1@example.org"}]).get_json()
    assert again["stored"] == 1, "the address is free again"
