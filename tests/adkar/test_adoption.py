import tracemalloc
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.adoption import Definition, Point, active_in, series, suppressed, totalled
from adkar.population import NEVER_LEFT, NO_ACCESS, Roster, merged
from adkar.usage import Usage, totals
from adkar.windows import Reports

FIRST = 700_000
MONTH = Definition(version=1)


def members(m: int, access: int = FIRST) -> Roster:
    return Roster(
        np.arange(m, dtype=np.int64),
        np.full(m, FIRST, np.int32),
        np.full(m, NEVER_LEFT, np.int32),
        np.full(m, access, np.int32),
    )


def used_on(h: int, *columns: set[int]) -> np.ndarray:
    return np.array([[day in column for column in columns] for day in range(h)], bool).reshape(h, len(columns))


def at(day, used, roster=None, unlinked=None, silent=(), expected=True, definition=MONTH) -> Point:
    h, m = used.shape
    quiet = np.array([i in silent for i in range(h)])
    one = np.array([FIRST + day], np.int32)
    strangers = np.zeros((h, 0), bool) if unlinked is None else unlinked
    due = np.full(h, expected)
    reports, longest = Reports(FIRST, quiet, due), definition.window_days
    use = totalled(Usage(FIRST, used), strangers, reports, longest).of(np.arange(m))
    return series(roster or members(m), use, reports, one, definition)[0]


def test_four_distinct_days_adopt_and_three_do_not():
    point = at(27, used_on(28, {0, 1, 2, 3}, {0, 1, 2}))
    assert (point.active, point.adopted, point.rate) == (2, 1, 0.5)


def test_the_window_holds_28_days_and_ends_with_the_day_itself():
    used = used_on(29, {0, 26, 27, 28}, {1, 26, 27, 28})
    assert at(28, used).adopted == 1
    assert at(27, used).adopted == 0


def test_a_day_that_is_not_complete_is_refused():
    with pytest.raises(ValueError, match="not complete"):
        at(28, used_on(28, {0}))
    with pytest.raises(ValueError, match="not complete"):
        active_in(members(1), totals(Usage(FIRST, used_on(28, {0})), 7), np.array([FIRST + 28], np.int32), [7])


def test_days_before_the_first_recorded_one_count_as_unused():
    early = members(1, access=FIRST - 100)
    assert at(3, used_on(4, {0, 1, 2, 3}), early).adopted == 1
    early.joined[:] = FIRST - 100
    before = at(-5, used_on(4, {0, 1, 2, 3}), early)
    assert (before.eligible, before.adopted, before.coverage) == (1, 0, None)


def test_the_rate_is_null_and_not_zero_while_nobody_is_mature():
    point = at(27, used_on(28, {0, 1, 2, 3}), members(1, access=FIRST + 1))
    assert (point.eligible, point.access, point.mature, point.active, point.adopted) == (1, 1, 0, 1, 0)
    assert (point.rate, point.low, point.high) == (None, None, None)


def test_people_who_never_used_it_are_in_the_denominator():
    assert at(27, used_on(28, {0, 1, 2, 3}, set(), set(), set())).rate == 0.25


def test_who_adopted_and_then_left_is_in_neither_part_of_the_rate():
    roster = members(2)
    roster.left[0] = FIRST + 27
    point = at(27, used_on(28, {0, 1, 2, 3}, set()), roster)
    assert (point.eligible, point.mature, point.active, point.adopted, point.rate) == (1, 1, 0, 0, 0.0)


def test_a_month_end_closer_can_be_judged_by_another_definition():
    assert at(27, used_on(28, {26, 27}), definition=Definition(2, min_days=2)).rate == 1.0


def test_a_person_in_two_roles_counts_once_in_every_figure():
    roster = merged([members(1), members(1, access=FIRST + 5)])
    point = at(27, used_on(28, *[{0, 1, 2, 3}] * len(roster.person)), roster)
    assert (point.eligible, point.access, point.mature, point.active, point.adopted) == (1, 1, 1, 1, 1)


def test_running_totals_that_outgrow_their_integers_still_count_right():
    """A byte per person and day counts to 255; a person who uses the tool daily for a year passes that."""
    daily = used_on(600, set(range(600)), set())
    for day in (254, 255, 256, 257, 511, 512, 513, 599):
        assert at(day, daily, definition=Definition(1, 28, 28)).adopted == 1
    assert at(599, daily, definition=Definition(1, 300, 300)).adopted == 1
    assert at(599, daily, definition=Definition(1, 300, 301)).adopted == 0


