"""The funnel over the API, against figures worked out by hand from the history in spring.py."""

from __future__ import annotations

import pytest

from tests.service.api.office import House, Office
from tests.service.api.springtime import ask, csv, refused, told

STAGES = ("eligible", "ever_used", "active", "adopted", "adopted_habitual", "never_used", "dormant")


@pytest.fixture(scope="module")
def spring(house: House) -> Office:
    return told(house)


@pytest.mark.parametrize("query", [{"role": "sales"}, {}], ids=["role", "change"])
def test_every_stage_is_as_worked_out_by_hand(spring: Office, query: dict[str, str]) -> None:
    found = ask(spring, "funnel", **query)["funnel"]
    assert [found[name] for name in STAGES] == [11, 7, 7, 4, 0, 4, 0]
    assert found["utilisation"] == pytest.approx(4 / 11)
    assert (found["from"], found["to"], found["status"]) == ("2026-03-25", "2026-03-31", "known")


def test_depth_breadth_and_stickiness_are_as_worked_out_by_hand(spring: Office) -> None:
    found = ask(spring, "funnel")["funnel"]["depth"]
    # p4 used it twice on one day: twelve actions on eleven days, of seven people.
    assert found["active_days"] == pytest.approx(11 / 7)
    assert found["actions"] == pytest.approx(12 / 7)
    assert found["breadth"] == 1
    assert found["stickiness"] == pytest.approx(9 / 20 / 7)


def test_means_over_too_few_active_people_are_hidden(house: House) -> None:
    found = ask(told(house, 10), "funnel")["funnel"]
    assert (found["active"], found["status"]) == (7, "known")
    assert set(found["depth"].values()) == {None}


def test_an_earlier_day_and_one_after_the_last_report(spring: Office) -> None:
    assert ask(spring, "funnel", day="2026-03-26")["funnel"]["active"] == 4
    assert ask(spring, "funnel", day="2026-05-01")["funnel"]["to"] == "2026-03-31"
    quiet = ask(spring, "funnel", now="2026-04-08T10:00+02:00")["funnel"]
    assert (quiet["status"], quiet["eligible"], quiet["ever_used"], quiet["utilisation"]) == ("unknown", 11, None, None)


def test_the_answer_says_what_it_rests_on(spring: Office) -> None:
    said = ask(spring, "funnel", explain="true")["explain"]
    assert (said["numerator"], said["denominator"]["eligible"]) == (4, 11)
    assert said["definition"] == "used on at least 2 distinct days of the window"


def test_as_a_table_it_is_one_line_with_depth_beside_it(spring: Office) -> None:
    header, line = csv(spring, "funnel")
    row = dict(zip(header, line, strict=True))
    assert (row["eligible"], row["adopted"], row["depth_breadth"], row["status"]) == ("11", "4", "1.0", "known")


def test_a_question_that_makes_no_sense_names_its_field(spring: Office) -> None:
    assert refused(spring, "funnel", weeks=8) == "weeks"
    assert refused(spring, "funnel", day="yesterday") == "day"
