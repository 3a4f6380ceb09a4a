"""From training to use over the API."""

from __future__ import annotations

import pytest

from tests.service.api import spring
from tests.service.api.office import House, Office, at
from tests.service.api.springtime import ask, csv, told

TRAINED = {**{f"p{n}": "2026-02-20" for n in range(1, 9)}, "p9": "2026-03-20", "p10": "2026-03-29"}


@pytest.fixture(scope="module")
def trained(house: House) -> Office:
    """Live since 2 March. p1 to p8 were trained before that, p9 and p10 later, p11 and p12 not at all.

    p1 to p4 use it on 5 March, p5 on the 16th and p6 on the 17th, p9 and p10 on the 30th; a robot every day.
    """
    office = house.office(5)
    with at(spring.LAUNCHED):
        office.announce(12)
        office.launch()
        office.impact("sales", members=range(1, 13), courses=["basics"])
        office.impact("coaches", members=[11, 12])
    steps = [
        {"id": p, "person": p, "course": "basics", "status": "completed", "occurred_at": f"{day}T09:00:00Z"}
        for p, day in TRAINED.items()
    ]
    days = {**dict.fromkeys(("p1", "p2", "p3", "p4"), 5), "p5": 16, "p6": 17, "p9": 30, "p10": 30, "p11": 3}
    uses = [("robot", day) for day in range(2, 32)] + list(days.items())
    tool = {"app": "copilot", "feature": "chat"}
    body = [
        {"id": f"{who} {day}", "actor": who, "occurred_at": f"2026-03-{day:02}T09:00:00Z", **tool} for who, day in uses
    ]
    with at(spring.TODAY):
        assert office.alice.post("/trainings", {"events": steps}).get_json()["stored"] == len(steps)
        assert office.caller("app").post("/usage", {"events": body}).get_json()["stored"] == len(body)
        office.follow()
    return office


def test_the_clock_of_who_was_trained_early_starts_at_go_live(trained: Office) -> None:
    """Of the eight trained in February five used it within 14 days of 2 March, and p6 a day later."""
    found = ask(trained, "training", role="sales")["training"]
    assert (found["asked"], found["trained"]) == (12, 10)
    # p9 and p10 were trained less than 14 days ago, and are not judged although both used it.
    assert (found["judged"], found["in_time"], found["share"]) == (8, 5, 5 / 8)


def test_days_to_the_first_use_hear_everybody_who_was_trained(trained: Office) -> None:
    curve = ask(trained, "training")["training"]["speed"]["curve"]
    assert (curve["n"], curve["events"], curve["median"]) == (10, 8, 3)
    # On the 14th day only four were still waiting, who are too few to be told of.
    assert [(step["days"], step["events"]) for step in curve["steps"]] == [(1, 1), (3, 4), (10, 1)]
    assert curve["cut"]


def test_a_role_that_is_asked_for_no_training_has_none_which_is_not_zero(trained: Office, house: House) -> None:
    assert ask(trained, "training", role="coaches", explain="true")["training"] is None
    assert ask(told(house), "training")["training"] is None
    assert csv(trained, "training", role="coaches")[1:] == []


def test_a_small_group_shows_no_figure(house: House, trained: Office) -> None:
    office = house.office(13)
    with at(spring.LAUNCHED):
        office.announce(12)
        office.launch()
        office.impact("sales", members=range(1, 13), courses=["basics"])
    found = ask(office, "training")["training"]
    assert [found[name] for name in ("asked", "trained", "judged", "share")] == [None] * 4
    assert (found["speed"]["status"], found["speed"]["curve"]) == ("suppressed", None)


def test_silence_leaves_head_counts_alone(trained: Office) -> None:
    found = ask(trained, "training", now="2026-04-14T10:00+02:00")["training"]
    assert (found["trained"], found["judged"], found["speed"]["status"]) == (10, None, "unknown")


def test_as_a_table_it_is_one_line(trained: Office) -> None:
    header, line = csv(trained, "training", role="sales")
    row = dict(zip(header, line, strict=True))
    assert (row["trained"], row["share"], row["speed_curve_median"]) == ("10", "0.625", "3")


def test_the_answer_says_what_it_rests_on(trained: Office) -> None:
    said = ask(trained, "training", role="sales", explain="true")["explain"]
    assert (said["numerator"], said["denominator"]["judged"]) == (5, 8)
