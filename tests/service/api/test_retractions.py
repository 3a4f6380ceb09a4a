"""What a source reported by mistake counts no longer, to the last use, and can be brought back."""

from __future__ import annotations

from datetime import timedelta

from events.types.usage import UsageRetracted
from tests.service.api.office import Office
from tests.service.intake.dialects.apps import YESTERDAY, App, active, team, undo

__all__ = ["team"]


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
