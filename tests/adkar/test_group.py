from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.elements import ELEMENTS, Scores, Source
from adkar.group import BARRIERS, STAGES, GroupProfile, accept_group_assessment, summarise
from adkar.profile import Profile

AT = datetime(2026, 6, 1, tzinfo=UTC)


def people(answers: Iterable[Sequence[float | None]], source: Source = "self") -> list[Profile]:
    """One profile per answer; an answer lists scores in the order of the elements, None where missing."""
    found = []
    for number, answer in enumerate(answers):
        scores: Scores = {e: s for e, s in zip(ELEMENTS, answer, strict=False) if s is not None}
        found.append(Profile(UUID(int=number), source, scores, dict.fromkeys(scores, AT)))
    return found


WELL = (4, 4, 4, 4, 4)


def test_the_distribution_shows_the_quarter_that_the_mean_hides() -> None:
    """Awareness 5, 5, 5, 2 has mean 4.25: no barrier by the means, and yet every fourth person is blocked."""
    group = summarise(people([(5, 5, 5, 5, 5)] * 15 + [(2, 5, 5, 5, 5)] * 5), eligible=20)
    assert group.means is not None
    assert group.means["awareness"].value == 4.25
    assert group.barrier == "none"
    assert group.barriers is not None
    assert group.barriers["awareness"] == 5
    assert group.barriers["none"] == 15


def test_barriers_count_people_at_their_first_low_score_and_the_unknown_apart() -> None:
    answers = [(4, 3, 1, 1, 1)] * 3 + [(4, 4, 4, 2, 1)] * 4 + [WELL] * 2 + [(4, None, 1, 1, 1)] * 6
    group = summarise(people(answers), eligible=15)
    assert group.barriers == {
        "awareness": 0,
        "desire": 3,
        "knowledge": 0,
        "ability": 4,
        "reinforcement": 0,
        "none": 2,
        "indeterminate": 6,
    }


def test_those_who_do_not_answer_are_a_number_of_their_own_and_in_no_other() -> None:
    group = summarise(people([WELL] * 12), eligible=48)
    assert group.n == 12
    assert group.response_rate == 0.25
    assert group.non_response == 36
    assert group.barriers is not None
    assert sum(group.barriers.values()) == 12


def test_a_profile_without_a_valid_score_is_no_answer() -> None:
    group = summarise(people([WELL] * 10 + [()] * 2), eligible=20)
    assert group.n == 10
    assert group.non_response == 10


def test_below_the_minimum_no_figure_is_shown_and_not_the_number_either() -> None:
    assert summarise(people([WELL] * 9), eligible=9) == GroupProfile(
        suppressed=True,
        n=None,
        response_rate=None,
        non_response=None,
        barriers=None,
        means=None,
        barrier=None,
        borderline=None,
        stages=None,
        reached=None,
    )
    assert not summarise(people([WELL] * 10), eligible=10).suppressed


def test_the_minimum_counts_answers_and_not_the_eligible() -> None:
    assert summarise(people([WELL] * 9 + [()] * 5), eligible=500).suppressed


def test_nobody_eligible_has_no_rate_rather_than_nought() -> None:
    group = summarise([], eligible=0)
    assert group.suppressed
    assert group.response_rate is None


def test_the_minimum_can_be_set_down_to_its_floor_of_five_and_no_further() -> None:
    assert not summarise(people([WELL] * 5), eligible=5, minimum=5).suppressed
    with pytest.raises(ValueError, match="minimum: 4"):
        summarise(people([WELL] * 20), eligible=20, minimum=4)


def test_a_person_counts_once() -> None:
    with pytest.raises(ValueError, match="once"):
        summarise(people([WELL] * 6) + people([WELL] * 6), eligible=12)


def test_sources_are_not_averaged_together() -> None:
    own = people([WELL] * 12)
    champions = people([WELL] * 13, source="champion")[12:]
    with pytest.raises(ValueError, match="never merged"):
        summarise(own + champions, eligible=13)


def test_more_answers_than_eligible_people_are_refused() -> None:
    with pytest.raises(ValueError, match="eligible: 11"):
        summarise(people([WELL] * 12), eligible=11)


def test_means_are_of_those_who_scored_the_element_and_say_how_many() -> None:
    group = summarise(people([(4, 2, 4, 4, 4)] * 10 + [(5, None, 5, 5, 5)] * 10), eligible=20)
    assert group.means is not None
    assert (group.means["awareness"].value, group.means["awareness"].n) == (4.5, 20)
    assert (group.means["desire"].value, group.means["desire"].n) == (2, 10)


def test_an_element_that_few_have_scored_shows_no_mean_in_a_large_group() -> None:
    group = summarise(people([WELL] * 9 + [(4, 4, 4, 4)] * 30), eligible=40)
    assert group.means is not None
    assert set(group.means) == set(ELEMENTS[:4])
    assert group.barrier == "indeterminate"


def test_the_barrier_of_the_means_is_not_rounded() -> None:
    just_above = summarise(people([(3, 4, 4, 4, 4)] * 9 + [(4, 4, 4, 4, 4)]), eligible=10)
    at_three = summarise(people([(2, 4, 4, 4, 4)] * 5 + [(4, 4, 4, 4, 4)] * 5), eligible=10)
    assert just_above.means is not None
    assert just_above.means["awareness"].value == 3.1
    assert just_above.barrier == "none"
    assert at_three.barrier == "awareness"


