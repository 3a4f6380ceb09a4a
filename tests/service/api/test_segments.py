"""Habit segments over the API, against figures worked out by hand from the history in spring.py."""

from __future__ import annotations

import pytest

from tests.service.api.office import House, Office
from tests.service.api.springtime import ask, csv, told


@pytest.fixture(scope="module")
def spring(house: House) -> Office:
    return told(house)


def people(answer: dict) -> dict[str, int | None]:
    return {row["segment"]: row["people"] for row in answer["segments"]}


def test_four_weeks_are_as_worked_out_by_hand(spring: Office) -> None:
    """p1, p2, p3 and p5 have fewer than four actions in four weeks; p11 came with the last of them."""
    answer = ask(spring, "segments", weeks=4)
    assert (answer["from"], answer["to"], answer["eligible"]) == ("2026-03-02", "2026-03-29", 11)
    assert people(answer) == {"power": 0, "habitual": 0, "novice": 0, "low": 4, "non_user": 6, "too_early": 1}
    assert answer["segments"][3]["share"] == pytest.approx(4 / 11)


def test_twelve_weeks_are_too_many_for_a_change_that_is_four_weeks_old(spring: Office) -> None:
    assert people(ask(spring, "segments"))["too_early"] == 11


def test_silence_and_a_small_group_show_no_distribution(house: House, spring: Office) -> None:
    quiet = ask(spring, "segments", now="2026-04-12T10:00+02:00", weeks=4)
    assert (quiet["status"], quiet["eligible"], set(people(quiet).values())) == ("unknown", 11, {None})
    small = ask(told(house, 12), "segments", weeks=4)
    assert (small["status"], small["eligible"], set(people(small).values())) == ("suppressed", None, {None})


def test_as_a_table_a_segment_is_a_line(spring: Office) -> None:
    header, *lines = csv(spring, "segments", weeks=4)
    assert header == ["segment", "people", "share", "status", "coverage"]
    assert (lines[4][:2], lines[4][3]) == (["non_user", "6"], "known")


def test_the_answer_says_what_it_rests_on(spring: Office) -> None:
    said = ask(spring, "segments", weeks=4, explain="true")["explain"]
    assert (said["numerator"], said["window"]["days"], said["status"]) == (0, 28, "known")
