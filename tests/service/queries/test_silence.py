"""Silence is not zero: who has to report from when on, and what counts as a report."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from service.intake.store import Use, store
from service.readmodels.expectations import expected_since
from tests.service.api.office import Office, at
from tests.service.queries.assistant import FRIDAY, GO_LIVE, LATER, WORKING, beats, count, expect, point, team, use

__all__ = ["team"]


def test_what_nobody_told_since_go_live_is_silence_and_not_zero(team: Office) -> None:
    """An app that was connected late was no app that nobody used."""
    use(team, 18, 19, 20)
    assert (point(team, FRIDAY)["coverage"], point(team, FRIDAY)["status"]) == (0.6, "unknown")
    assert (point(team, "2026-03-17")["rate"], point(team, "2026-03-17")["status"]) == (None, "unknown")


def test_that_a_source_reports_from_a_later_day_on_can_be_agreed(team: Office) -> None:
    use(team, 18, 19, 20)
    expect(team, "2026-03-18")
    assert (point(team, FRIDAY)["coverage"], point(team, FRIDAY)["status"]) == (1.0, "known")
    before = point(team, "2026-03-17")
    assert (before["rate"], before["coverage"], before["status"]) == (None, None, "unknown"), "excused, and not known"
    expect(team, None)
    assert point(team, FRIDAY)["coverage"] == 0.6


def test_that_an_app_will_report_later_can_be_agreed_before_it_ever_did(team: Office) -> None:
    expect(team, "2026-03-20")
    beats(team, 20)
    assert (point(team, FRIDAY)["coverage"], point(team, FRIDAY)["status"]) == (1.0, "known")
    expect(team, "2026-03-23")
    assert point(team, FRIDAY)["coverage"] is None


def test_a_second_source_of_an_app_is_missed_from_its_own_first_report_on(team: Office) -> None:
    """Who joins late has not been silent before: somebody else told of the app."""
    beats(team, *WORKING)
    use(team, 18, 19, source="phone")
    assert [point(team, f"2026-03-{day}")["coverage"] for day in (17, 19, 20)] == [1.0, 1.0, 0.8]


def test_what_is_agreed_with_a_second_source_says_nothing_of_the_days_before_the_first(team: Office) -> None:
    """It once turned all silence since go-live into days without use, and reminded people of them."""
    use(team, 18, 19, 20)
    use(team, 18, 19, 20, source="phone")
    expect(team, "2026-03-18", source="phone")
    assert (point(team, "2026-03-17")["status"], point(team, FRIDAY)["coverage"]) == ("unknown", 0.6)


def test_what_is_agreed_with_the_app_s_own_source_stands_when_another_speaks_of_it(team: Office) -> None:
    expect(team, "2026-03-18")
    use(team, 18, 19, 20, source="gateway")
    assert (point(team, "2026-03-17")["coverage"], point(team, FRIDAY)["coverage"]) == (None, 1.0)


def test_what_is_agreed_may_lie_after_the_first_report(team: Office) -> None:
    """As when a pilot sends something long before the app is to be used."""
    use(team, 2)
    expect(team, "2026-03-18")
    assert (point(team, "2026-03-17")["coverage"], point(team, FRIDAY)["coverage"]) == (None, 0.0)


def test_each_app_that_counts_has_to_be_told_of(team: Office) -> None:
    beats(team, *WORKING)
    assert point(team, FRIDAY)["status"] == "known"
    count(team, {"app": "assistant"}, {"app": "teapot"})
    assert (point(team, FRIDAY)["coverage"], point(team, FRIDAY)["status"]) == (0.0, "unknown")
    expect(team, "2026-03-23", "teapot")
    assert point(team, FRIDAY)["status"] == "known"


def test_an_app_is_unknown_until_it_is_told_of_though_its_source_spoke_of_another(team: Office) -> None:
    use(team, *WORKING, source="default")
    count(team, {"app": "assistant"}, {"app": "teapot"})
    use(team, 18, source="default", app="teapot")
    assert (point(team, "2026-03-17")["status"], point(team, FRIDAY)["coverage"]) == ("unknown", 0.6)


@pytest.mark.parametrize(("feature", "kind"), [("ask", "failure"), ("ask", "passive"), ("undo", "use")])
def test_what_does_not_count_as_use_is_a_report_all_the_same(team: Office, feature: str, kind: str) -> None:
    count(team, {"app": "assistant", "feature": "ask"})
    use(team, *range(2, 7), *range(9, 14), 16, 17)
    assert point(team, FRIDAY)["status"] == "unknown"
    for day in (18, 19, 20):
        noon = int(datetime(2026, 3, day, 12, tzinfo=UTC).timestamp() * 1000)
        one = Use(f"{feature} {kind} {day}", "assistant", feature, "p1", noon, kind=kind)
        assert all(store(team.takehold, team.id, "assistant", [one], noon))
    with at(LATER):
        team.follow()
    assert (point(team, FRIDAY)["status"], point(team, FRIDAY)["coverage"]) == ("known", 1.0)


@pytest.mark.parametrize("kind", ["failure", "passive"])
def test_who_tells_errors_alone_is_not_missed_on_a_day_without(team: Office, kind: str) -> None:
    use(team, *WORKING)
    use(team, 4, source="errors", kind=kind)
    assert (point(team, FRIDAY)["status"], point(team, FRIDAY)["coverage"]) == ("known", 1.0)


def test_an_import_of_the_past_speaks_of_its_days_and_owes_no_others(team: Office) -> None:
    """It once made its source one that had to report every day from then on, and no alert was ever judged again."""
    use(team, 18, 19, 20)
    assert point(team, "2026-03-13")["status"] == "unknown"
    use(team, *WORKING[:-3], source="files", import_id=UUID(int=7))
    assert [point(team, day)["coverage"] for day in ("2026-03-06", "2026-03-13", FRIDAY)] == [1.0, 1.0, 1.0]


def test_an_app_that_is_only_imported_is_silent_until_the_next_import(team: Office) -> None:
    use(team, *WORKING[:-2], source="files", import_id=UUID(int=7))
    assert (point(team, "2026-03-13")["status"], point(team, FRIDAY)["coverage"]) == ("known", 0.6)
    use(team, *WORKING[-2:], source="files", import_id=UUID(int=8))
    assert point(team, FRIDAY)["status"] == "known"


def test_where_nobody_tells_use_whoever_tells_anything_stands_in(team: Office) -> None:
    use(team, *WORKING[:-2], source="errors", kind="failure")
    assert (point(team, "2026-03-13")["status"], point(team, "2026-03-13")["active"]) == ("known", 0)
    assert (point(team, FRIDAY)["status"], point(team, FRIDAY)["coverage"]) == ("unknown", 0.6)


def test_what_was_agreed_later_was_not_known_before(team: Office) -> None:
    use(team, 18, 19, 20)
    expect(team, "2026-03-18", when="2026-03-22T09:00:00+00:00")
    assert point(team, FRIDAY)["status"] == "known"
    assert point(team, FRIDAY, as_of="2026-03-21T09:00:00Z")["coverage"] == 0.6


def test_a_heartbeat_says_that_nobody_used_it(team: Office) -> None:
    use(team, 9, 10)
    assert point(team, "2026-03-13")["status"] == "unknown"
    beats(team, 11, 12, 13)
    assert (point(team, "2026-03-13")["status"], point(team, "2026-03-13")["active"]) == ("known", 12)
    assert point(team, FRIDAY)["status"] == "unknown"
    beats(team, 16, 17, 18, 19, 20)
    assert (point(team, FRIDAY)["status"], point(team, FRIDAY)["active"]) == ("known", 0)


def test_a_source_that_is_called_like_the_app_speaks_of_it_before_anybody_used_it(team: Office) -> None:
    assert point(team, "2026-03-06")["status"] == "unknown"
    beats(team, 2, 3, 4, 5, 6)
    assert (point(team, "2026-03-06")["status"], point(team, "2026-03-06")["active"]) == ("known", 0)


def test_a_source_that_never_spoke_of_the_app_says_nothing_of_it(team: Office) -> None:
    beats(team, 2, 3, 4, 5, 6, source="another")
    assert point(team, "2026-03-06")["status"] == "unknown"


def test_a_heartbeat_of_today_is_posted_with_a_key_and_is_one_however_often(team: Office) -> None:
    app = team.caller("app", "assistant")
    for day in (2, 3, 4, 5, 6):
        with at(f"2026-03-0{day}T09:00:00+00:00"):
            assert [app.post("/heartbeats", {}).status_code for _ in range(2)] == [204, 204]
    assert point(team, "2026-03-06")["status"] == "known"
    assert team.charlie.post("/heartbeats", {}).status_code == 403


def test_an_expectation_is_one_event_however_often_it_is_said(team: Office) -> None:
    before = len(team.events())
    for _ in range(2):
        expect(team, GO_LIVE.isoformat())
    assert len(team.events()) == before + 1
    with team.takehold.database.read() as connection:
        assert expected_since(connection, team.id) == {"assistant": GO_LIVE}
        assert expected_since(connection, team.id, before) == {}


def test_a_word_that_is_taken_back_at_once_is_recorded_though_nothing_has_followed_yet(
    team: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team.takehold, "catch_up", lambda *_, **__: None)
    expect(team, GO_LIVE.isoformat())
    expect(team, None)
    monkeypatch.undo()
    with at(LATER):
        team.follow()
    with team.takehold.database.read() as connection:
        assert expected_since(connection, team.id) == {}


def test_what_was_answered_before_a_heartbeat_is_not_answered_again(team: Office) -> None:
    """Answers are kept in the process, and a heartbeat moves no follower."""
    use(team, 9, 10)
    assert point(team, "2026-03-13")["status"] == "unknown"
    beats(team, 11, 12, 13)
    assert point(team, "2026-03-13")["status"] == "known"
    assert point(team, (date(2026, 3, 13) + timedelta(days=7)).isoformat())["status"] == "unknown"
