"""Data quality over the API: what sources send, what had no place and finds one, and whose addresses are proof."""

from __future__ import annotations

import json
from typing import Any

import pytest

from events.types.people import ActorLinked, ActorsMerged
from service.intake.dialects.messages import Identity
from service.intake.dialects.taking import replay
from service.intake.store import Use, intake
from tests.service.api.office import Office, at
from tests.service.conftest import Caller

NOON = "2026-03-10T12:00:00Z"
NEVER = {"since": None, "last_day": None, "silent_days": None}
NOTHING = {"received": 0, "last": None, "late": None, "ahead": None}
NOBODY = {**NEVER, "actors": 0, "unknown_actors": 0, **NOTHING}


def use(id: str, actor: str, occurred_at: str = NOON) -> dict[str, Any]:
    return {"id": id, "app": "copilot", "feature": "chat", "actor": actor, "occurred_at": occurred_at}


def track(id: str, user: str | None, timestamp: str = NOON, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "asked", "messageId": id, "userId": user, "timestamp": timestamp, **more}


def segment(tool: Caller, *messages: Any) -> None:
    """What a client of Segment's posts."""
    answer = tool.client.post(
        "/v1/batch", data=json.dumps({"batch": messages}), headers={"Authorization": f"Bearer {tool.key}"}
    )
    assert answer.status_code == 200, answer.text


def sources(office: Office) -> dict[str, dict[str, Any]]:
    return {one.pop("source"): one for one in office.alice.get("/data-quality").get_json()["sources"]}


def quarantine(office: Office) -> list[dict[str, Any]]:
    return office.alice.get("/data-quality").get_json()["quarantine"]  # type: ignore[no-any-return]


@pytest.fixture
def tool(office: Office) -> Caller:
    return office.caller("app", source="tool")


def test_without_any_source_there_is_nothing_to_tell(office: Office) -> None:
    assert office.alice.get("/data-quality").get_json() == {"sources": [], "quarantine": []}


def test_a_source_is_told_by_its_unknown_actors_its_last_word_and_its_clocks(office: Office, tool: Caller) -> None:
    with at("2026-03-01T12:00+00:00"):
        tool.post("/usage", {"events": [use("0", "long ago", "2026-03-01T11:00:00Z")]})
    with at("2026-03-10T12:00+00:00"):
        office.announce(2)
        uses = [
            use("1", "p1"),
            use("2", "stranger", "2026-03-09T12:00:00Z"),
            use("3", "p2", "2026-03-09T11:59:59Z"),
            use("4", "p2", "2026-03-10T12:01:00Z"),
            use("5", "p2", "2026-03-10T12:01:01Z"),
        ]
        assert tool.post("/usage", {"events": uses}).get_json()["stored"] == 5
        office.follow()
        # A retry is nothing that was received.
        tool.post("/usage", {"events": uses})
    with at("2026-03-12T12:00+00:00"):
        told = sources(office)
    assert told == {
        "tool": {
            "emails_verified": False,
            "since": None,
            "last_day": "2026-03-10",
            "silent_days": 1,
            "actors": 4,
            "unknown_actors": 2,
            "received": 5,
            "last": "2026-03-10T12:00:00+00:00",
            "late": 0.2,
            "ahead": 0.2,
        }
    }