def test_the_barrier_of_the_means_is_the_first_and_not_the_lowest() -> None:
    assert summarise(people([(4, 3, 1, 2, 5)] * 10), eligible=10).barrier == "desire"


def test_a_mean_whose_interval_spans_three_is_borderline() -> None:
    assert summarise(people([(3, 4, 4, 4, 4)] * 9 + [WELL]), eligible=10).borderline is True
    assert summarise(people([(2, 4, 4, 4, 4)] * 5 + [WELL] * 5), eligible=10).borderline is True


def test_a_mean_far_from_three_is_not_borderline() -> None:
    assert summarise(people([WELL] * 9 + [(5, 5, 5, 5, 5)]), eligible=10).borderline is False
    assert summarise(people([(1, 4, 4, 4, 4)] * 5 + [(2, 4, 4, 4, 4)] * 5), eligible=10).borderline is False


def test_everybody_at_three_is_a_barrier_beyond_doubt() -> None:
    group = summarise(people([(3, 4, 4, 4, 4)] * 10), eligible=10)
    assert (group.barrier, group.borderline) == ("awareness", False)


def test_only_the_means_that_decide_the_barrier_make_it_borderline() -> None:
    unsure_after = [(4, 1, 2, 4, 4)] * 5 + [(4, 1, 4, 4, 4)] * 5
    unsure_before = [(3, 1, 4, 4, 4)] * 8 + [(4, 1, 4, 4, 4)] * 2
    assert summarise(people(unsure_after), eligible=10).borderline is False
    assert summarise(people(unsure_before), eligible=10).borderline is True


def test_intervals_of_means_stay_on_the_scale() -> None:
    group = summarise(people([(5, 1, 5, 5, 5)] * 9 + [(3, 3, 5, 5, 5)]), eligible=10)
    assert group.means is not None
    assert group.means["awareness"].high == 5
    assert group.means["desire"].low == 1
    assert group.means["desire"].high == pytest.approx(1.6524, abs=1e-3)


def test_stages_count_people_by_the_last_element_before_their_barrier() -> None:
    answers = [(2, 5, 5, 5, 5)] * 3 + [(4, 4, 3, 5, 5)] * 4 + [WELL] * 2 + [(4, None, 5, 5, 5)]
    group = summarise(people(answers), eligible=10)
    assert group.stages == {
        "none": 3,
        "awareness": 0,
        "desire": 4,
        "knowledge": 0,
        "ability": 0,
        "reinforcement": 2,
        "indeterminate": 1,
    }


def test_the_share_that_reached_a_stage_holds_those_who_went_further() -> None:
    answers = [(2, 5, 5, 5, 5)] * 5 + [(4, 4, 3, 5, 5)] * 10 + [WELL] * 5
    reached = summarise(people(answers), eligible=20).reached
    assert reached is not None
    assert [reached[e].value for e in ELEMENTS] == [0.75, 0.75, 0.25, 0.25, 0.25]
    assert reached["knowledge"].n == 20
    assert (reached["knowledge"].low, reached["knowledge"].high) == pytest.approx((0.1119, 0.4687), abs=1e-4)


def test_an_unanswered_later_element_does_not_take_away_a_stage_already_reached() -> None:
    """Before go-live nobody is asked about reinforcement; the role must not look as if it had reached nothing."""
    group = summarise(people([(4, 4, 4, 4)] * 10), eligible=10)
    assert group.stages is not None
    assert group.stages["indeterminate"] == 10
    assert group.reached is not None
    assert group.reached["ability"].value == 1
    assert group.reached["reinforcement"].value == 0


ANSWERS = st.lists(st.lists(st.none() | st.integers(1, 5), max_size=5), min_size=0, max_size=40)


@given(ANSWERS, st.integers(0, 60))
def test_everybody_eligible_is_counted_exactly_once(answers: list[list[int | None]], silent: int) -> None:
    eligible = len(answers) + silent
    group = summarise(people(answers), eligible)
    if group.suppressed:
        return
    assert group.barriers is not None
    assert group.stages is not None
    assert group.non_response is not None
    assert set(group.barriers) == set(BARRIERS)
    assert set(group.stages) == set(STAGES)
    assert sum(group.barriers.values()) + group.non_response == eligible
    assert sum(group.stages.values()) == group.n


@given(ANSWERS)
def test_the_shares_that_reached_the_stages_never_rise(answers: list[list[int | None]]) -> None:
    reached = summarise(people(answers), eligible=len(answers)).reached
    if reached is not None:
        shares = [reached[e].value for e in ELEMENTS]
        assert shares == sorted(shares, reverse=True)


def test_the_average_of_a_large_enough_group_is_accepted() -> None:
    accept_group_assessment(10)
    accept_group_assessment(5, minimum=5)


@pytest.mark.parametrize("n", [9, 0, -3, None])
def test_the_average_of_too_few_or_unknown_people_is_refused_by_its_n(n: int | None) -> None:
    with pytest.raises(ValueError, match=f"^n: .* at least 10 people, not {n}$"):
        accept_group_assessment(n)


def test_no_group_is_accepted_under_the_floor() -> None:
    with pytest.raises(ValueError, match="minimum: 4"):
        accept_group_assessment(100, minimum=4)
