"""A figure that is unknown says who was silent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.service.api.office import Office, at
from tests.service.queries.assistant import FRIDAY, LATER, WORKING, beats, count, expect, team, use

__all__ = ["team"]


def explained(office: Office, path: str = "adoption", day: str = FRIDAY, **query: Any) -> dict[str, Any]:
    last = "to" if path in ("adoption", "lifecycle", "retention") else "day"
    with at(LATER):
        answer = office.charlie.get(f"/changes/copilot/{path}", **{"explain": "true", last: day} | query)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["explain"]  # type: ignore[no-any-return]


def silent(office: Office, day: str = FRIDAY) -> list[tuple[Any, ...]]:
    """Source, app, days and last day told of, of each that was silent in the week that ends with a day."""
    told = explained(office, day=day)["silent"]
    return [tuple(one[name] for name in ("source", "app", "days", "last_reported")) for one in told]


def test_a_source_that_stopped_is_named_with_its_last_day(team: Office) -> None:
    use(team, *WORKING[:-3])
    assert silent(team) == [("assistant", None, 3, "2026-03-17")]
    assert explained(team)["status"] == "unknown"
    beats(team, 18, 19, 20)
    assert silent(team) == []
    assert explained(team)["status"] == "known"


def test_a_gap_shows_that_the_source_is_back(team: Office) -> None:
    use(team, *WORKING[:-3], 20)
    assert silent(team) == [("assistant", None, 2, "2026-03-20")]


def test_an_app_of_which_nobody_ever_told_is_named_without_a_source(team: Office) -> None:
    assert silent(team) == [(None, "assistant", 5, None)]


def test_of_an_app_that_was_connected_late_nobody_told_before(team: Office) -> None:
    use(team, 18, 20)
    assert silent(team) == [(None, "assistant", 2, "2026-03-20"), ("assistant", None, 1, "2026-03-20")]


def test_an_app_that_is_only_imported_has_no_source_that_is_to_blame(team: Office) -> None:
    use(team, *WORKING[:-2], source="files", import_id=UUID(int=7))
    assert silent(team) == [(None, "assistant", 2, "2026-03-18")]


def test_a_week_that_was_reported_is_told_of_as_far_as_it_is_over(team: Office) -> None:
    use(team, 12, 23, grain="week")
    assert silent(team) == [("assistant", None, 5, "2026-03-23")]


def test_the_source_that_was_agreed_to_and_never_came_is_named(team: Office) -> None:
    expect(team, "2026-03-18")
    assert silent(team) == [("assistant", "assistant", 3, None), (None, "assistant", 2, None)]


def test_a_source_that_is_late_is_named_once(team: Office) -> None:
    expect(team, "2026-03-16")
    use(team, 19, 20)
    assert silent(team) == [("assistant", None, 3, "2026-03-20")]


def test_a_source_that_speaks_of_another_app_is_named_with_the_one_it_leaves_out(team: Office) -> None:
    expect(team, "2026-03-02", source="default")
    use(team, *WORKING, source="default")
    count(team, {"app": "assistant"}, {"app": "teapot"})
    use(team, 19, 20, source="default", app="teapot")
    assert silent(team) == [("default", "teapot", 3, "2026-03-20")]


def test_several_are_named_the_longest_silent_first(team: Office) -> None:
    use(team, *WORKING[:-1])
    use(team, *WORKING[:-2], source="phone")
    assert silent(team) == [("phone", None, 2, "2026-03-18"), ("assistant", None, 1, "2026-03-19")]


def test_only_the_window_is_spoken_of(team: Office) -> None:
    use(team, *WORKING[:-3])
    assert silent(team, "2026-03-17") == []
    assert silent(team, "2026-03-18") == [("assistant", None, 1, "2026-03-17")]


@pytest.mark.parametrize(
    ("path", "day", "query", "days"),
    [
        ("adoption", "2026-03-22", {}, 3),
        ("lifecycle", "2026-03-22", {}, 3),
        ("retention", "2026-03-22", {"weeks": 4}, 3),
        ("funnel", "2026-03-22", {"weeks": 4}, 3),
        ("segments", "2026-03-22", {"weeks": 4}, 3),
        ("speed", "2026-03-22", {}, 3),
        # Nobody was trained, so no clock has started, and there is no day but the last.
        ("training", FRIDAY, {}, 1),
    ],
)
def test_every_figure_of_use_says_who_was_silent_and_how_many_people_a_group_needs(
    team: Office, path: str, day: str, query: dict[str, int], days: int
) -> None:
    use(team, *WORKING[:-3])
    with at(LATER):
        team.impact("office", courses=["basics"])
    said = explained(team, path, day, **query)
    assert said["minimum_group"] == 10
    assert said["silent"] == [{"source": "assistant", "app": None, "days": days, "last_reported": "2026-03-17"}]
