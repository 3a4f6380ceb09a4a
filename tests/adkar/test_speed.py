"""The clock of speed: when it starts, when it stops, and who is still counted."""

import numpy as np

from adkar.population import NEVER_LEFT, Roster
from adkar.speed import Speed, first_met, from_access, speed
from adkar.windows import NEVER
from tests.adkar.crowd import MONDAY, members, reported, used_on

LAST = MONDAY + 27


def of(*people, roster=None, go_live=0, silent=(), minimum=1, window=7, least=2) -> Speed:
    usage, running = used_on(28, *people), from_access(roster or members(len(people)), MONDAY + go_live, LAST)
    usage = type(usage)(usage.first_day, usage.used[:, running.person])
    met = first_met(usage, running.start, LAST, window, least)
    return speed(reported(28, silent), running, met, LAST, minimum)


def steps(found: Speed) -> list[tuple[int, int, int]]:
    return [(step.days, step.at_risk, step.events) for step in found.curve.steps]


def test_who_has_not_adopted_yet_is_censored_and_not_left_out():
    found = of({0, 1}, {0, 3}, set(), {5})
    assert steps(found) == [(1, 4, 1), (3, 3, 1)]
    assert (found.curve.n, found.curve.censored, found.curve.median) == (4, 2, 3)


def test_the_clock_starts_at_the_later_of_go_live_and_joining():
    late = members(2)
    late.joined[1] = late.access[1] = MONDAY + 10
    found = of({7, 8}, {12, 13}, roster=late, go_live=5)
    assert steps(found) == [(3, 2, 2)]


def test_recorded_access_after_joining_starts_the_clock():
    assert steps(of({14, 15}, roster=members(1, access=10))) == [(5, 1, 1)]


def test_two_days_count_where_they_fall_into_one_window_only():
    assert steps(of({0, 7})) == []
    assert steps(of({0, 6})) == [(6, 1, 1)]


def test_who_uses_it_enough_before_the_clock_starts_has_adopted_on_its_first_day():
    assert steps(of({3, 4}, go_live=5)) == [(0, 1, 1)]


def test_who_leaves_is_censored_on_the_last_day_as_a_member():
    found = of({0, 20}, {3, 4}, roster=members(2, left=4))
    assert (found.curve.events, found.curve.censored, steps(found)) == (0, 2, [])


def test_who_left_before_the_clock_started_has_none():
    found = of({0, 1}, roster=members(1, left=5), go_live=5)
    assert (found.curve, found.status) == (None, "known")


def test_two_roles_one_after_the_other_are_one_clock():
    joined, left = np.array([MONDAY, MONDAY + 7], np.int32), np.array([MONDAY + 7, NEVER_LEFT], np.int32)
    found = of({0, 9, 10}, roster=Roster(np.zeros(2, np.int64), joined, left, joined))
    assert (found.curve.n, steps(found)) == (1, [(10, 1, 1)])


def test_days_before_anything_was_recorded_are_days_without_use():
    start = np.array([MONDAY - 5], np.int32)
    assert first_met(used_on(28, {0, 1}), start, LAST, 7, 2).tolist() == [MONDAY + 1]
    assert first_met(used_on(28, set()), start, LAST, 7, 1).tolist() == [NEVER]
    assert first_met(used_on(28, {0}), start, MONDAY - 1, 7, 1).tolist() == [NEVER]


def test_an_outage_is_not_people_who_took_their_time():
    found = of({0, 1}, silent=range(7, 21))
    assert (found.curve, found.status) == (None, "unknown")


def test_a_group_below_the_minimum_shows_no_curve():
    assert (of({0, 1}, minimum=2).curve, of({0, 1}, minimum=2).status) == (None, "suppressed")
