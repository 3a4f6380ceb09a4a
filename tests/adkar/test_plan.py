from functools import partial

import pytest

from adkar.plan import planned_rate

to_80_in_100_days = partial(planned_rate, go_live=1000, target_by=1100, target_rate=0.8)


@pytest.mark.parametrize(("day", "rate"), [(1000, 0.0), (1025, 0.2), (1050, 0.4), (1100, 0.8), (1101, 0.8)])
def test_the_plan_grows_evenly_from_nothing_and_stays_at_the_target(day, rate):
    assert to_80_in_100_days(day, baseline=None) == pytest.approx(rate)


def test_there_is_no_plan_before_go_live():
    assert to_80_in_100_days(999, baseline=0.3) is None


def test_a_baseline_lifts_the_start_and_a_baseline_of_zero_is_one():
    assert to_80_in_100_days(1000, baseline=0.2) == 0.2
    assert to_80_in_100_days(1050, baseline=0.2) == pytest.approx(0.5)
    assert to_80_in_100_days(1000, baseline=0.0) == 0.0


@pytest.mark.parametrize("by", [1000, 990])
def test_a_target_due_at_go_live_is_the_plan_at_once(by):
    assert planned_rate(1000, go_live=1000, target_by=by, target_rate=0.5, baseline=0.1) == 0.5
