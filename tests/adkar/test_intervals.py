from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.intervals import mean_interval, student_t, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_limits(successes: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), table I, method 3."""
    interval = wilson(successes, n)
    assert interval is not None
    assert interval == pytest.approx((low, high), abs=5e-5)


def test_nothing_observed_has_no_interval() -> None:
    assert wilson(0, 0) is None


def test_another_confidence_gives_another_width() -> None:
    wide, narrow = wilson(40, 100), wilson(40, 100, z=1.281552)
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0] < 0.4 < narrow[1] < wide[1]


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, -1)])
def test_counts_that_cannot_be_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(successes, n)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_stays_between_nought_and_one_and_holds_the_share(counts: tuple[int, int]) -> None:
    successes, n = counts
    interval = wilson(successes, n)
    assert interval is not None
    low, high = interval
    assert 0 <= low <= successes / n <= high <= 1


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_of_the_others_is_its_mirror(counts: tuple[int, int]) -> None:
    successes, n = counts
    some, others = wilson(successes, n), wilson(n - successes, n)
    assert some is not None
    assert others is not None
    assert some == pytest.approx((1 - others[1], 1 - others[0]))


@pytest.mark.parametrize(("freedom", "t"), [(4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045), (120, 1.980)])
def test_the_quantile_of_t_is_the_tabled_one(freedom: int, t: float) -> None:
    assert student_t(freedom) == pytest.approx(t, abs=1e-3)


def test_the_interval_of_a_mean_is_students() -> None:
    """Ten values, mean 3, s = sqrt(20 / 9), t(9) = 2.262: the reach is 2.262 * 1.4907 / sqrt(10) = 1.0664."""
    assert mean_interval([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]) == pytest.approx((1.9336, 4.0664), abs=1e-3)


def test_equal_values_have_an_interval_without_width() -> None:
    assert mean_interval([3, 3, 3, 3, 3]) == (3, 3)


def test_four_values_are_too_few_for_an_interval() -> None:
    with pytest.raises(ValueError, match="at least 5"):
        mean_interval([1, 2, 3, 4])


@given(st.lists(st.integers(1, 5), min_size=5, max_size=50))
def test_the_interval_of_a_mean_holds_the_mean(values: list[int]) -> None:
    low, high = mean_interval(values)
    assert low <= fmean(values) <= high
