"""Spans of days over recorded use."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.windows import NEVER, Reports, days_in, first_use, used_in
from tests.adkar.crowd import MONDAY, used_on


def test_a_span_that_is_not_over_is_refused():
    usage = used_on(3, {0})
    for ask in (used_in, days_in):
        with pytest.raises(ValueError, match="not complete"):
            ask(usage, MONDAY, MONDAY + 3)


def test_days_before_the_first_recorded_one_hold_no_use():
    usage = used_on(3, {0})
    assert used_in(usage, MONDAY - 9, MONDAY - 1).tolist() == [False]
    assert days_in(usage, MONDAY - 9, MONDAY).tolist() == [1]
    assert first_use(usage, MONDAY - 1).tolist() == [NEVER]


def test_the_first_use_is_the_first_of_all_and_not_of_a_window():
    assert first_use(used_on(9, {2, 7}, set()), MONDAY + 8).tolist() == [MONDAY + 2, NEVER]


@given(st.data())
def test_many_windows_at_once_are_judged_as_each_alone(data):
    height = data.draw(st.integers(1, 30))
    flags = st.lists(st.booleans(), min_size=height, max_size=height).map(np.array)
    reports = Reports(MONDAY, data.draw(flags), data.draw(flags))
    window = data.draw(st.integers(1, 12))
    days = np.arange(MONDAY - 3, MONDAY + height, dtype=np.int32)
    each = [(day - window + 1, day) for day in days.tolist()]
    assert reports.judged(days, window) == (
        [reports.coverage(*span) for span in each],
        [reports.known(*span) for span in each],
    )
