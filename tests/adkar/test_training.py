from datetime import UTC, datetime
from itertools import permutations

import pytest

from adkar.training import Record, Standing, satisfied_on, standings


def day(n: int) -> datetime:
    return datetime(2026, 3, n, 9, tzinfo=UTC)


def rec(n: int, status, course: str = "basics") -> Record:
    return Record(course, status, day(n))


def basics(*records: Record) -> Standing:
    return standings(records)["basics"]


def test_completed_is_not_passed():
    standing = basics(rec(1, "registered"), rec(2, "completed"))
    assert (standing.registered, standing.completed, standing.passed) == (day(1), day(2), None)


def test_waived_is_satisfied_and_not_attended():
    standing = basics(rec(1, "waived"))
    assert (standing.satisfied_at, standing.attended, standing.completed) == (day(1), None, None)


@pytest.mark.parametrize("status", ["completed", "passed"])
def test_only_the_first_completed_and_the_first_passed_count(status):
    standing = basics(rec(1, status), rec(5, status))
    assert getattr(standing, status) == standing.satisfied_at == day(1)


def test_failed_may_recur_and_does_not_stop_a_later_pass():
    standing = basics(rec(1, "failed"), rec(2, "failed"), rec(3, "passed"))
    assert (standing.failed, standing.passed, standing.completed) == (2, day(3), None)


@pytest.mark.parametrize("late", ["completed", "passed", "waived", "satisfied", "attended", "failed"])
def test_nothing_counts_after_abandoned(late):
    before = basics(rec(1, "initialized"), rec(2, "abandoned"))
    assert basics(rec(1, "initialized"), rec(2, "abandoned"), rec(3, late)) == before


def test_what_was_reached_before_abandoning_stays():
    assert basics(rec(1, "completed"), rec(2, "abandoned")).satisfied_at == day(1)


def test_a_new_registration_opens_an_abandoned_course_again():
    assert basics(rec(1, "abandoned"), rec(2, "registered"), rec(3, "passed")).passed == day(3)


def test_unregistered_undoes_the_registration():
    assert basics(rec(1, "registered"), rec(2, "unregistered")).registered is None


def test_abandoning_one_course_leaves_the_other_open():
    found = standings([rec(1, "abandoned"), rec(2, "passed", "advanced")])
    assert (found["basics"].satisfied_at, found["advanced"].passed) == (None, day(2))


def test_records_that_arrive_late_are_folded_in_the_order_they_happened():
    history = [rec(1, "registered"), rec(2, "completed"), rec(3, "abandoned"), rec(4, "passed")]
    assert {basics(*order) for order in permutations(history)} == {basics(*history)}


@pytest.mark.parametrize("status", ["completed", "passed", "waived", "satisfied"])
def test_each_of_four_ways_satisfies_a_course(status):
    assert satisfied_on([rec(4, status)], ["basics"]) == day(4)


@pytest.mark.parametrize("status", ["registered", "assigned", "attended", "initialized", "failed", "abandoned"])
def test_turning_up_satisfies_nothing(status):
    assert satisfied_on([rec(4, status)], ["basics"]) is None


def test_the_last_of_the_required_courses_sets_the_instant():
    records = [rec(9, "passed", "advanced"), rec(2, "completed"), rec(20, "passed", "unasked")]
    assert satisfied_on(records, ["basics", "advanced"]) == day(9)
    assert satisfied_on(records, ["basics", "advanced", "ethics"]) is None


def test_passing_after_completing_does_not_move_the_instant():
    assert satisfied_on([rec(2, "completed"), rec(8, "passed")], ["basics"]) == day(2)


def test_without_required_courses_there_is_no_instant_whatever_was_done():
    assert satisfied_on([rec(2, "completed")], []) is None
