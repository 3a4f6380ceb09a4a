"""Every figure says what it rests on, and what became known late is labelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.intake.store import Use, store
from service.takehold import Takehold
from service.worker.follow import follow
from tests.service.conftest import Caller

DAY = 24 * 3600 * 1000
TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def at(days_ago: int) -> int:
    return int((TODAY - timedelta(days=days_ago)).timestamp() * 1000)


def tell(takehold: Takehold, days_ago: int, received_days_ago: int, *actors: str) -> None:
    uses = [Use(f"{actor}-{days_ago}", "copilot", "chat", actor, at(days_ago)) for actor in actors]
    store(takehold, "default", "app", uses, at(received_days_ago))
    follow(takehold, takehold.workspace())


def adoption(caller: Caller, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = caller.get("/changes/copilot/adoption", role="sales", window=7, **query).get_json()
    return answer


@pytest.fixture
def used(launched: Caller, takehold: Takehold) -> Caller:
    for days_ago in range(20, 1, -1):
        tell(takehold, days_ago, days_ago, "p1", "p2")
    return launched


def test_nothing_is_restated_while_everything_comes_in_time(used: Caller) -> None:
    assert not any(point["restated"] for point in adoption(used)["series"])


def test_what_comes_late_is_labelled_in_the_windows_it_falls_into(used: Caller, takehold: Takehold) -> None:
    tell(takehold, 12, 1, "p3")
    day = (TODAY - timedelta(days=12)).date()
    labelled = [point["day"] for point in adoption(used)["series"] if point["restated"]]
    assert labelled == [(day + timedelta(days=later)).isoformat() for later in range(7)]


def test_an_import_of_the_past_restates_nothing_because_nothing_was_known(launched: Caller, takehold: Takehold) -> None:
    for days_ago in range(20, 1, -1):
        tell(takehold, days_ago, 1, "p1")
    assert not any(point["restated"] for point in adoption(launched)["series"])


def test_a_figure_says_definition_window_denominator_coverage_and_events(used: Caller) -> None:
    told = adoption(used, explain="true")
    last, said = told["series"][-1], told["explain"]
    assert said["definition_version"] == 1
    assert said["definition"] == "used on at least 4 distinct days of the window"
    assert (said["window"]["to"], said["window"]["days"]) == (last["day"], 7)
    assert said["denominator"]["mature"] == last["mature"] == 12
    assert (said["numerator"], said["coverage"]) == (last["adopted"], last["coverage"])
    assert said["events"]["last"] == used.get("/events", limit=1000).get_json()["next"]
    assert "explain" not in adoption(used)


def test_a_profile_says_what_it_rests_on(launched: Caller, bob: Caller) -> None:
    for number in range(1, 11):
        when = (TODAY - timedelta(days=2)).isoformat()
        body = {"person": f"p{number}", "scores": {"awareness": 5}, "method": "pulse", "occurred_at": when}
        assert bob.post("/changes/copilot/assessments", body).status_code == 201
    [role] = launched.get("/changes/copilot/adkar", explain="true").get_json()["roles"]
    assert role["explain"]["window"]["days"] == 90
    assert (role["explain"]["numerator"], role["explain"]["denominator"]["eligible"]) == (10, 12)
    assert "explain" not in launched.get("/changes/copilot/adkar").get_json()["roles"][0]
    assert launched.get("/changes/copilot/adkar", explain="perhaps").status_code == 422
