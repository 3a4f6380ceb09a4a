from datetime import date

import numpy as np
import pytest

from adkar.coverage import coverage, is_known, silent_days, working_days


def flags(text: str) -> np.ndarray:
    return np.array([c == "x" for c in text])


def test_a_source_works_from_monday_to_friday_unless_told_otherwise():
    monday = date(2026, 3, 2).toordinal()
    week = np.arange(monday, monday + 7, dtype=np.int32)
    assert working_days(week).tolist() == [True] * 5 + [False] * 2
    assert working_days(week, {5, 6}).tolist() == [False] * 5 + [True] * 2


def test_a_day_on_which_nothing_was_expected_is_not_silent():
    assert silent_days(flags("x.x."), flags("xx..")).tolist() == [False, True, False, False]


def test_weekends_do_not_lower_the_coverage():
    assert coverage(flags("......."), flags("xxxxx..")) == 1.0
    assert coverage(flags("x....xx"), flags("xxxxx..")) == 0.8


def test_coverage_is_null_when_nothing_was_expected():
    assert coverage(flags("..."), flags("...")) is None
    assert is_known(flags("..."), flags("..."))


@pytest.mark.parametrize(("silent", "known"), [("x....", True), ("xx...", False), ("....x", False)])
def test_known_needs_four_fifths_and_a_report_on_the_last_day(silent, known):
    assert is_known(flags(silent), flags("xxxxx")) is known


def test_a_weekend_does_not_hide_a_silent_friday():
    week = flags("xxxxx..") | False
    assert not is_known(flags("....x.."), week)
