"""Adoption over the API, against figures worked out by hand from the history in spring.py."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from service.intake.store import Use, store
from tests.service.api import spring
from tests.service.api.office import House, Office, at


@pytest.fixture(scope="module")
def told(house: House) -> Office:
    """The history, told once; tests only look at it. A second change has p1 to p9, p11 and p12 in a role more."""
    office = house.office()
    spring.tell(office)
    with at(spring.TODAY):
        office.launch("both")
        office.impact("sales", "both", members=range(1, 11))
        office.place("p11", "sales", "both", **{"from": "2026-03-25"})
        office.impact("coaches", "both", members=[*range(1, 10), 11, 12])
    return office


#   day           eligible access mature active adopted high
BY_HAND = [
    ("2026-03-26", 12, 12, 11, 4, 3, 3 / 11),
    ("2026-03-27", 11, 11, 10, 3, 2, 3 / 10),
    ("2026-03-29", 11, 11, 10, 5, 3, 4 / 10),
    ("2026-03-30", 11, 11, 10, 6, 4, 5 / 10),
    ("2026-03-31", 11, 11, 11, 7, 4, 5 / 11),
]


@pytest.mark.parametrize("query", [{"role": "sales"}, {}], ids=["role", "change"])
@pytest.mark.parametrize("expected", BY_HAND, ids=[row[0] for row in BY_HAND])
def test_every_figure_is_as_worked_out_by_hand(told: Office, query: dict[str, str], expected: tuple[Any, ...]) -> None:
    day, *figures, high = expected
    point = spring.adoption(told, **query)["series"][day]
    assert [point[name] for name in ("eligible", "access", "mature", "active", "adopted")] == figures
    assert point["rate"] == point["low"] == pytest.approx(figures[4] / figures[2])
    assert point["high"] == pytest.approx(high)
    assert point["active_rate"] == pytest.approx(figures[3] / figures[0])
    assert (point["status"], point["coverage"]) == ("known", 1)


def test_distinct_people_are_counted_over_trailing_1_7_and_28_days(told: Office) -> None:
    series = spring.adoption(told)["series"]
    counted = {day: [point[name] for name in ("dau", "wau", "mau")] for day, point in series.items()}
    assert counted["2026-03-30"] == [2, 6, 6]
    # p12 has left, so only the other seven of those who used it count.
    assert counted["2026-03-31"] == [1, 7, 7]


def test_the_plan_grows_evenly_from_go_live_to_target(told: Office) -> None:
    series = spring.adoption(told)["series"]
    assert series["2026-03-31"]["plan"] == pytest.approx(0.8 * 29 / 183)
    assert series["2026-03-02"]["plan"] == 0
    assert series["2026-03-01"]["plan"] is None


def test_before_anybody_could_use_it_for_a_whole_window_there_is_no_rate(told: Office) -> None:
    series = spring.adoption(told)["series"]
    assert (series["2026-03-01"]["eligible"], series["2026-03-01"]["access"]) == (11, 0)
    assert (series["2026-03-02"]["access"], series["2026-03-02"]["mature"]) == (11, 0)
    assert (series["2026-03-07"]["mature"], series["2026-03-07"]["rate"]) == (0, None)
    assert (series["2026-03-08"]["mature"], series["2026-03-08"]["adopted"]) == (11, 0)


def test_both_ends_of_a_query_are_included_and_the_running_day_is_never_judged(told: Office) -> None:
    asked = spring.adoption(told, **{"from": "2026-03-26", "to": "2026-03-28"})["series"]
    assert list(asked) == ["2026-03-26", "2026-03-27", "2026-03-28"]
    open_end = spring.adoption(told, **{"from": "2026-03-31", "to": "2026-04-20"})["series"]
    assert list(open_end) == ["2026-03-31"]
    assert spring.adoption(told, **{"from": "2026-04-01"})["series"] == {}
    # The minute after midnight in Berlin, where the day is over, and the minute before, where it is not.
    assert list(spring.adoption(told, "2026-04-02T00:01+02:00", **{"from": "2026-04-01"})["series"]) == ["2026-04-01"]
    assert spring.adoption(told, "2026-04-01T23:59+02:00", **{"from": "2026-04-01"})["series"] == {}


def test_an_instant_yet_to_come_does_not_judge_the_running_day(told: Office) -> None:
    """`as_of` may be 23 hours ahead of our clock, since clocks differ; the day is not over for that."""
    ahead = spring.adoption(told, as_of="2026-04-02T12:00:00Z")
    assert max(ahead["series"]) == "2026-03-31"
    assert ahead["as_of_effective"] == "2026-04-01"


def test_ninety_days_are_answered_unless_a_query_says_otherwise(told: Office) -> None:
    days = list(spring.adoption(told)["series"])
    assert (len(days), days[0], days[-1]) == (90, "2026-01-01", "2026-03-31")
    assert len(spring.adoption(told, **{"from": "2025-02-25"})["series"]) == 400
    with at(spring.TODAY):
        for query, field in (
            ({"from": "2025-02-24"}, "from"),
            ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
            ({"window": "0"}, "window"),
            ({"window": "367"}, "window"),
            ({"window": "9" * 5000}, "window"),
            ({"from": "2026-02-30"}, "from"),
            ({"as_of": "2026-03-01T09:00:00"}, "as_of"),
            ({"as_of": "2026-04-02T15:00:01Z"}, "as_of"),
            ({"role": "pilots"}, "role"),
        ):
            refused = told.charlie.get("/changes/copilot/adoption", **query)
            assert refused.status_code == 422, query
            assert refused.get_json()["errors"][0]["field"] == field


def test_another_window_judges_by_that_window_and_says_so(told: Office) -> None:
    two = spring.adoption(told, window=2)
    assert (two["definition"]["window_days"], two["definition"]["min_days"]) == (2, 2)
    # 29 and 30 March: p3 on both, p4 on one; p11, who joined on the 25th, is mature for so short a window.
    point = two["series"]["2026-03-30"]
    assert (point["mature"], point["active"], point["adopted"]) == (11, 3, 1)
    one = spring.adoption(told, window=1)
    assert (one["definition"]["window_days"], one["definition"]["min_days"]) == (1, 1)
    assert one["series"]["2026-03-30"]["adopted"] == 2
    assert spring.adoption(told)["definition"]["min_days"] == 2


def test_a_source_that_falls_silent_makes_adoption_unknown_not_zero(told: Office) -> None:
    """Nothing came after 1 April; of the five working days to the 7th, one was reported."""
    point = spring.adoption(told, "2026-04-08T10:00+02:00")["series"]["2026-04-07"]
    assert (point["status"], point["rate"]) == ("unknown", None)
    assert point["coverage"] == pytest.approx(1 / 5)
    assert (point["low"], point["high"]) == (0, 1)


def test_a_source_that_never_spoke_is_silence_from_go_live_on(office: Office) -> None:
    with at(spring.LAUNCHED):
        office.announce(10)
        office.launch()
        office.impact("sales", members=range(1, 11))
    point = spring.adoption(office, role="sales")["series"]["2026-03-31"]
    assert (point["status"], point["rate"], point["low"], point["high"]) == ("unknown", None, 0, 1)


def test_somebody_in_two_roles_counts_once_in_the_change(told: Office) -> None:
    roles = {r: spring.adoption(told, change="both", role=r)["series"]["2026-03-30"] for r in ("sales", "coaches")}
    both = spring.adoption(told, change="both")["series"]["2026-03-30"]
    assert (roles["sales"]["eligible"], roles["coaches"]["eligible"], both["eligible"]) == (11, 11, 12)
    # p11 is mature as a coach only, p10 as a seller only: the better of somebody's roles counts.
    assert (roles["sales"]["mature"], roles["coaches"]["mature"], both["mature"]) == (10, 11, 12)
    assert (roles["sales"]["adopted"], roles["coaches"]["adopted"], both["adopted"]) == (4, 6, 6)


def test_a_person_with_two_accounts_counts_once(office: Office) -> None:
    with at(spring.LAUNCHED):
        for source in ("default", "tool"):
            office.expect("2026-03-30", source)
        office.announce(10)
        office.launch()
        office.impact("sales", members=range(1, 11))
    use = {"app": "copilot", "feature": "chat", "actor": "p1"}
    uses = [use | {"id": day, "occurred_at": f"{day}T09:00:00Z"} for day in ("2026-03-30", "2026-03-31")]
    with at(spring.TODAY):
        for source in ("default", "tool"):
            assert office.caller("app", source=source).post("/usage", {"events": uses}).get_json()["stored"] == 2
        office.follow()
    point = spring.adoption(office)["series"]["2026-03-31"]
    assert (point["dau"], point["active"], point["adopted"], point["high"]) == (1, 1, 1, pytest.approx(1 / 10))


def test_a_source_that_reports_by_week_is_labelled_and_its_days_are_not_held_silent(office: Office) -> None:
    with at(spring.LAUNCHED):
        office.announce(12)
        office.launch(adoption={"features": [{"app": "copilot"}], "window_days": 28, "min_days": 1})
        office.impact("sales", members=range(1, 13))
    assert spring.adoption(office)["grain"] == "day"
    mondays = (1_772_445_600_000 + week * 7 * 86_400_000 for week in range(4))
    uses = [
        Use(f"{n} {monday}", "copilot", "chat", f"p{n}", monday, grain="week")
        for n, monday in itertools.product(range(1, 7), mondays)
    ]
    with at("2026-03-31T10:00+02:00"):
        store(office.takehold, office.id, "viva", uses)
        office.follow()
        answer = spring.adoption(office, "2026-03-30T10:00+02:00")
    assert (answer["grain"], answer["notice"]) == (
        "week",
        "Some sources report by week: days inside a week are not exact.",
    )
    sunday = answer["series"]["2026-03-29"]
    assert (sunday["status"], sunday["coverage"], sunday["adopted"], sunday["mature"]) == ("known", 1, 6, 12)


def test_a_change_without_roles_has_nobody_to_show(office: Office) -> None:
    """Once an internal error: nothing can be merged out of no role at all."""
    with at(spring.LAUNCHED):
        office.launch()
    point = spring.adoption(office)["series"]["2026-03-31"]
    assert (point["status"], point["eligible"]) == ("suppressed", None)