def test_without_silence_and_strangers_the_bounds_are_the_rate():
    point = at(27, used_on(28, {0, 1, 2, 3}, set()))
    assert point.low == point.rate == point.high == 0.5


def test_silent_days_count_for_only_in_the_high_bound():
    point = at(27, used_on(28, {0, 1, 2}, {0, 1}, {0, 1, 2, 3}), silent={10})
    assert (point.low, point.rate, point.high, point.status) == (1 / 3, 1 / 3, 2 / 3, "known")


def test_a_silent_day_that_shows_use_all_the_same_is_one_day():
    assert at(27, used_on(28, {0, 1, 2}), silent={2}).high == 0.0


def test_where_nothing_was_expected_nobody_is_silent():
    point = at(27, used_on(28, {0, 1, 2}), expected=False)
    assert (point.high, point.coverage, point.status) == (0.0, None, "known")


def test_days_of_which_nobody_was_to_tell_yet_are_unknown_and_no_days_without_use():
    """What was agreed with a source excuses it, and tells nothing of the days before."""
    point = at(27, used_on(28, {0, 1, 2}), silent={10}, expected=False)
    assert (point.rate, point.active, point.coverage, point.status) == (None, None, None, "unknown")


def test_an_unlinked_account_counts_for_in_the_high_bound_and_against_in_the_low():
    strangers = used_on(28, {0, 1, 2, 3}, {0, 1, 2})
    point = at(27, used_on(28, set(), set(), set(), set()), unlinked=strangers)
    assert (point.low, point.rate, point.high) == (0.0, 0.0, 0.25)
    assert point.active == 0


def test_silent_days_count_for_unlinked_accounts_too():
    nobody, stranger = used_on(28, set(), set()), used_on(28, {0, 1, 2})
    assert at(27, nobody, unlinked=stranger).high == 0.0
    assert at(27, nobody, unlinked=stranger, silent={10}).high == 0.5


def test_unlinked_accounts_never_lift_the_high_bound_above_everybody():
    strangers = used_on(28, *[{0, 1, 2, 3}] * 5)
    assert at(27, used_on(28, {0, 1, 2, 3}, set()), unlinked=strangers).high == 1.0


def test_silence_at_the_end_makes_the_rate_unknown_and_keeps_the_bounds():
    point = at(27, used_on(28, {0, 1, 2, 3}, {0, 1, 2}), silent={27})
    assert (point.status, point.rate, point.low, point.high) == ("unknown", None, 0.5, 1.0)


def test_a_source_that_stopped_is_unknown_and_not_zero():
    point = at(59, used_on(60, set(range(30))), silent=set(range(30, 60)))
    assert (point.status, point.rate, point.low, point.high, point.coverage) == ("unknown", None, 0, 1, 0)


def test_coverage_below_four_fifths_is_unknown():
    assert at(27, used_on(28, set()), silent=set(range(5))).status == "known"
    assert at(27, used_on(28, set()), silent=set(range(6))).status == "unknown"


def test_figures_are_plain_python_and_can_be_written_as_json():
    point = at(27, used_on(28, {0, 1, 2, 3}), silent={3})
    assert {type(getattr(point, f.name)) for f in fields(point)} == {int, float, str}


def test_half_a_year_of_100_000_people_fits_into_the_memory_the_docstring_names():
    h, m = 207, 100_000
    roster, used, quiet = members(m), np.ones((h, m), bool), np.zeros(h, bool)
    days = np.arange(FIRST + 27, FIRST + h, dtype=np.int32)
    quiet[5] = True

    def told(reports: Reports) -> list[Point]:
        return series(roster, totalled(Usage(FIRST, used), np.zeros((h, 3), bool), reports, 28), reports, days, MONTH)

    tracemalloc.start()
    points = told(Reports(FIRST, quiet, ~quiet))
    _, clean = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    told(Reports(FIRST, quiet, quiet | True))
    _, silent = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(points) == 180
    assert clean < 25e6
    assert silent < 67e6


def test_the_uniques_of_a_week_are_not_the_sum_of_its_days():
    used = totals(Usage(FIRST, used_on(7, {0, 1, 2}, {2}, set())), 7)
    days = np.arange(FIRST, FIRST + 7, dtype=np.int32)
    found = active_in(members(3), used, days, [1, 7, 2])
    assert found[:, 0].tolist() == [[3] * 7] * 3
    assert found[:, 2].tolist() == [[1, 1, 2, 0, 0, 0, 0], [1, 1, 2, 2, 2, 2, 2], [1, 1, 2, 2, 0, 0, 0]]


