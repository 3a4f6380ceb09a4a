"""Retention over the API, against the history in spring.py."""

from __future__ import annotations

import pytest

from tests.service.api.office import House, Office
from tests.service.api.springtime import ask, csv, refused, told


@pytest.fixture(scope="module")
def spring(house: House) -> Office:
    return told(house)


def test_a_cohort_begins_in_a_week_and_weeks_that_are_not_over_are_null(spring: Office) -> None:
    *earlier, last = ask(spring, "retention")["cohorts"]
    assert (len(earlier), last["from"], last["people"]) == (11, "2026-03-23", 5)
    assert last["cells"][0] == {"weeks": 0, "eligible": 5, "active": 5, "rate": 1.0, "status": "known"}
    assert {(cell["active"], cell["status"]) for cell in last["cells"][1:]} == {(None, "incomplete")}
    assert {cohort["people"] for cohort in earlier} == {None}


def test_a_week_in_which_the_source_fell_silent_is_unknown(spring: Office) -> None:
    *_, cohort, _ = ask(spring, "retention", now="2026-04-06T10:00+02:00")["cohorts"]
    assert [cohort["cells"][1][name] for name in ("eligible", "active", "rate", "status")] == [
        5,
        None,
        None,
        "unknown",
    ]


def test_a_cohort_below_the_minimum_is_hidden(house: House) -> None:
    last = ask(told(house, 10), "retention")["cohorts"][-1]
    assert (last["people"], last["status"], last["cells"][0]["active"]) == (None, "suppressed", None)


def test_so_many_weeks_as_are_asked_for_up_to_a_day(spring: Office) -> None:
    answer = ask(spring, "retention", weeks=2, to="2026-03-28", explain="true")
    assert [cohort["from"] for cohort in answer["cohorts"]] == ["2026-03-09", "2026-03-16"]
    window = answer["explain"]["window"]
    assert (window["from"], window["to"], window["days"]) == ("2026-03-09", "2026-03-22", 14)


def test_as_a_table_a_cell_is_a_line(spring: Office) -> None:
    header, *lines = csv(spring, "retention", weeks=2)
    assert sorted(header) == ["active", "eligible", "from", "people", "rate", "status", "weeks"]
    assert dict(zip(header, lines[2], strict=True)) == {
        "from": "2026-03-23",
        "people": "5",
        "weeks": "0",
        "eligible": "5",
        "active": "5",
        "rate": "1.0",
        "status": "known",
    }


def test_a_question_that_makes_no_sense_names_its_field(spring: Office) -> None:
    assert refused(spring, "retention", weeks=54) == "weeks"
    assert refused(spring, "retention", to="2026-02-30") == "to"
