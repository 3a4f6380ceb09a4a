from datetime import UTC, date, datetime, timedelta

import pytest

from adkar.reinforcement.never_used import never_used
from tests.adkar.reinforcement.cast import ADA, CLAIMS, COPILOT, GO_LIVE, ada, claims, week

WEEKS = (week(0, 0.1), week(1, 0.1))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def after(days: int, since: date = GO_LIVE) -> datetime:
    return noon(since + timedelta(days=days))


def test_ada_is_offered_help_on_the_14th_day_and_not_on_the_13th():
    state = claims([ada()], WEEKS)
    assert never_used(state, after(13)) == []
    [reminder] = never_used(state, after(14))
    assert (reminder.rule, reminder.change, reminder.role) == ("never_used", COPILOT, CLAIMS)
    assert (reminder.audience, reminder.subject, reminder.recipient) == ("person", ADA, ADA)
    assert reminder.cause == f"never_used:{COPILOT}:{CLAIMS}:{ADA}:2026-03-02"


def test_the_text_can_name_the_change_and_the_role_and_nothing_about_usage():
    [reminder] = never_used(claims([ada()], WEEKS), after(14))
    assert reminder.facts == {"change": "Copilot", "role": "Claims"}


@pytest.mark.parametrize(
    "late",
    [
        {"access": date(2026, 3, 20)},
        {"joined": date(2026, 3, 20)},
        {"trained": date(2026, 3, 20), "training_asked": True},
    ],
)
def test_the_clock_starts_at_the_latest_of_joining_access_training_and_go_live(late):
    state = claims([ada(**late)], WEEKS)
    assert never_used(state, after(13, date(2026, 3, 20))) == []
    [reminder] = never_used(state, after(14, date(2026, 3, 20)))
    assert reminder.cause.endswith(":2026-03-20")


def test_training_before_go_live_does_not_start_the_clock_early():
    state = claims([ada(trained=date(2026, 2, 1), training_asked=True)], WEEKS)
    assert never_used(state, after(13)) == []
    assert len(never_used(state, after(14))) == 1


def test_one_clock_has_one_cause_and_a_later_clock_another():
    state = claims([ada()], WEEKS)
    assert never_used(state, after(14)) == never_used(state, after(40))
    moved = claims([ada(access=date(2026, 3, 9))], WEEKS)
    assert never_used(moved, after(40))[0].cause != never_used(state, after(40))[0].cause


def test_who_still_has_training_to_do_is_not_told_to_use_the_tool():
    assert never_used(claims([ada(training_asked=True)], WEEKS), after(90)) == []


@pytest.mark.parametrize("but", [{"ever_used": True}, {"left": date(2026, 3, 16)}])
def test_who_used_it_or_left_is_not_reminded(but):
    assert never_used(claims([ada(**but)], WEEKS), after(14)) == []


def test_the_last_day_of_a_membership_still_counts():
    assert len(never_used(claims([ada(left=date(2026, 3, 17))], WEEKS), after(14))) == 1


def test_a_silent_source_freezes_the_rule_and_an_earlier_silence_does_not():
    assert never_used(claims([ada()], (WEEKS[0], week(1, None, status="unknown"))), after(14)) == []
    assert len(never_used(claims([ada()], (week(0, None, status="unknown"), WEEKS[1])), after(14))) == 1


def test_nobody_is_reminded_before_a_week_was_measured():
    assert never_used(claims([ada()]), after(14)) == []


def test_the_day_is_the_day_in_the_zone_of_the_change():
    late_evening_utc = datetime(2026, 3, 15, 23, 30, tzinfo=UTC)
    assert len(never_used(claims([ada()], WEEKS, zone="Europe/Berlin"), late_evening_utc)) == 1
    assert never_used(claims([ada()], WEEKS, zone="America/New_York"), late_evening_utc) == []
