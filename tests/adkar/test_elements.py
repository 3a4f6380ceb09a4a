from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.elements import ELEMENTS, Barrier, Scores, barrier, check_scores, passed, reached

NAMES = st.sampled_from(ELEMENTS)
SCORES = st.dictionaries(NAMES, st.floats(1, 5))


def scores(*values: float | None) -> Scores:
    return {e: value for e, value in zip(ELEMENTS, values, strict=False) if value is not None}


def test_the_elements_are_in_the_order_of_adkar() -> None:
    assert "".join(element[0] for element in ELEMENTS) == "adkar"


def test_the_barrier_is_the_first_low_score_and_not_the_lowest() -> None:
    assert barrier(scores(4, 3, 1, 2, 5)) == "desire"


@pytest.mark.parametrize("position", range(5))
def test_every_element_can_be_the_barrier(position: int) -> None:
    values = [4.0] * 5
    values[position] = 3
    assert barrier(scores(*values)) == ELEMENTS[position]


def test_all_above_three_is_no_barrier() -> None:
    assert barrier(scores(4, 5, 4, 5, 4)) is None


@pytest.mark.parametrize(
    ("score", "expected"), [(3.0, "awareness"), (3.1, None), (3.0000001, None), (2.9, "awareness")]
)
def test_scores_are_not_rounded_before_they_are_compared(score: float, expected: Barrier) -> None:
    assert barrier(scores(score, 4, 4, 4, 4)) == expected


def test_a_low_score_behind_a_missing_element_is_not_yet_the_barrier() -> None:
    assert barrier(scores(4, None, 1, 1, 1)) == "indeterminate"


def test_a_low_score_before_a_missing_element_is_the_barrier() -> None:
    assert barrier(scores(4, 2, None, 5, 5)) == "desire"


def test_four_good_scores_do_not_show_that_there_is_no_barrier() -> None:
    assert barrier(scores(4, 4, 4, 4)) == "indeterminate"


def test_nothing_answered_is_indeterminate_and_not_a_barrier_at_awareness() -> None:
    assert barrier({}) == "indeterminate"
    assert reached({}) == "indeterminate"


@given(SCORES, SCORES)
def test_the_barrier_never_depends_on_the_elements_after_it(given_scores: Scores, others: Scores) -> None:
    found = barrier(given_scores)
    if found is None or found == "indeterminate":
        return
    until = ELEMENTS.index(found) + 1
    kept = {e: s for e, s in given_scores.items() if e in ELEMENTS[:until]}
    replaced = {e: s for e, s in others.items() if e in ELEMENTS[until:]}
    assert barrier(kept | replaced) == found


def test_the_barrier_of_every_possible_person_is_the_first_low_score() -> None:
    for values in product(range(1, 6), repeat=5):
        low = [e for e, value in zip(ELEMENTS, values, strict=True) if value <= 3]
        assert barrier(scores(*values)) == (low[0] if low else None)


@pytest.mark.parametrize(
    ("values", "stage"),
    [
        ((3, 5, 5, 5, 5), "none"),
        ((4, 3, 5, 5, 5), "awareness"),
        ((4, 4, 1, 5, 5), "desire"),
        ((4, 4, 4, 2, 5), "knowledge"),
        ((4, 4, 4, 4, 3), "ability"),
        ((4, 4, 4, 4, 4), "reinforcement"),
        ((4, 4, None, 4, 4), "indeterminate"),
    ],
)
def test_the_stage_reached_is_the_last_element_before_the_barrier(values: tuple[float | None, ...], stage: str) -> None:
    assert reached(scores(*values)) == stage


def test_what_was_passed_ends_at_the_first_missing_or_low_element() -> None:
    assert passed(scores(4, 4, None, 5, 5)) == ("awareness", "desire")
    assert passed(scores(4, 3, 5, 5, 5)) == ("awareness",)


@pytest.mark.parametrize("score", [1, 5, 4.0])
def test_a_person_gives_whole_numbers_from_one_to_five(score: float) -> None:
    assert check_scores({"desire": score}, person=True) == {"desire": score}


@pytest.mark.parametrize("score", [0, 6, 3.9, -1, 0.99, 5.01, float("nan"), float("inf"), True])
def test_anything_else_from_a_person_is_refused_by_the_name_of_its_element(score: float) -> None:
    with pytest.raises(ValueError, match=r"^desire:"):
        check_scores({"awareness": 4, "desire": score}, person=True)


def test_a_number_too_long_to_print_is_refused_by_the_name_of_its_element_too() -> None:
    with pytest.raises(ValueError, match=r"^desire:"):
        check_scores({"desire": 10**5000}, person=True)


def test_a_group_may_average_to_a_decimal() -> None:
    assert check_scores({"ability": 3.9}, person=False) == {"ability": 3.9}


@pytest.mark.parametrize("score", [0.99, 5.01, float("nan")])
def test_a_group_stays_on_the_scale(score: float) -> None:
    with pytest.raises(ValueError, match=r"^ability:"):
        check_scores({"ability": score}, person=False)


def test_an_unknown_element_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"^resistance:"):
        check_scores({"awareness": 4, "resistance": 2}, person=True)


def test_an_assessment_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="none given"):
        check_scores({}, person=True)


@given(st.dictionaries(NAMES, st.integers(1, 5), min_size=1))
def test_some_elements_are_enough(some: dict[str, float]) -> None:
    assert check_scores(some, person=True) == some
