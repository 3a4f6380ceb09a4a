"""Each stage of the funnel lies in the one before, and who never used it is not who stopped."""

import numpy as np

from adkar.adoption import Definition
from adkar.funnel import Funnel, funnel
from tests.adkar.crowd import MONDAY, members, reported, used_on

WEEK = Definition(version=1, window_days=7, min_days=2)
LAST = MONDAY + 20


def told(*people, roster=None, habit=None, silent=(), minimum=1) -> Funnel:
    usage = used_on(21, *people)
    return funnel(roster or members(len(people)), usage, reported(21, silent), habit, LAST, WEEK, minimum)


def test_the_stages_nest_and_adopted_people_without_a_habit_stay_outside_the_last():
    habit = np.array([True, False, True, False, False])
    found = told({14, 15}, {14, 15}, {14}, {3}, set(), habit=habit)
    stages = (found.eligible, found.ever_used, found.active, found.adopted, found.adopted_habitual)
    assert stages == (5, 4, 3, 2, 1)


def test_dormant_and_never_used_are_different_people():
    found = told({0}, {1, 2}, set(), {20})
    assert (found.never_used, found.dormant) == (1, 2)


def test_utilisation_is_over_all_who_are_eligible_and_not_over_those_who_were_seen():
    assert told({14, 15}, set(), set(), set()).utilisation == 0.25


def test_somebody_new_who_uses_it_enough_has_adopted_it():
    assert told({19, 20}, roster=members(1, joined=18)).adopted == 1


def test_the_last_stage_is_null_while_the_habit_is_not_known():
    assert told({14, 15}).adopted_habitual is None


def test_silence_and_a_small_group_show_no_stage():
    quiet = told({0, 1}, silent=range(14, 21))
    assert (quiet.eligible, quiet.ever_used, quiet.dormant, quiet.utilisation) == (1, None, None, None)
    small = told({14, 15}, minimum=2)
    assert (small.eligible, small.adopted, small.status) == (None, None, "suppressed")
