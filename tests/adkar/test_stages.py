from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from adkar.elements import ELEMENTS, Element
from adkar.group import GroupProfile, summarise
from adkar.profile import Profile
from adkar.stages import StageRecord, StageStatus, contradictions, furthest, standing

START = datetime(2026, 3, 1, tzinfo=UTC)
STATUSES: tuple[StageStatus, ...] = ("reached", "regressed")


def record(stage: Element, status: StageStatus = "reached", day: int = 0) -> StageRecord:
    return StageRecord(stage, status, START + timedelta(days=day))


def group_blocked_at(unknown: int = 0, none: int = 0, **blocked: int) -> GroupProfile:
    """So many people blocked at each element, at none, and so many who skipped the first question."""
    low = [element for element, count in blocked.items() for _ in range(count)]
    answers = [{e: 2 if e == barrier else 5 for e in ELEMENTS} for barrier in (*low, *["none"] * none)]
    answers += [{"desire": 1} for _ in range(unknown)]
    people = [
        Profile(UUID(int=number), "self", scores, dict.fromkeys(scores, START)) for number, scores in enumerate(answers)
    ]
    return summarise(people, eligible=len(people))


def test_the_latest_status_of_a_stage_stands() -> None:
    records = [record("awareness", day=1), record("desire", day=2), record("desire", "regressed", day=9)]
    assert standing(records) == {"awareness": "reached", "desire": "regressed"}


def test_an_older_record_that_arrives_late_does_not_stand() -> None:
    records = [record("desire", "regressed", day=9), record("desire", day=2)]
    assert standing(records) == {"desire": "regressed"}


def test_of_two_at_the_same_instant_the_later_in_the_log_stands() -> None:
    assert standing([record("desire"), record("desire", "regressed")]) == {"desire": "regressed"}


@given(
    st.lists(
        st.builds(record, st.sampled_from(ELEMENTS), st.sampled_from(STATUSES), st.integers(0, 400)),
        unique_by=lambda r: r.occurred_at,
    )
)
def test_the_order_in_which_records_arrive_does_not_matter(records: list[StageRecord]) -> None:
    assert standing(records[::-1]) == standing(records)


def test_the_furthest_stage_is_the_last_one_reached() -> None:
    assert furthest(standing([record("knowledge", day=3), record("awareness", day=8)])) == "knowledge"


def test_without_a_record_no_stage_is_held() -> None:
    assert furthest(standing([])) == "none"


def test_a_role_that_fell_back_holds_only_what_lies_before() -> None:
    records = [record("awareness"), record("knowledge", day=5), record("desire", "regressed", day=9)]
    assert furthest(standing(records)) == "awareness"


def test_a_stage_reached_again_gives_back_what_lay_behind_it() -> None:
    records = [record("desire", "regressed", day=9), record("knowledge", day=5), record("desire", day=12)]
    assert furthest(standing(records)) == "knowledge"


def test_a_role_that_fell_back_at_awareness_holds_nothing() -> None:
    assert furthest(standing([record("awareness", "regressed"), record("ability", day=3)])) == "none"


def test_a_stage_is_contradicted_when_most_people_are_blocked_at_or_before_it() -> None:
    group = group_blocked_at(awareness=3, desire=4, ability=5)
    recorded = standing([record("awareness"), record("desire"), record("knowledge")])
    assert contradictions(recorded, group) == ("desire", "knowledge")


def test_half_of_the_people_are_not_most() -> None:
    recorded = standing([record("desire")])
    assert contradictions(recorded, group_blocked_at(desire=6, ability=6)) == ()
    assert contradictions(recorded, group_blocked_at(desire=7, ability=6)) == ("desire",)


def test_people_without_a_barrier_speak_for_the_champion() -> None:
    group = group_blocked_at(awareness=2, none=10)
    assert contradictions(standing([record("ability")]), group) == ()


def test_people_whose_barrier_is_not_known_speak_for_nobody() -> None:
    group = group_blocked_at(awareness=6, none=5, unknown=20)
    assert contradictions(standing([record("awareness")]), group) == ("awareness",)
    assert contradictions(standing([record("awareness")]), group_blocked_at(unknown=20)) == ()


def test_a_stage_that_is_not_held_is_not_contradicted() -> None:
    group = group_blocked_at(awareness=12)
    assert contradictions(standing([record("desire", "regressed")]), group) == ()


def test_a_group_too_small_to_show_contradicts_nothing() -> None:
    assert contradictions(standing([record("ability")]), group_blocked_at(awareness=9)) == ()
