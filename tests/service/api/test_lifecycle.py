"""Lifecycle over the API, against figures worked out by hand from the history in spring.py."""

from __future__ import annotations

import pytest

from tests.service.api.office import House, Office
from tests.service.api.springtime import ask, csv, refused, told

FIGURES = ("eligible", "active", "new", "returning", "resurrected", "dormant")


@pytest.fixture(scope="module")
def spring(house: House) -> Office:
    return told(house)


def test_weeks_are_answered_up_to_the_last_sunday(spring: Office) -> None:
    intervals = ask(spring, "lifecycle")["intervals"]
    assert (len(intervals), intervals[-1]["from"], intervals[-1]["to"]) == (12, "2026-03-23", "2026-03-29")
    # p1, p2, p3, p5 and p11; p12 has left, and p7 used another app.
    assert [intervals[-1][name] for name in FIGURES] == [11, 5, 5, 0, 0, 0]


def test_other_intervals_end_with_the_day_asked_for(spring: Office) -> None:
    before, last = ask(spring, "lifecycle", window=2, to="2026-03-31", **{"from": "2026-03-28"})["intervals"]
    assert (before["from"], last["from"], last["to"]) == ("2026-03-28", "2026-03-30", "2026-03-31")
    # p3 goes on, p4 and p6 begin, p2 stops.
    assert [last[name] for name in FIGURES] == [11, 3, 2, 1, 0, 1]


def test_an_interval_that_is_not_whole_is_left_out(spring: Office) -> None:
    assert ask(spring, "lifecycle", window=2, to="2026-03-31", **{"from": "2026-03-31"})["intervals"] == []
    assert len(ask(spring, "lifecycle", window=366)["intervals"]) == 1


def test_what_happened_after_the_last_report_is_unknown(spring: Office) -> None:
    last = ask(spring, "lifecycle", now="2026-04-06T10:00+02:00")["intervals"][-1]
    assert (last["to"], last["status"], last["eligible"], last["active"]) == ("2026-04-05", "unknown", 11, None)


def test_the_answer_says_what_it_rests_on(spring: Office) -> None:
    answer = ask(spring, "lifecycle", explain="true", role="sales")
    assert answer["explain"]["numerator"] == answer["intervals"][-1]["active"]
    assert answer["explain"]["window"]["days"] == 7
    assert (answer["grain"], answer["notice"], answer["zone"]) == ("day", None, "Europe/Berlin")


def test_as_a_table_an_interval_is_a_line(spring: Office) -> None:
    header, *lines = csv(spring, "lifecycle")
    assert header[:4] == ["from", "to", "eligible", "active"]
    assert lines[-1][:5] == ["2026-03-23", "2026-03-29", "11", "5", "5"]


def test_a_question_that_makes_no_sense_names_its_field(spring: Office) -> None:
    for query, field in (
        ({"window": 0}, "window"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2025-01-01"}, "from"),
        ({"role": "pilots"}, "role"),
        ({"format": "xml"}, "format"),
    ):
        assert refused(spring, "lifecycle", **query) == field
