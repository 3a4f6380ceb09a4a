import pytest

from adkar.adoption import Point
from adkar.alerts import Transition, below_plan

PLAN = 0.5


def week(n: int, rate: float | None, high: float | None = None, status="known") -> Point:
    high = rate if high is None else high
    return Point(700_000 + 7 * n, 20, 20, 20, 20, 10, rate, rate, high, 1.0, status)


def judged(*weeks: Point):
    return below_plan(weeks, [PLAN] * len(weeks))


def steps(*weeks: Point) -> list[tuple[int, str, str]]:
    return [((t.day - 700_000) // 7, t.before, t.after) for t in judged(*weeks).transitions]


def test_one_week_below_is_pending_and_two_are_firing():
    assert judged(week(0, 0.4)).state == "pending"
    alert = judged(week(0, 0.4), week(1, 0.4))
    assert (alert.state, alert.firing_since) == ("firing", 700_007)
    assert alert.transitions == (
        Transition(700_000, "ok", "pending"),
        Transition(700_007, "pending", "firing"),
    )


def test_a_third_week_below_is_no_new_transition():
    assert steps(week(0, 0.4), week(1, 0.4), week(2, 0.3)) == [(0, "ok", "pending"), (1, "pending", "firing")]


def test_two_weeks_below_with_a_good_one_between_do_not_fire():
    assert judged(week(0, 0.4), week(1, 0.6), week(2, 0.4)).state == "pending"


def test_a_rate_below_plan_whose_high_bound_reaches_it_is_not_below():
    assert judged(week(0, 0.4, high=0.5), week(1, 0.4, high=0.6)).state == "ok"


def test_firing_ends_only_when_the_rate_itself_reaches_the_plan():
    """With one threshold for both ways the alert would resolve on a week of poor data."""
    bad = (week(0, 0.4), week(1, 0.4))
    assert judged(*bad, week(2, 0.4, high=0.9)).state == "firing"
    ended = judged(*bad, week(2, 0.5))
    assert (ended.state, ended.firing_since) == ("ok", None)


def test_a_second_firing_begins_at_its_own_week():
    weeks = [week(i, rate) for i, rate in enumerate([0.4, 0.4, 0.6, 0.4, 0.4])]
    assert judged(*weeks).firing_since == 700_028


@pytest.mark.parametrize("blind", ["unknown", "suppressed"])
def test_a_week_without_data_is_neither_counted_nor_a_reset(blind):
    gap = week(1, None, status=blind)
    after_gap = judged(week(0, 0.4), gap)
    assert (after_gap.state, after_gap.held, after_gap.firing_since) == ("no_data", "pending", None)
    assert steps(week(0, 0.4), gap, week(2, 0.4)) == [
        (0, "ok", "pending"),
        (1, "pending", "no_data"),
        (2, "no_data", "firing"),
    ]


def test_an_unknown_week_counts_for_nothing_even_when_its_bounds_are_below_plan():
    assert judged(week(0, 0.4), week(1, 0.1, high=0.2, status="unknown")).held == "pending"


def test_a_firing_keeps_its_beginning_through_weeks_without_data():
    weeks = (week(0, 0.4), week(1, 0.4), week(2, None, status="unknown"))
    assert (judged(*weeks).state, judged(*weeks).firing_since) == ("no_data", 700_007)
    again = judged(*weeks, week(3, 0.4))
    assert (again.state, again.firing_since) == ("firing", 700_007)


def test_a_week_in_which_nobody_is_mature_is_not_judged():
    assert judged(week(0, None), week(1, None)).state == "no_data"


def test_weeks_before_go_live_are_fine():
    alert = below_plan([week(0, 0.0), week(1, 0.0)], [None, 0.0])
    assert (alert.state, alert.transitions) == ("ok", ())


def test_nothing_measured_is_no_data_and_not_ok():
    assert judged().state == "no_data"


def test_every_week_needs_its_plan():
    with pytest.raises(ValueError):
        below_plan([week(0, 0.4)], [])
