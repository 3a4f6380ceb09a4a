"""The table of habits, at its edges; the first that fits is the one."""

import pytest

from adkar.segments import SEGMENTS, calendar_weeks, habitual, segments
from tests.adkar.crowd import MONDAY, acted, members, reported

SUNDAY = MONDAY + 12 * 7 - 1


def of(weekly: list[int], roster=None, weeks: int = 12, day: int = SUNDAY) -> str:
    """The segment of one person with so many actions in each week, oldest first."""
    entries = [(7 * week + 2, 0, 1, count) for week, count in enumerate(weekly) if count]
    found = segments(roster or members(1), acted(*entries), reported(91), day, weeks, 1)
    [name] = [name for name, people in found.people.items() if people]
    return name


@pytest.mark.parametrize(
    ("weekly", "segment"),
    [
        ([15] * 12, "power"),
        ([20] * 9 + [0] * 3, "power"),
        ([20] * 8 + [19] + [0] * 3, "habitual"),
        ([1] * 9 + [0] * 3, "habitual"),
        # Very much use in too few weeks is no habit.
        ([1000] * 8 + [0] * 4, "novice"),
        ([12] + [0] * 11, "novice"),
        ([11] + [0] * 11, "low"),
        ([1] + [0] * 11, "low"),
        ([0] * 12, "non_user"),
    ],
)
def test_twelve_weeks(weekly, segment):
    assert of(weekly) == segment


@pytest.mark.parametrize(
    ("weekly", "segment"),
    [
        ([15] * 4, "power"),
        ([57, 1, 1, 1], "power"),
        ([56, 1, 1, 1], "habitual"),
        ([1000, 1000, 1000, 0], "novice"),
        ([4, 0, 0, 0], "novice"),
        ([3, 0, 0, 0], "low"),
        ([0] * 4, "non_user"),
    ],
)
def test_four_weeks(weekly, segment):
    assert of([0] * 8 + weekly, weeks=4) == segment


def test_weeks_without_use_count_as_zero_and_are_not_left_out_of_the_mean():
    """Sixty actions in three weeks are a mean of five over twelve, not of twenty over three."""
    assert of([20, 20, 20] + [0] * 9) == "novice"


def test_who_has_had_access_for_fewer_weeks_than_are_looked_at_is_too_early_whatever_they_did():
    assert of([20] * 12, members(1, access=1)) == "too_early"
    assert of([20] * 12, members(1, access=0)) == "power"
    assert of([0] * 12, members(1, access=1)) == "too_early"
    assert of([0] * 8 + [1] * 4, members(1, access=56), weeks=4) == "habitual"


def test_only_weeks_that_are_over_are_looked_at():
    assert calendar_weeks(SUNDAY, 12) == (MONDAY, SUNDAY)
    assert calendar_weeks(SUNDAY + 6, 12) == (MONDAY, SUNDAY)
    assert calendar_weeks(SUNDAY + 7, 12) == (MONDAY + 7, SUNDAY + 7)
    assert of([1] * 9 + [0] * 3 + [50], day=SUNDAY + 6) == "habitual"


def test_actions_of_a_week_add_up_over_days_and_features():
    entries = [(7 * week + day, 0, feature, 3) for week in range(12) for day, feature in ((0, 1), (0, 2), (6, 1))]
    assert segments(members(1), acted(*entries), reported(84), SUNDAY, 12, 1).people["habitual"] == 1
    more = [(*entry[:3], 5) for entry in entries]
    assert segments(members(1), acted(*more), reported(84), SUNDAY, 12, 1).people["power"] == 1


def test_every_eligible_person_is_in_one_segment():
    found = segments(members(3), acted((80, 0, 1, 1)), reported(84), SUNDAY, 12, 1)
    assert list(found.people) == list(SEGMENTS)
    assert sum(found.people.values()) == found.eligible == 3


def test_silence_and_a_small_group_show_no_distribution():
    quiet = segments(members(3), acted(), reported(84, range(79, 84)), SUNDAY, 12, 1)
    assert (quiet.people, quiet.eligible, quiet.status) == (None, 3, "unknown")
    small = segments(members(3), acted(), reported(84), SUNDAY, 12, 4)
    assert (small.people, small.eligible, small.status) == (None, None, "suppressed")


def test_power_users_are_habitual_too():
    entries = [(7 * week, person, 1, count) for week in range(12) for person, count in ((0, 15), (1, 1))]
    assert habitual(members(3), acted(*entries), SUNDAY, 12).tolist() == [True, True, False]
