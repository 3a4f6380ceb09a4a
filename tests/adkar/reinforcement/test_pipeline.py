from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.reinforcement.pipeline import Drop, Send, decide
from adkar.reinforcement.reminder import Reminder
from tests.adkar.reinforcement.cast import ADA, CLAIMS, COPILOT, MARA

NUDGE = Reminder("never_used", COPILOT, CLAIMS, ADA, "person", ADA, "nudge", {})
ALERT = Reminder("below_plan", COPILOT, CLAIMS, None, "manager", MARA, "alert", {})
BERLIN = "Europe/Berlin"
TUESDAY = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def told(now: datetime, reminder=NUDGE, zone=BERLIN, opted_out=False, recent=()):
    return decide(reminder, now=now, zone=zone, opted_out=opted_out, recent=recent)


def wall(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone))


def test_a_nudge_in_working_hours_goes_out_at_once():
    assert told(TUESDAY) == Send(TUESDAY)


def test_who_opted_out_gets_nothing_and_that_is_the_reason_given_first():
    assert told(TUESDAY, opted_out=True, recent=[TUESDAY]) == Drop("opted_out")


def test_one_nudge_in_seven_days():
    assert told(TUESDAY, recent=[TUESDAY - timedelta(days=7, seconds=-1)]) == Drop("cool_down")
    assert told(TUESDAY, recent=[TUESDAY - timedelta(days=7)]) == Send(TUESDAY)


def test_a_nudge_that_waits_to_be_sent_uses_up_the_budget_too():
    assert told(TUESDAY, recent=[TUESDAY + timedelta(hours=12)]) == Drop("cool_down")


def test_seven_days_are_counted_in_instants_and_not_on_the_wall_clock():
    """Two times of one zone subtract as wall clocks: over the spring gap 167 hours would pass for 168."""
    now, sent = wall(BERLIN, 2026, 4, 1, 9), wall(BERLIN, 2026, 3, 25, 9)
    assert now - sent == timedelta(days=7)
    assert told(now, recent=[sent]) == Drop("cool_down")


def test_the_cap_is_judged_before_the_quiet_hours():
    assert told(wall(BERLIN, 2026, 3, 10, 23), recent=[TUESDAY]) == Drop("cool_down")


def test_an_aggregate_alert_knows_neither_opt_out_nor_cap_but_the_quiet_hours():
    assert told(TUESDAY, ALERT, opted_out=True, recent=[TUESDAY]) == Send(TUESDAY)
    night = told(wall(BERLIN, 2026, 3, 10, 23), ALERT)
    assert night == Send(wall(BERLIN, 2026, 3, 11, 8))


@pytest.mark.parametrize(
    ("now", "at"),
    [
        ((2026, 3, 10, 7, 59), (2026, 3, 10, 8)),
        ((2026, 3, 10, 8), (2026, 3, 10, 8)),
        ((2026, 3, 10, 19, 59), (2026, 3, 10, 19, 59)),
        ((2026, 3, 10, 20), (2026, 3, 11, 8)),
        ((2026, 3, 13, 20), (2026, 3, 16, 8)),
        ((2026, 3, 14, 12), (2026, 3, 16, 8)),
        ((2026, 3, 15, 23, 59), (2026, 3, 16, 8)),
        ((2026, 3, 16, 0, 30), (2026, 3, 16, 8)),
    ],
)
def test_evenings_nights_and_weekends_wait_for_eight_in_the_morning(now, at):
    assert told(wall(BERLIN, *now)) == Send(wall(BERLIN, *at))


def test_the_recipient_s_own_zone_decides():
    assert told(TUESDAY, zone="America/New_York") == Send(wall("America/New_York", 2026, 3, 10, 8))
    friday_in_berlin = wall(BERLIN, 2026, 3, 13, 17)
    assert told(friday_in_berlin, zone="Asia/Tokyo") == Send(wall("Asia/Tokyo", 2026, 3, 16, 8))


@pytest.mark.parametrize(
    ("friday", "hours"), [((2026, 3, 27, 20), 59), ((2026, 10, 23, 20), 61), ((2026, 3, 13, 20), 60)]
)
def test_eight_stays_eight_through_the_spring_gap_and_the_autumn_fold(friday, hours):
    now = wall(BERLIN, *friday)
    held = told(now)
    assert held.at.astimezone(ZoneInfo(BERLIN)).hour == 8
    assert held.at - now.astimezone(UTC) == timedelta(hours=hours)


def test_both_passes_through_the_repeated_hour_wait_for_the_same_instant():
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo(BERLIN))
    assert told(first) == told(first.replace(fold=1)) == Send(datetime(2026, 10, 26, 7, tzinfo=UTC))


def test_a_date_that_a_zone_skipped_does_not_turn_into_a_weekend_message():
    """Samoa had no 30 December 2011, a Friday; its eight o'clock came out as Saturday's."""
    held = told(wall("Pacific/Apia", 2011, 12, 29, 21), zone="Pacific/Apia")
    assert held == Send(wall("Pacific/Apia", 2012, 1, 2, 8))


def test_a_zone_nobody_knows_is_an_error_and_not_utc():
    with pytest.raises(ZoneInfoNotFoundError):
        told(TUESDAY, zone="Europe/Atlantis")


ZONES = st.sampled_from([BERLIN, "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "UTC"])


MINUTES = st.integers(0, 15 * 366 * 24 * 60)


@given(MINUTES.map(lambda n: datetime(2011, 12, 1, tzinfo=UTC) + timedelta(minutes=n)), ZONES)
def test_what_is_sent_is_never_early_never_at_night_and_held_once(now, zone):
    at = told(now, zone=zone).at
    local = at.astimezone(ZoneInfo(zone))
    assert at >= now
    assert local.weekday() < 5
    assert 8 <= local.hour < 20
    assert told(at, zone=zone) == Send(at)
