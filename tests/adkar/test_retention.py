"""A cohort is everybody who began in a week, and a week that is not over says nothing yet."""

import numpy as np

from adkar.population import NEVER_LEFT, Roster
from adkar.retention import retention
from adkar.usage import Usage
from tests.adkar.crowd import MONDAY, members, reported, used_on

MONDAYS = [MONDAY, MONDAY + 7, MONDAY + 14]


def grid(*people, roster=None, silent=(), minimum=1):
    return retention(roster or members(len(people)), used_on(21, *people), reported(21, silent), MONDAYS, minimum)


def active(cohort):
    return [cell.active for cell in cohort.cells]


def test_a_cohort_keeps_those_in_its_denominator_who_do_not_come_back():
    first, second, third = grid({0, 7, 14}, {1, 14}, {2}, {8, 15})
    assert ([c.people for c in (first, second, third)], active(first), active(second)) == (
        [3, 1, None],
        [3, 1, 2],
        [1, 1, None],
    )
    assert first.cells[1].rate == 1 / 3
    assert third.status == "suppressed"


def test_a_week_that_is_not_over_is_null_and_not_zero():
    _, second, _ = grid({8})
    assert [(cell.active, cell.rate, cell.status) for cell in second.cells[1:]] == [
        (0, 0.0, "known"),
        (None, None, "incomplete"),
    ]


def test_who_used_it_before_the_first_week_shown_is_in_no_cohort():
    usage = used_on(21, {0, 8}, {7})
    [cohort, _] = retention(members(2), usage, reported(21), MONDAYS[1:], 1)
    assert cohort.people == 1


def test_who_leaves_is_neither_retained_nor_lost():
    roster = members(2)
    roster.left[0] = MONDAY + 10
    first, *_ = grid({0}, {0, 7}, roster=roster)
    assert [(cell.eligible, cell.rate) for cell in first.cells] == [(2, 1.0), (1, 1.0), (1, 0.0)]


def test_somebody_who_changes_roles_stays_one_person_in_one_cohort():
    """Two memberships one after the other are two rows, and were once two people of whom one left."""
    person = np.zeros(2, np.int64)
    joined, left = np.array([MONDAY, MONDAY + 7], np.int32), np.array([MONDAY + 7, NEVER_LEFT], np.int32)
    usage = Usage(MONDAY, used_on(21, {0, 7}).used[:, person])
    first, second, _ = retention(Roster(person, joined, left, joined), usage, reported(21), MONDAYS, 1)
    assert (first.people, active(first), second.people) == (1, [1, 1, 0], None)


def test_an_outage_makes_a_cell_unknown_and_the_cohort_that_began_in_it_as_well():
    first, second, _ = grid({0, 7, 14}, {8, 14}, silent=range(7, 14))
    assert [cell.status for cell in first.cells] == ["known", "unknown", "known"]
    assert (second.people, second.status, second.cells[1].active) == (None, "unknown", None)


def test_a_cohort_below_the_minimum_shows_no_figure_and_neither_does_what_is_left_of_one():
    roster = members(3)
    roster.left[0] = MONDAY + 14
    first, second, _ = grid({0}, {0}, {8}, roster=roster, minimum=2)
    assert [(cell.eligible, cell.status) for cell in first.cells] == [
        (2, "known"),
        (2, "known"),
        (None, "suppressed"),
    ]
    assert (second.people, {cell.active for cell in second.cells}) == (None, {None})


def test_no_week_makes_no_cohort():
    assert retention(members(1), used_on(3, {0}), reported(3), [], 1) == []
