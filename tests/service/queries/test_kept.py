"""Answers are kept in the process between questions; whatever happens in between, they are never out of date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from events.types.people import ActorLinked
from events.types.usage import UsageRetracted
from service.queries import adoption
from service.queries.usage import sightings
from tests.service.api import spring
from tests.service.api.office import Office, at

NOW = "2026-04-01T10:00+02:00"


def use(office: Office, actor: str, day: str) -> None:
    body = {"id": f"{actor} {day}", "app": "copilot", "feature": "chat", "actor": actor}
    body["occurred_at"] = f"{day}T09:00:00Z"
    assert office.caller("app").post("/usage", {"events": [body]}).get_json()["stored"] == 1


def patch(office: Office, **terms: Any) -> None:
    assert office.alice.patch("/changes/copilot", terms).status_code == 200


def retract(office: Office) -> None:
    assert office.alice.post("/sources/default/retractions", {"reason": "a test"}).status_code == 201


def withdraw(office: Office, kind: type) -> None:
    [*_, last] = [told for told in office.events() if isinstance(told.event, kind)]
    assert office.alice.post(f"/events/{last.event_id}/withdraw", {"reason": "a slip"}).status_code == 204


STEPS: list[tuple[str, Callable[[Office], Any]]] = [
    ("go-live is put off while nothing was ever used", lambda office: patch(office, go_live="2026-03-23")),
    ("usage", lambda office: use(office, "p1", "2026-03-30")),
    ("more usage", lambda office: use(office, "p1", "2026-03-31")),
    ("usage by nobody we know", lambda office: [use(office, "ghost", f"2026-03-{day}") for day in (30, 31)]),
    ("somebody joins", lambda office: office.place("p11", **{"from": "2026-01-01"})),
    ("somebody leaves", lambda office: office.place("p10", **{"from": "2026-01-01", "until": "2026-03-31"})),
    ("the ghost has a name", lambda office: office.alice.post("/people", [{"external_id": "ghost"}])),
    ("and is placed", lambda office: office.place("ghost", **{"from": "2026-01-01"})),
    ("what was reported is retracted", retract),
    ("and brought back", lambda office: withdraw(office, UsageRetracted)),
    ("a link is undone", lambda office: withdraw(office, ActorLinked)),
    ("go-live is put forward", lambda office: patch(office, go_live="2026-03-09")),
    ("another definition", lambda office: patch(office, adoption={"features": [{"app": "copilot"}], "min_days": 1})),
    ("another app", lambda office: patch(office, adoption={"features": [{"app": "teapot"}], "min_days": 1})),
    ("a second role", lambda office: office.impact("coaches", members=(12,))),
]


def test_after_every_step_the_answer_is_the_one_that_nothing_was_kept_for(office: Office) -> None:
    """Questions about a past instant are never answered from what is kept, and this instant is one."""
    with at(spring.LAUNCHED):
        office.expect("2026-03-30")
        office.announce(12)
        office.launch()
        office.impact("sales", members=range(1, 11))
    before = spring.adoption(office, NOW)["series"]
    for name, step in STEPS:
        with at(NOW):
            step(office)
            office.follow()
        for query in ({"from": "2026-03-20"}, {"from": "2026-03-20", "role": "sales"}):
            answer = spring.adoption(office, NOW, **query)["series"]
            assert answer == spring.adoption(office, NOW, as_of="2026-04-01T08:00:00Z", **query)["series"], name
        answer = spring.adoption(office, NOW)["series"]
        assert answer != before, f"{name} alters nothing, so it shows nothing"
        before = answer


def test_events_that_alter_nothing_of_it_do_not_make_it_anew(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reminders are raised all the time; with 100,000 people each answer made anew takes seconds."""
    with at(spring.LAUNCHED):
        office.announce(12)
        office.launch()
        office.impact("sales", members=range(1, 11))
    with at(NOW):
        use(office, "p1", "2026-03-31")
        office.follow()
    made: list[int] = []

    def counting(*asked: Any) -> Any:
        made.append(1)
        return sightings(*asked)

    monkeypatch.setattr(adoption, "sightings", counting)
    spring.adoption(office, NOW)
    assert len(made) == 1
    with at(NOW):
        for score in (2, 3):
            body = {
                "person": "p1",
                "scores": {"awareness": score},
                "method": "survey",
                "occurred_at": "2026-03-31T09:00:00Z",
            }
            assert office.alice.post("/changes/copilot/assessments", body).status_code == 201
        office.follow()
    spring.adoption(office, NOW)
    assert len(made) == 1
    with at(NOW):
        office.place("p11", **{"from": "2026-01-01"})
        office.follow()
    spring.adoption(office, NOW)
    assert len(made) == 2


def test_a_change_whose_roles_each_have_a_definition_is_kept_whole(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept too few, each question of all roles threw out what the next one needed first."""
    with at(spring.LAUNCHED):
        office.announce(12)
        office.launch()
        for n in range(12):
            office.impact(f"role{n}", members=(n + 1,), adoption={"features": [{"app": f"app{n}"}]})
    made: list[int] = []

    def counting(*asked: Any) -> Any:
        made.append(1)
        return sightings(*asked)

    monkeypatch.setattr(adoption, "sightings", counting)
    for _ in range(3):
        with at(NOW):
            assert office.charlie.get("/changes/copilot/adoption/roles").status_code == 200
    assert len(made) == 12


def test_the_next_day_is_another_answer(office: Office) -> None:
    with at(spring.LAUNCHED):
        office.announce(10)
        office.launch()
        office.impact("sales", members=range(1, 11))
    with at(NOW):
        use(office, "p1", "2026-03-31")
        office.follow()
    assert max(spring.adoption(office, NOW)["series"]) == "2026-03-31"
    tomorrow = spring.adoption(office, "2026-04-02T10:00+02:00")["series"]["2026-04-01"]
    assert (tomorrow["active"], tomorrow["dau"], tomorrow["status"]) == (None, None, "unknown")