def test_a_group_that_is_too_small_shows_no_figure_at_all():
    hidden = suppressed(at(27, used_on(28, {0, 1, 2, 3}, set())), 3)
    assert hidden.status == "suppressed"
    assert {getattr(hidden, f.name) for f in fields(hidden) if f.name not in {"day", "status"}} == {None}


def test_too_few_mature_people_hide_what_use_says_and_keep_the_head_counts():
    roster = members(3)
    roster.access[:2] = FIRST + 20, NO_ACCESS
    hidden = suppressed(at(27, used_on(28, set(), set(), {0, 1, 2, 3}), roster), 3)
    assert (hidden.eligible, hidden.access, hidden.mature, hidden.coverage) == (3, 2, 1, 1.0)
    assert (hidden.active, hidden.adopted, hidden.rate, hidden.low, hidden.high) == (None,) * 5
    assert hidden.status == "suppressed"


def test_a_group_in_which_nobody_is_mature_yet_is_early_and_not_too_small():
    roster = members(3)
    roster.access[:] = FIRST + 20
    early = at(27, used_on(28, {20}, {21}, set()), roster)
    assert suppressed(early, 3) == early
    assert (early.mature, early.rate, early.active, early.status) == (0, None, 2, "known")


def test_a_group_of_exactly_the_minimum_is_shown_and_hiding_twice_changes_nothing():
    point = at(27, used_on(28, {0, 1, 2, 3}, set()))
    assert suppressed(point, 2) == point
    assert suppressed(suppressed(point, 3), 3) == suppressed(point, 3)


def oracle(rows, first, used, strangers, silent, expected, day, definition) -> Point:
    """The rules in plain sets: rows of (joined, left, access); used and strangers: a set of days per column."""
    window = set(range(day - definition.window_days + 1, day + 1))
    due, untold = window & expected, window & silent
    lost = due & silent
    here = {j for j, (joined, left, _) in enumerate(rows) if joined <= day < left}
    able = {j for j in here if rows[j][2] <= day}
    ripe = {j for j in here if day - rows[j][2] + 1 >= definition.window_days}
    active = {j for j in here if used[j] & window}
    adopted = {j for j in ripe if len(used[j] & window) >= definition.min_days}
    may = [j for j in ripe if len((used[j] & window) | lost) >= definition.min_days]
    may += [s for s in strangers if len((s & window) | lost) >= definition.min_days]
    share = (len(due) - len(lost)) / len(due) if due else None
    known = (max(due) not in lost and len(lost) * 5 <= len(due)) if due else not untold
    low = len(adopted) / len(ripe) if ripe else None
    return Point(
        day=day,
        eligible=len(here),
        access=len(able),
        mature=len(ripe),
        active=len(active) if known else None,
        adopted=len(adopted),
        rate=low if known else None,
        low=low,
        high=min(len(may), len(ripe)) / len(ripe) if ripe else None,
        coverage=share,
        status="known" if known else "unknown",
    )


@st.composite
def worlds(draw):
    h = draw(st.integers(1, 16))
    span = st.integers(FIRST - 6, FIRST + h + 2)
    days = st.sets(st.integers(FIRST, FIRST + h - 1))
    left = st.one_of(span, st.just(int(NEVER_LEFT)))
    rows = draw(st.lists(st.tuples(span, left, st.one_of(span, st.just(int(NO_ACCESS)))), max_size=6))
    used = [draw(days) for _ in rows]
    silent = draw(st.one_of(st.sets(st.integers(FIRST, FIRST + h - 1), max_size=2), days))
    judged = draw(st.lists(st.integers(FIRST - 3, FIRST + h - 1), max_size=5))
    definition = Definition(1, draw(st.integers(1, 10)), draw(st.integers(1, 4)))
    return h, rows, used, draw(st.lists(days, max_size=3)), silent, draw(days), judged, definition


@given(worlds())
def test_the_series_equals_a_slow_and_obvious_count(world):
    h, rows, used, strangers, silent, expected, judged, definition = world

    def grid(columns):
        return used_on(h, *[{day - FIRST for day in column} for column in columns])

    columns = [np.array([row[i] for row in rows], np.int32) for i in range(3)]
    reports = Reports(FIRST, grid([silent])[:, 0], grid([expected])[:, 0])
    found = series(
        Roster(np.arange(len(rows), dtype=np.int64), *columns),
        totalled(Usage(FIRST, grid(used)), grid(strangers), reports, definition.window_days),
        reports,
        np.array(judged, np.int32),
        definition,
    )
    assert found == [oracle(rows, FIRST, used, strangers, silent, expected, day, definition) for day in judged]
