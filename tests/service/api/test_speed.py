"""Speed over the API, against a curve worked out by hand from the history in spring.py."""

from __future__ import annotations

import pytest

from tests.service.api.office import House, Office
from tests.service.api.springtime import ask, csv, told


@pytest.fixture(scope="module")
def spring(house: House) -> Office:
    return told(house)


def test_the_curve_is_as_worked_out_by_hand(spring: Office) -> None:
    """p11 took 2 days, p5 23, p1 and p12 24 (and p12 left then), p2 27, p3 28; the other six are waiting."""
    answer = ask(spring, "speed")
    curve = answer["speed"]["curve"]
    assert [(step["days"], step["at_risk"], step["events"]) for step in curve["steps"]] == [
        (2, 12, 1),
        (23, 11, 1),
        (24, 10, 2),
        (27, 8, 1),
        (28, 7, 1),
    ]
    assert (curve["n"], curve["events"], curve["censored"], curve["median"]) == (12, 6, 6, 28)
    assert curve["steps"][-1]["waiting"] == 0.5
    assert (answer["speed"]["from"], answer["speed"]["to"]) == ("2026-03-02", "2026-03-31")


def test_utilisation_stands_beside_it_and_proficiency_is_null_without_a_standard(spring: Office) -> None:
    answer = ask(spring, "speed")
    assert (answer["utilisation"], answer["proficiency"]) == (pytest.approx(4 / 11), None)


def test_the_tail_about_few_people_is_cut_off_and_the_median_with_it(house: House) -> None:
    curve = ask(told(house, 10), "speed")["speed"]["curve"]
    assert ([step["days"] for step in curve["steps"]], curve["median"], curve["cut"]) == ([2, 23, 24], None, True)


def test_silence_and_a_small_group_show_no_curve(house: House, spring: Office) -> None:
    quiet = ask(spring, "speed", now="2026-04-12T10:00+02:00")["speed"]
    assert (quiet["status"], quiet["curve"]) == ("unknown", None)
    small = ask(told(house, 13), "speed")
    assert (small["speed"]["status"], small["speed"]["curve"], small["utilisation"]) == ("suppressed", None, None)


def test_before_the_change_is_live_no_clock_runs(spring: Office) -> None:
    before = ask(spring, "speed", day="2026-03-01")["speed"]
    assert (before["status"], before["curve"], before["from"]) == ("known", None, None)


def test_as_a_table_a_step_is_a_line(spring: Office) -> None:
    header, *lines = csv(spring, "speed")
    assert (header, lines[0][:3]) == (["days", "at_risk", "events", "waiting"], ["2", "12", "1"])
    assert csv(spring, "speed", day="2026-03-01")[1:] == []


def test_the_answer_says_what_it_rests_on(spring: Office) -> None:
    said = ask(spring, "speed", explain="true")["explain"]
    assert (said["numerator"], said["denominator"]["n"]) == (6, 12)
