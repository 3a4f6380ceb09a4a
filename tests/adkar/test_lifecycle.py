"""New is whoever never used it before, not whoever did not use it last week."""

from adkar.lifecycle import Interval, lifecycle
from tests.adkar.crowd import MONDAY, members, reported, used_on

THIRD = (MONDAY + 14, MONDAY + 20)


def third_week(*people, roster=None, silent=(), minimum=1) -> Interval:
    usage = used_on(21, *people)
    [found] = lifecycle(roster or members(len(people)), usage, reported(21, silent), [THIRD], minimum)
    return found


def figures(found: Interval) -> tuple[int | None, ...]:
    return found.active, found.new, found.returning, found.resurrected, found.dormant


def test_active_people_are_new_or_returning_or_resurrected_and_nothing_else():
    found = third_week({14}, {7, 14}, {0, 14}, {0, 7}, {0}, set())
    assert figures(found) == (3, 1, 1, 1, 1)
    assert (found.eligible, found.status) == (6, "known")


def test_the_first_use_in_an_interval_makes_nobody_new_who_used_it_long_before():
    assert figures(third_week({0, 20}))[1:4] == (0, 0, 1)


def test_use_from_before_somebody_joined_is_use_all_the_same():
    found = third_week({1, 15}, roster=members(1, joined=10))
    assert (found.new, found.resurrected) == (0, 1)


def test_who_has_left_by_the_end_of_the_interval_is_not_dormant_but_gone():
    found = third_week({7}, roster=members(1, left=20), minimum=0)
    assert (found.eligible, found.dormant) == (0, 0)


def test_the_first_interval_of_all_has_a_before_in_which_nobody_used_anything():
    [found] = lifecycle(members(1), used_on(21, {3}), reported(21), [(MONDAY, MONDAY + 6)], 1)
    assert figures(found) == (1, 1, 0, 0, 0)


def test_an_outage_makes_nobody_dormant():
    found = third_week({7, 8}, silent=range(14, 21))
    assert (figures(found), found.status) == ((None,) * 5, "unknown")


def test_an_outage_in_the_interval_before_makes_nobody_new_or_resurrected():
    found = third_week({0, 7, 14}, silent=range(7, 14))
    assert (figures(found), found.status) == ((1, None, None, None, None), "unknown")


def test_a_group_below_the_minimum_shows_no_figure():
    found = third_week({7}, {14}, minimum=3)
    assert (found.eligible, *figures(found), found.coverage, found.status) == (*(None,) * 7, "suppressed")
