import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adkar.population import NEVER_LEFT, NO_ACCESS, Roster, impacted, mature, merged, with_access


def roster(*rows: tuple[int, int, int, int]) -> Roster:
    person, joined, left, access = zip(*rows, strict=True) if rows else ((), (), (), ())
    i4 = [np.array(column, np.int32) for column in (joined, left, access)]
    return Roster(np.array(person, np.int64), *i4)


def on(*days: int) -> np.ndarray:
    return np.array(days, np.int32)


def test_a_membership_covers_its_first_day_and_not_the_day_it_ends():
    members = roster((1, 10, 20, 10))
    assert impacted(members, on(9, 10, 19, 20))[:, 0].tolist() == [False, True, True, False]


def test_the_denominator_is_the_membership_of_the_day_not_of_the_period():
    members = roster((1, 1, 10, 1), (2, 10, NEVER_LEFT, 10), (3, 1, NEVER_LEFT, 1))
    assert impacted(members, on(9, 10)).sum(axis=1).tolist() == [2, 2]


def test_who_left_has_no_access_however_early_it_was_given():
    members = roster((1, 1, 10, 1))
    assert with_access(members, on(9, 10))[:, 0].tolist() == [True, False]


def test_who_never_got_access_is_impacted_and_neither_has_access_nor_matures():
    members = roster((1, 1, NEVER_LEFT, NO_ACCESS))
    assert impacted(members, on(700_000)).all()
    assert not with_access(members, on(700_000)).any()
    assert not mature(members, on(700_000), 28).any()


def test_a_member_is_mature_on_the_28th_day_of_access_and_not_on_the_27th():
    members = roster((1, 1, NEVER_LEFT, 101))
    assert mature(members, on(127, 128), 28)[:, 0].tolist() == [False, True]


def test_the_groups_nest():
    members = roster((1, 1, 50, 1), (2, 5, NEVER_LEFT, 30), (3, 1, NEVER_LEFT, NO_ACCESS), (4, 60, 70, 1))
    days = np.arange(0, 80, dtype=np.int32)
    ripe, able, here = mature(members, days, 28), with_access(members, days), impacted(members, days)
    assert (ripe <= able).all()
    assert (able <= here).all()
    assert ripe.sum() < able.sum() < here.sum()


def test_a_person_in_two_roles_counts_once():
    both = merged([roster((1, 10, NEVER_LEFT, 10)), roster((1, 20, NEVER_LEFT, 25))])
    assert impacted(both, on(9, 15, 30)).sum(axis=1).tolist() == [0, 1, 1]


def test_the_gap_between_two_roles_stays_a_gap():
    both = merged([roster((1, 10, 20, 10)), roster((1, 30, NEVER_LEFT, 30))])
    assert impacted(both, on(19, 20, 29, 30)).sum(axis=1).tolist() == [1, 0, 0, 1]


def test_access_ends_with_the_only_role_that_gave_it():
    """Earliest joined, latest left and earliest access in one row would claim access for ever."""
    both = merged([roster((1, 10, 20, 10)), roster((1, 15, NEVER_LEFT, NO_ACCESS))])
    assert with_access(both, on(19, 20)).sum(axis=1).tolist() == [1, 0]
    assert impacted(both, on(19, 20)).sum(axis=1).tolist() == [1, 1]


def test_a_membership_that_ends_before_it_begins_covers_nothing():
    assert len(merged([roster((1, 20, 10, 1))]).person) == 0


DAYS = st.integers(0, 12)
ROWS = st.lists(st.tuples(st.integers(1, 3), DAYS, DAYS | st.just(int(NEVER_LEFT)), DAYS), max_size=4)


@given(st.lists(ROWS, min_size=1, max_size=3), st.integers(1, 4))
def test_merged_says_of_each_person_what_any_single_membership_says(roles, window):
    days = np.arange(0, 16, dtype=np.int32)
    rosters = [roster(*rows) for rows in roles]
    whole = merged(rosters)
    assert (np.diff(whole.person) >= 0).all()
    for group in (impacted, with_access, lambda r, d: mature(r, d, window)):
        found, singles = group(whole, days), [(r, group(r, days)) for r in rosters]
        for i in range(len(days)):
            people = whole.person[found[i]].tolist()
            assert len(people) == len(set(people))
            assert set(people) == {p for r, hits in singles for p in r.person[hits[i]].tolist()}
