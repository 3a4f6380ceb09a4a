"""Evenings, nights, weekends and snoozes: what waits is judged again before it leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer

from events.types.reinforcement import ReminderDropped, ReminderRaised
from service.access import Principal, actions_of
from service.commands.reinforcement import acknowledge, snooze
from service.directory.announce import Announced
from service.worker.deliver import Delivered
from service.worker.evaluate import Evaluated
from tests.notifiers.receivers import Post
from tests.service.conftest import Caller
from tests.service.worker.cast import DORA, NOW, Organisation, berlin, listed

ADMIN = Principal("default", "key:alice", "admin", "default", actions_of("admin"))
EVENING = berlin(5, 21)
MORNING = berlin(6, 8)


@pytest.fixture
def idle(copilot: Organisation) -> Organisation:
    """Everybody uses it but dora."""
    copilot.everybody_but(DORA)
    return copilot


def put_off(org: Organisation, until: datetime, now: datetime = NOW) -> None:
    with org.unit(now) as unit:
        snooze(unit, ADMIN, org.told(ReminderRaised)[-1].reminder, until)


def answer(org: Organisation, now: datetime = NOW) -> None:
    with org.unit(now) as unit:
        acknowledge(unit, ADMIN, org.told(ReminderRaised)[-1].reminder, {"action": "did_it"})


def connect(org: Organisation, alice: Caller, server: HTTPServer) -> None:
    server.expect_request("/hook").respond_with_data("ok")
    assert alice.post("/channels", {"kind": "slack", "target": server.url_for("/hook")}).status_code == 201


def test_what_is_raised_in_the_evening_goes_out_in_the_morning(idle: Organisation, post: Post, alice: Caller) -> None:
    assert idle.round(EVENING) == (Evaluated(raised=1), Delivered())
    assert listed(alice) == [("raised", None)]
    assert idle.round(MORNING - timedelta(seconds=1)) == (Evaluated(), Delivered())
    assert idle.round(MORNING) == (Evaluated(released=1), Delivered(sent=1))
    assert len(post.envelopes) == 1
    assert listed(alice) == [("sent", None)]


def test_the_morning_is_the_recipient_s_own(idle: Organisation) -> None:
    idle.hire(Announced(DORA, zone="America/New_York"))
    assert idle.round(NOW) == (Evaluated(raised=1), Delivered())
    assert idle.round(berlin(5, 13, 59)) == (Evaluated(), Delivered())
    assert idle.round(berlin(5, 14)) == (Evaluated(released=1), Delivered(sent=1))


def test_who_began_over_night_is_left_alone_in_the_morning(idle: Organisation, post: Post, alice: Caller) -> None:
    idle.round(EVENING)
    idle.used([DORA], date(2026, 5, 5), date(2026, 5, 5))
    assert idle.round(MORNING) == (Evaluated(released=1), Delivered())
    assert post.envelopes == []
    assert listed(alice) == [("dropped", "resolved_while_held")]
    assert idle.round(MORNING + timedelta(hours=1)) == (Evaluated(), Delivered())
    assert len(idle.told(ReminderDropped)) == 1


def test_an_alert_that_is_no_longer_true_is_dropped_once_for_all_who_would_have_got_it(
    copilot: Organisation, alice: Caller, httpserver: HTTPServer
) -> None:
    connect(copilot, alice, httpserver)
    copilot.one_of_twelve()
    copilot.round(EVENING)
    assert len(copilot.deliveries("held")) == 2
    copilot.close_change()
    assert copilot.round(MORNING) == (Evaluated(released=2), Delivered())
    assert [drop.reason for drop in copilot.told(ReminderDropped)] == ["resolved_while_held"]


def test_who_opts_out_over_night_gets_nothing_in_the_morning(idle: Organisation, post: Post, alice: Caller) -> None:
    idle.round(EVENING)
    idle.opt(DORA, now=EVENING)
    idle.round(MORNING)
    assert post.envelopes == []
    assert listed(alice) == [("dropped", "opted_out")]


def test_who_opts_out_between_two_attempts_gets_nothing(idle: Organisation, post: Post, alice: Caller) -> None:
    post.to_data = "451 later"
    assert idle.round(NOW)[1] == Delivered(retried=1)
    post.to_data = None
    idle.opt(DORA)
    assert idle.deliver(NOW + timedelta(minutes=1)) == Delivered()
    assert post.envelopes == []
    assert listed(alice) == [("dropped", "opted_out")]


def test_an_attempt_that_would_come_in_the_evening_waits_for_the_morning(idle: Organisation, post: Post) -> None:
    post.to_data = "451 later"
    late = berlin(5, 19, 59, 5)
    assert idle.round(late)[1] == Delivered(retried=1)
    post.to_data = None
    assert idle.deliver(berlin(5, 20)) == Delivered()
    assert idle.round(berlin(5, 20, 1)) == (Evaluated(), Delivered())
    (row,) = idle.deliveries("held")
    assert (row.due_at.astimezone(UTC), row.attempts) == (MORNING, 1)
    assert idle.round(MORNING) == (Evaluated(released=1), Delivered(sent=1))


def test_a_worker_that_wakes_up_at_night_sends_nothing_until_morning(idle: Organisation, post: Post) -> None:
    idle.evaluate(EVENING)
    friday_night = berlin(8, 23)
    assert idle.round(friday_night) == (Evaluated(released=1), Delivered())
    assert idle.round(berlin(10, 12)) == (Evaluated(), Delivered())
    assert idle.round(berlin(11, 8)) == (Evaluated(released=1), Delivered(sent=1))


def test_a_snoozed_reminder_comes_again_to_everybody_who_had_it_if_it_is_still_true(
    copilot: Organisation, alice: Caller, httpserver: HTTPServer, post: Post
) -> None:
    connect(copilot, alice, httpserver)
    copilot.one_of_twelve()
    assert copilot.round()[1].sent == 2
    put_off(copilot, berlin(7, 10))
    assert listed(alice) == [("snoozed", None)]
    assert copilot.round(berlin(7, 9, 59)) == (Evaluated(), Delivered())
    assert copilot.round(berlin(7, 10)) == (Evaluated(released=2), Delivered(sent=2))
    assert (len(post.envelopes), len(httpserver.log)) == (2, 2)
    assert listed(alice) == [("sent", None)]


def test_a_snoozed_reminder_is_dropped_when_its_reason_is_gone(
    copilot: Organisation, alice: Caller, post: Post
) -> None:
    copilot.one_of_twelve()
    copilot.round()
    put_off(copilot, berlin(7, 10))
    copilot.close_change()
    assert copilot.round(berlin(7, 10)) == (Evaluated(released=1), Delivered())
    assert len(post.envelopes) == 1
    assert listed(alice) == [("dropped", "resolved_while_held")]


def test_a_snooze_that_ends_at_night_waits_for_the_morning(copilot: Organisation) -> None:
    copilot.one_of_twelve()
    copilot.round()
    put_off(copilot, berlin(7, 3))
    assert copilot.round(berlin(7, 3)) == (Evaluated(released=1), Delivered())
    assert copilot.round(berlin(7, 8)) == (Evaluated(released=1), Delivered(sent=1))


def test_a_reminder_that_is_snoozed_before_it_went_out_goes_out_once(copilot: Organisation, post: Post) -> None:
    copilot.one_of_twelve()
    copilot.evaluate(EVENING)
    put_off(copilot, berlin(7, 10), EVENING)
    assert copilot.round(MORNING) == (Evaluated(), Delivered())
    copilot.round(berlin(7, 10))
    copilot.round(berlin(8, 10))
    assert len(post.envelopes) == 1


def test_the_last_of_several_snoozes_counts(copilot: Organisation, post: Post) -> None:
    copilot.one_of_twelve()
    copilot.round()
    for until in (berlin(6, 10), berlin(7, 10), berlin(7, 10)):
        put_off(copilot, until)
    assert copilot.round(berlin(6, 10)) == (Evaluated(), Delivered())
    assert copilot.round(berlin(7, 10)) == (Evaluated(released=1), Delivered(sent=1))
    assert len(post.envelopes) == 2


def test_a_snooze_asked_for_twice_over_the_api_is_one(copilot: Organisation, bob: Caller) -> None:
    copilot.one_of_twelve()
    copilot.round()
    path = f"/reminders/{copilot.told(ReminderRaised)[0].reminder}/snooze"
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for _ in range(2):
        assert bob.post(path, {"until": tomorrow}).status_code == 204
    assert len(copilot.deliveries("held")) == 1
    assert bob.post(path, {"until": "2020-05-05T08:00:00Z"}).status_code == 422


def test_a_reminder_that_was_dropped_before_it_was_raised_can_be_answered(idle: Organisation, alice: Caller) -> None:
    idle.opt(DORA)
    idle.evaluate()
    idle.opt(DORA, out=False)
    idle.evaluate()
    path = f"/reminders/{idle.told(ReminderRaised)[0].reminder}"
    assert alice.post(f"{path}/acknowledge", {"action": "did_it"}).status_code == 204
    assert listed(alice) == [("acknowledged", None)]


@pytest.mark.parametrize("state", ["held", "due", "snoozed"])
def test_an_answered_reminder_is_not_sent_any_more(
    copilot: Organisation, alice: Caller, post: Post, state: str
) -> None:
    copilot.one_of_twelve()
    if state == "due":
        post.to_data = "451 later"
    copilot.round(EVENING if state == "held" else NOW)
    post.to_data = None
    before = len(post.envelopes)
    if state == "snoozed":
        put_off(copilot, berlin(7, 10))
    answer(copilot)
    for day in (6, 7, 8):
        copilot.round(berlin(day, 10))
    assert len(post.envelopes) == before
    assert listed(alice)[0][0] == "acknowledged"
    assert copilot.told(ReminderDropped) == []
    assert {row.state for row in copilot.deliveries()} <= {"sent", "dropped"}


def test_an_answer_stands_although_the_reason_is_gone_by_the_morning(copilot: Organisation, alice: Caller) -> None:
    copilot.one_of_twelve()
    copilot.evaluate(EVENING)
    answer(copilot, EVENING)
    copilot.close_change()
    assert copilot.round(MORNING) == (Evaluated(released=1), Delivered())
    assert listed(alice) == [("acknowledged", None)]
    assert copilot.told(ReminderDropped) == []


def test_a_silent_source_does_not_pass_for_a_solved_problem(copilot: Organisation, post: Post) -> None:
    """While nothing is known the rule wants nothing; the reminder is held on, and judged once there is news."""
    copilot.one_of_twelve(last=date(2026, 5, 4))
    copilot.round()
    put_off(copilot, berlin(19, 10))
    assert copilot.round(berlin(19, 10)) == (Evaluated(), Delivered())
    assert len(copilot.deliveries("held")) == 1
    copilot.used(["p1"], date(2026, 5, 5))
    assert copilot.round(berlin(20, 10)) == (Evaluated(released=1), Delivered(sent=1))
    assert copilot.told(ReminderDropped) == []
