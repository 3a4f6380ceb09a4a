"""Who an actor is: what apps say of it counts from then on, and what was wrong is undone without a trace in figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from events.types.people import ActorLinked, ActorsMerged
from events.types.usage import UsageRetracted
from tests.service.api.office import Office
from tests.service.intake.dialects.rigs import basic

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
NOON = f"{YESTERDAY.isoformat()}T12:00:00Z"


class App:
    """An app that speaks Segment, under a source of its own."""

    def __init__(self, office: Office, source: str = "assistant") -> None:
        self.office, caller = office, office.caller("app", source)
        self._client: FlaskClient = caller.client
        self._headers = {"Authorization": basic(caller.key)}

    def say(self, *messages: dict[str, Any]) -> None:
        answer = self._client.post("/v1/batch", json={"batch": messages}, headers=self._headers)
        assert answer.get_json() == {"success": True}, answer.text
        self.office.follow()

    def used(self, actor: str, times: int = 1, **more: Any) -> list[dict[str, Any]]:
        """Messages of one actor."""
        who = {"anonymousId": actor.removeprefix("anonymous:")} if actor.startswith("anonymous:") else {"userId": actor}
        return [
            {"type": "track", "event": "asked", "messageId": f"{actor} {n}", "timestamp": NOON, **who, **more}
            for n in range(times)
        ]


@pytest.fixture
def team(office: Office) -> Office:
    """p1 to p12 in one role of a change that counts the assistant, with p1 to p10 having used it."""
    office.announce(12)
    office.launch(
        go_live=(YESTERDAY - timedelta(days=40)).isoformat(),
        target={"rate": 0.8, "by": (YESTERDAY + timedelta(days=90)).isoformat()},
        adoption={"features": [{"app": "assistant"}], "window_days": 7, "min_days": 1},
    )
    office.impact("sales", members=range(1, 13))
    app = App(office)
    app.say(*(message for n in range(1, 11) for message in app.used(f"p{n}")))
    return office


def active(office: Office, **query: Any) -> int:
    asked = {"from": YESTERDAY.isoformat(), "to": YESTERDAY.isoformat(), **query}
    answer = office.charlie.get("/changes/copilot/adoption", **asked)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["series"][0]["active"]  # type: ignore[no-any-return]


def undo(office: Office, kind: type) -> None:
    """Takes the last event of a kind back."""
    [*_, wrong] = [recorded for recorded in office.events() if isinstance(recorded.event, kind)]
    answer = office.alice.post(f"/events/{wrong.event_id}/withdraw", {"reason": "a slip"})
    assert answer.status_code == 204, answer.text
    office.follow()


def unknown(office: Office) -> int:
    [source] = [s for s in office.alice.get("/data-quality").get_json()["sources"] if s["source"] == "assistant"]
    return source["unknown_actors"]  # type: ignore[no-any-return]


def test_an_alias_counts_for_the_person_until_it_is_undone_and_then_no_more(team: Office) -> None:
    app = App(team)
    app.say(*app.used("visitor", 3))
    assert (active(team), unknown(team)) == (10, 1)
    alias = {"type": "alias", "previousId": "visitor", "userId": "p11"}
    app.say(alias)
    assert active(team) == 11
    undo(team, ActorsMerged)
    assert active(team) == 10
    app.say(alias)
    assert active(team) == 10, "what somebody undid stays undone, though the app says it again"


def test_who_signs_in_is_who_was_there_before(team: Office) -> None:
    app = App(team)
    app.say(*app.used("anonymous:device"))
    assert active(team) == 10
    app.say({"type": "identify", "userId": "p12", "anonymousId": "device"})
    assert active(team) == 11


def test_merges_reach_over_several_names_and_count_a_person_once(team: Office) -> None:
    app = App(team)
    app.say(*app.used("a"), *app.used("b"), *app.used("c"), *app.used("p11"))
    app.say(*({"type": "alias", "previousId": one, "userId": other} for one, other in (("a", "b"), ("b", "c"))))
    assert active(team) == 11
    app.say({"type": "alias", "previousId": "c", "userId": "p11"})
    assert active(team) == 11
    undo(team, ActorsMerged)
    assert active(team) == 11


def test_names_that_are_two_people_are_nobody(team: Office) -> None:
    """Whose use it was would be a guess."""
    app = App(team)
    app.say(*app.used("shared"), {"type": "alias", "previousId": "shared", "userId": "p11"})
    assert active(team) == 11
    app.say({"type": "alias", "previousId": "shared", "userId": "p12"})
    assert active(team) == 10


def test_an_address_proves_who_somebody_is_only_where_that_was_agreed(team: Office) -> None:
    app = App(team)
    app.say(*app.used("u-77"), {"type": "identify", "userId": "u-77", "traits": {"email": "P12@Example.org"}})
    assert (active(team), unknown(team)) == (10, 1)
    assert team.alice.put("/sources/assistant", {"emails_verified": True}).status_code == 204
    team.follow()
    assert (active(team), unknown(team)) == (11, 0)
    undo(team, ActorLinked)
    assert active(team) == 10


def test_an_address_that_comes_before_its_person_links_them_later(team: Office) -> None:
    app = App(team)
    assert team.alice.put("/sources/assistant", {"emails_verified": True}).status_code == 204
    app.say(*app.used("u-78"), {"type": "identify", "userId": "u-78", "traits": {"email": "late@example.org"}})
    assert unknown(team) == 1
    team.alice.post("/people", [{"external_id": "p13", "email": "late@example.org"}])
    team.follow()
    assert unknown(team) == 0


def test_a_retraction_removes_exactly_what_a_source_reported_and_can_be_undone(team: Office) -> None:
    other = App(team, "browser")
    other.say(*other.used("p10", properties={"app": "assistant"}), *other.used("p11", properties={"app": "assistant"}))
    assert active(team) == 11
    answer = team.alice.post("/sources/browser/retractions", {"reason": "a test of ours"})
    assert answer.status_code == 201, answer.text
    team.follow()
    assert active(team) == 10, "p10 was seen by both"
    undo(team, UsageRetracted)
    assert active(team) == 11


def test_what_is_sent_again_after_a_retraction_counts(team: Office) -> None:
    other = App(team, "browser")
    messages = other.used("p11", properties={"app": "assistant"})
    other.say(*messages)
    team.alice.post("/sources/browser/retractions", {"reason": "wrong clock"})
    team.follow()
    assert active(team) == 10
    for _ in range(2):
        other.say(*messages)
    assert active(team) == 11


def test_days_outside_a_retraction_stay(team: Office) -> None:
    other = App(team, "browser")
    other.say(*other.used("p11", properties={"app": "assistant"}))
    tomorrow = (YESTERDAY + timedelta(days=1)).isoformat()
    for days in ({"from": tomorrow}, {"to": "2026-01-01"}, {"received": "2026-01-01"}):
        assert team.alice.post("/sources/browser/retractions", {"reason": "x", **days}).status_code == 201
    team.follow()
    assert active(team) == 11
    day = YESTERDAY.isoformat()
    assert team.alice.post("/sources/browser/retractions", {"reason": "x", "from": day, "to": day}).status_code == 201
    team.follow()
    assert active(team) == 10


def test_a_retraction_of_nothing_or_of_days_that_go_backwards_is_refused(team: Office) -> None:
    assert team.alice.post("/sources/nobody/retractions", {"reason": "x"}).get_json()["code"] == "unknown_source"
    backwards = {"reason": "x", "from": "2026-03-02", "to": "2026-03-01"}
    answer = team.alice.post("/sources/assistant/retractions", backwards)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "to")
    assert not any(isinstance(recorded.event, UsageRetracted) for recorded in team.events())


def test_before_it_was_known_a_merge_did_not_count(team: Office) -> None:
    app = App(team)
    app.say(*app.used("visitor"))
    before = datetime.now(UTC)
    app.say({"type": "alias", "previousId": "visitor", "userId": "p11"})
    assert active(team) == 11
    assert active(team, as_of=before.isoformat()) == 10
