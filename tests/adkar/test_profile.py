from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.elements import ELEMENTS, Scores, Source, barrier
from adkar.profile import Assessment, profiles
from adkar.profile import gap as gap_of

ALICE, BOB = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SOURCES: tuple[Source, ...] = ("self", "champion", "manager")


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def assessed(
    given: Scores, days: float = 1, source: Source = "self", person: UUID | None = ALICE, n: int | None = None
) -> Assessment:
    return Assessment(person, source, given, "pulse", n, days_ago(days))


def test_the_latest_score_of_each_element_counts_with_the_instant_it_was_given() -> None:
    first = assessed({"awareness": 2, "desire": 3}, days=20)
    second = assessed({"awareness": 4}, days=5)
    own = profiles([first, second], NOW)["self"]
    assert own.scores == {"awareness": 4, "desire": 3}
    assert own.given_at == {"awareness": days_ago(5), "desire": days_ago(20)}
    assert own.person == ALICE


def test_a_late_arriving_old_assessment_does_not_replace_a_newer_one() -> None:
    newer, older = assessed({"awareness": 4}, days=5), assessed({"awareness": 2}, days=20)
    assert profiles([newer, older], NOW)["self"].scores == {"awareness": 4}


def test_of_two_at_the_same_instant_the_later_in_the_log_is_the_correction() -> None:
    wrong, right = assessed({"awareness": 2}), assessed({"awareness": 4})
    assert profiles([wrong, right], NOW)["self"].scores == {"awareness": 4}


def test_sources_are_never_merged_into_one_profile() -> None:
    own = assessed({"awareness": 5, "desire": 5}, days=20)
    champions = assessed({"desire": 2, "knowledge": 1}, days=1, source="champion")
    found = profiles([own, champions], NOW)
    assert found["self"].scores == {"awareness": 5, "desire": 5}
    assert found["champion"].scores == {"desire": 2, "knowledge": 1}
    assert set(found) == {"self", "champion"}


def test_a_score_expires_after_its_validity_and_no_older_or_newer_one_fills_in() -> None:
    old = assessed({"awareness": 4, "desire": 4, "knowledge": 4, "ability": 4, "reinforcement": 4}, days=90)
    fresh = assessed({"awareness": 5}, days=1)
    own = profiles([old, fresh], NOW)["self"]
    assert own.scores == {"awareness": 5}
    assert barrier(own.scores) == "indeterminate"


def test_a_score_holds_until_just_before_its_validity_ends() -> None:
    at_89 = assessed({"awareness": 4}, days=90 - 1e-6)
    assert profiles([at_89], NOW)["self"].scores == {"awareness": 4}
    assert profiles([assessed({"awareness": 4}, days=90)], NOW) == {}


def test_the_validity_can_be_set() -> None:
    week_old = assessed({"awareness": 4}, days=7)
    assert profiles([week_old], NOW, timedelta(days=7)) == {}
    assert set(profiles([week_old], NOW, timedelta(days=8))) == {"self"}


def test_what_was_given_after_the_instant_asked_for_was_not_known_then() -> None:
    given_then, given_later = assessed({"awareness": 2}, days=10), assessed({"awareness": 5}, days=1)
    assert profiles([given_then, given_later], days_ago(5))["self"].scores == {"awareness": 2}
    assert profiles([given_later], days_ago(1))["self"].scores == {"awareness": 5}


def test_no_score_is_interpolated_between_two() -> None:
    low, high = assessed({"ability": 1}, days=20), assessed({"ability": 5}, days=10)
    assert profiles([low, high], days_ago(15))["self"].scores == {"ability": 1}


def test_nobody_assessed_is_nobody_profiled() -> None:
    assert profiles([], NOW) == {}


def test_the_assessments_of_two_people_are_not_one_person() -> None:
    with pytest.raises(ValueError, match="one person"):
        profiles([assessed({"awareness": 4}), assessed({"desire": 4}, person=BOB)], NOW)


def test_the_average_of_a_group_is_not_a_persons_profile() -> None:
    with pytest.raises(ValueError, match="one person"):
        profiles([assessed({"awareness": 3.7}, source="champion", person=None, n=14)], NOW)


ASSESSMENTS = st.lists(
    st.builds(
        assessed,
        given=st.dictionaries(st.sampled_from(ELEMENTS), st.integers(1, 5), min_size=1),
        days=st.integers(-10, 120),
        source=st.sampled_from(SOURCES),
    ),
    unique_by=lambda a: a.occurred_at,
    max_size=12,
)


@given(ASSESSMENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_assessments_arrive_does_not_matter(
    given_assessments: list[Assessment], random: Random
) -> None:
    shuffled = list(given_assessments)
    random.shuffle(shuffled)
    assert profiles(shuffled, NOW) == profiles(given_assessments, NOW)


@given(ASSESSMENTS)
def test_another_sources_assessments_never_change_what_a_person_said(given_assessments: list[Assessment]) -> None:
    own = [a for a in given_assessments if a.source == "self"]
    assert profiles(given_assessments, NOW).get("self") == profiles(own, NOW).get("self")


def test_the_gap_is_self_minus_the_other_where_both_have_scored() -> None:
    found = profiles(
        [
            assessed({"awareness": 5, "desire": 4, "ability": 4}),
            assessed({"awareness": 3, "desire": 5, "knowledge": 1}, source="champion"),
            assessed({"ability": 4}, source="manager"),
        ],
        NOW,
    )
    assert gap_of(found) == {"champion": {"awareness": 2, "desire": -1}, "manager": {"ability": 0}}


def test_there_is_no_gap_without_both_sides() -> None:
    own, champions = assessed({"awareness": 5}), assessed({"awareness": 3}, source="champion")
    assert gap_of(profiles([champions], NOW)) == {}
    assert gap_of(profiles([own], NOW)) == {}
    assert gap_of(profiles([own, assessed({"desire": 3}, source="manager")], NOW)) == {}