def test_a_source_that_went_silent_still_stands_there(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:00+00:00"):
        tool.post("/usage", {"events": [use("1", "p1")]})
        office.follow()
    with at("2026-03-17T12:00:01+00:00"):
        assert sources(office)["tool"] == {
            **NOBODY,
            "emails_verified": False,
            "last_day": "2026-03-10",
            "silent_days": 4,
            "actors": 1,
            "unknown_actors": 1,
        }


def test_a_source_of_heartbeats_alone_is_told_of_with_its_last_one(office: Office, tool: Caller) -> None:
    for day in ("2026-03-12", "2026-03-13"):
        with at(f"{day}T23:30+00:00"):
            assert tool.post("/heartbeats", {}).status_code == 204
    # The day is the workspace's own: in Berlin it was Saturday by then.
    for now, silent in (("2026-03-14T12:00", 0), ("2026-03-16T12:00", 0), ("2026-03-17T12:00", 1)):
        with at(f"{now}+00:00"):
            assert sources(office)["tool"] == {
                **NOBODY,
                "emails_verified": False,
                "last_day": "2026-03-14",
                "silent_days": silent,
            }


def test_use_of_a_later_day_ends_a_silence_and_the_running_day_is_none(office: Office, tool: Caller) -> None:
    with at("2026-03-11T12:00+00:00"):
        tool.post("/heartbeats", {})
        tool.post("/usage", {"events": [use("1", "p1")]})
        office.follow()
        told = sources(office)["tool"]
        assert (told["last_day"], told["silent_days"]) == ("2026-03-11", 0)
    with at("2026-03-13T12:00+00:00"):
        assert sources(office)["tool"]["silent_days"] == 1
        tool.post("/usage", {"events": [use("2", "p1", "2026-03-13T11:00:00Z")]})
        office.follow()
        told = sources(office)["tool"]
        assert (told["last_day"], told["silent_days"]) == ("2026-03-13", 0)


def test_what_was_retracted_tells_of_no_day(office: Office, tool: Caller) -> None:
    with at("2026-03-11T12:00+00:00"):
        tool.post("/usage", {"events": [use("1", "p1")]})
        office.follow()
        assert office.alice.post("/sources/tool/retractions", {"reason": "a test"}).status_code == 201
        office.follow()
        told = sources(office)["tool"]
        assert (told["last_day"], told["silent_days"], told["received"]) == (None, None, 1)


def test_a_weekly_report_speaks_for_its_week_as_far_as_that_is_over(office: Office) -> None:
    monday = 1_773_050_400_000  # 9 March 2026, 11 o'clock in Berlin
    with at("2026-03-11T12:00+00:00"):
        with intake(office.takehold, office.id, "suite") as into:
            assert into.store([Use("1", "suite", "docs", "p1", monday, grain="week")]) == [True]
        office.follow()
        assert sources(office)["suite"]["last_day"] == "2026-03-11"
    with at("2026-03-17T12:00+00:00"):
        told = sources(office)["suite"]
        assert (told["last_day"], told["silent_days"]) == ("2026-03-15", 1)


def test_a_source_that_was_to_report_and_never_did_is_silent_from_the_agreed_day_on(office: Office) -> None:
    with at("2026-03-17T12:00+00:00"):
        office.expect("2026-03-12", "tool")
        told = sources(office)["tool"]
        assert (told["since"], told["last_day"], told["silent_days"]) == ("2026-03-12", None, 3)
        office.expect("2026-03-20", "tool")
        assert sources(office)["tool"]["silent_days"] == 0


def test_an_actor_that_is_somebody_s_by_an_alias_is_known(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:00+00:00"):
        office.announce(2)
        segment(tool, track("1", "visitor"), track("2", "guest"), track("3", "stranger"))
        segment(tool, {"type": "alias", "previousId": "visitor", "userId": "p1"})
        segment(tool, {"type": "alias", "previousId": "stranger", "userId": "guest"})
        office.follow()
        told = sources(office)["tool"]
        assert (told["actors"], told["unknown_actors"]) == (4, 2)
        # Who might be two people is nobody.
        segment(tool, {"type": "alias", "previousId": "visitor", "userId": "p2"})
        office.follow()
        told = sources(office)["tool"]
        assert (told["actors"], told["unknown_actors"]) == (5, 3)


def test_terms_may_be_agreed_before_a_source_ever_posts(office: Office) -> None:
    for verified in (True, True, False):
        assert office.alice.put("/sources/teams/eu", {"emails_verified": verified}).status_code == 204
        assert sources(office) == {"teams/eu": {**NOBODY, "emails_verified": verified}}


@pytest.mark.parametrize("source", ["x" * 257, "a%07b"])
def test_a_source_that_nobody_can_be_called_is_refused(office: Office, source: str) -> None:
    answer = office.alice.put(f"/sources/{source}", {"emails_verified": True})
    assert (answer.status_code, [one["field"] for one in answer.get_json()["errors"]]) == (422, ["source"])


def test_each_workspace_sees_its_own(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:00+00:00"):
        segment(tool, track("1", "p1"), track("2", None))
        other = office.house.office()
        assert other.alice.get("/data-quality").get_json() == {"sources": [], "quarantine": []}
        assert other.alice.post("/quarantine/replay", {}).get_json() == {"mapped": 0, "stored": 0, "left": 0}
        assert len(quarantine(office)) == 1


def test_what_had_no_place_is_counted_by_its_reason_and_nothing_of_it_is_shown(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:00+00:00"):
        segment(tool, track("1", None), track("2", None), track("3", "p1", "Ada Lovelace, ada@example.org"))
    with at("2026-03-10T13:00+00:00"):
        # The second of these came before, so it is one item still.
        segment(tool, track("4", None), track("1", None))
        told = office.alice.get("/data-quality")
    common = {"dialect": "segment", "source": "tool", "first": "2026-03-10T12:00:00+00:00"}
    assert told.get_json()["quarantine"] == [
        {**common, "reason": "userId: missing", "number": 3, "last": "2026-03-10T13:00:00+00:00"},
        {**common, "reason": "timestamp: not an ISO 8601 instant", "number": 1, "last": common["first"]},
    ]
    assert "Ada" not in told.text


def test_after_its_cause_is_mended_an_item_is_stored_once_in_the_name_of_its_source(
    office: Office, tool: Caller
) -> None:
    early = track("1", "p1", "2026-03-12T12:00:00Z")
    with at("2026-03-10T12:00+00:00"):
        segment(tool, early, track("2", None))
        assert sources(office) == {}
        # Nothing was mended yet.
        assert office.alice.post("/quarantine/replay", {}).get_json() == {"mapped": 0, "stored": 0, "left": 2}
    # The clock of the app went fast, and by now it is the day it said.
    with at("2026-03-12T12:30+00:00"):
        assert office.alice.post("/quarantine/replay", {}).get_json() == {"mapped": 1, "stored": 1, "left": 1}
        assert [one["reason"] for one in quarantine(office)] == ["userId: missing"]
        assert office.alice.post("/quarantine/replay", {}).get_json() == {"mapped": 0, "stored": 0, "left": 1}
        segment(tool, early)
        assert {name: one["received"] for name, one in sources(office).items()} == {"tool": 1}


def test_an_item_that_was_sent_again_meanwhile_leaves_without_a_second_use(office: Office, tool: Caller) -> None:
    early = track("1", "p1", "2026-03-12T12:00:00Z")
    with at("2026-03-10T12:00+00:00"):
        segment(tool, early)
    with at("2026-03-12T12:30+00:00"):
        segment(tool, early)
        assert office.alice.post("/quarantine/replay", {}).get_json() == {"mapped": 1, "stored": 0, "left": 0}
        assert quarantine(office) == []
        assert sources(office)["tool"]["received"] == 1


def test_a_replay_may_be_of_one_source_only(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:00+00:00"):
        for caller in (tool, office.caller("app", source="other")):
            segment(caller, track("1", "p1", "2026-03-12T12:00:00Z"))
    with at("2026-03-12T12:30+00:00"):
        answer = office.alice.post("/quarantine/replay", {"source": "other"})
        assert answer.get_json() == {"mapped": 1, "stored": 1, "left": 0}
        assert [one["source"] for one in quarantine(office)] == ["tool"]
        assert list(sources(office)) == ["other"]


def test_more_items_than_are_read_at_once_are_all_read(
    office: Office, tool: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.intake.dialects.taking._AT_ONCE", 3)
    with at("2026-03-10T12:00+00:00"):
        segment(tool, *(track(str(n), "p1", "2026-03-12T12:00:00Z") for n in range(7)), track("x", None))
    with at("2026-03-12T12:30+00:00"):
        assert office.alice.post("/quarantine/replay", {}).get_json() == {"mapped": 7, "stored": 7, "left": 1}


def test_what_an_item_says_of_who_is_who_is_learnt_from_its_replay(office: Office, tool: Caller) -> None:
    """The cause was ours here: a later version understands what this one could not."""
    with at("2026-03-10T12:00+00:00"):
        office.announce(1)
        segment(tool, {"type": "sing", "userId": "p1", "was": "visitor"})

        def later(item: Any, app: str) -> list[Use | Identity]:
            sang = Use("sang", app, "sing", item["was"], 1_773_144_000_000)
            return [sang, Identity(item["was"], same_as=item["userId"])]

        with intake(office.takehold, office.id, "default") as into:
            done = replay(office.takehold, into, {"segment": later})
        assert (done.mapped, done.stored, done.left) == (1, 1, 0)
        office.follow()
    assert len(office.events(ActorsMerged)) == 1
    assert [one.event.person for one in office.events(ActorLinked)] == [office.person("p1")]


def test_an_address_links_people_only_where_it_was_agreed_that_it_is_proof(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:00+00:00"):
        office.announce(2)
        segment(tool, track("1", "u1"), {"type": "identify", "userId": "u1", "traits": {"email": "P1@example.org"}})
        office.follow()
        assert office.events(ActorLinked) == []
        assert sources(office)["tool"]["unknown_actors"] == 1
        assert office.alice.put("/sources/tool", {"emails_verified": True}).status_code == 204
        office.follow()
        assert [one.event.person for one in office.events(ActorLinked)] == [office.person("p1")]
        assert sources(office)["tool"]["unknown_actors"] == 0
        # What was linked stays so; what comes later is not.
        assert office.alice.put("/sources/tool", {"emails_verified": False}).status_code == 204
        segment(tool, track("2", "u2"), {"type": "identify", "userId": "u2", "traits": {"email": "p2@example.org"}})
        office.follow()
        assert len(office.events(ActorLinked)) == 1
        assert (sources(office)["tool"]["actors"], sources(office)["tool"]["unknown_actors"]) == (2, 1)


def test_an_agreement_with_one_source_is_none_with_another(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:00+00:00"):
        office.announce(1)
        office.alice.put("/sources/other", {"emails_verified": True})
        segment(tool, track("1", "u1"), {"type": "identify", "userId": "u1", "traits": {"email": "p1@example.org"}})
        office.follow()
    assert office.events(ActorLinked) == []
