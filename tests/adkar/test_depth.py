"""How much the active people use it, and how regularly."""

import pytest

from adkar.depth import Depth, depth
from tests.adkar.crowd import MONDAY, acted, members, reported, used_on

LAST = MONDAY + 27


def of(usage, actions=None, roster=None, silent=(), minimum=1, first=MONDAY) -> Depth:
    crowd = roster or members(usage.used.shape[1])
    return depth(crowd, usage, actions or acted(), reported(28, silent), first, LAST, minimum)


def test_means_are_over_active_people_and_not_over_everybody():
    actions = acted((0, 0, 1, 5), (0, 0, 2, 1), (1, 0, 1, 1), (3, 1, 1, 1))
    found = of(used_on(28, {0, 1}, {3}, set(), set()), actions)
    assert (found.active_days, found.actions, found.breadth) == (1.5, 4.0, 1.5)


def test_a_feature_used_twice_is_one_and_what_is_outside_the_window_is_none():
    actions = acted((0, 0, 1, 1), (20, 0, 2, 1), (21, 0, 2, 1))
    assert of(used_on(28, {0, 20, 21}), actions, first=MONDAY + 20).breadth == 1


def test_somebody_who_uses_it_each_working_day_is_a_stickiness_of_one():
    """Over all 28 days it would be 20 / 28, and no tool for work could do better than 71 %."""
    assert of(used_on(28, {day for day in range(28) if day % 7 < 5})).stickiness == 1


def test_use_at_the_weekend_counts_for_the_month_and_not_for_the_day():
    assert of(used_on(28, {5, 6}, {0, 1})).stickiness == pytest.approx(2 / 20 / 2)


def test_only_members_at_the_end_count_so_that_it_never_exceeds_one():
    roster = members(2)
    roster.left[0] = MONDAY + 27
    assert of(used_on(28, set(range(28)), {0}), roster=roster).stickiness == pytest.approx(1 / 20)


def test_nobody_active_has_no_mean():
    assert of(used_on(28, set())) == Depth(None, None, None, None)


def test_silence_and_few_active_people_show_nothing():
    usage, actions = used_on(28, {0}, {1}, set()), acted((0, 0, 1, 1), (1, 1, 1, 1))
    assert of(usage, actions, silent=range(21, 28)) == Depth(None, None, None, None)
    assert of(usage, actions, minimum=3) == Depth(None, None, None, None)
    assert of(usage, actions, minimum=2).actions == 1
