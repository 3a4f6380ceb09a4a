from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select, update
from werkzeug import Request, Response

from adkar.reinforcement.reminder import Reminder
from events.database import Busy, Database
from events.sealed import Sealed
from events.types.reinforcement import ChannelDisabled, DeliveryFailed, DeliverySent
from service.directory.announce import Announced
from service.takehold import Takehold
from service.worker.deliver import Delivered, deliver, wait
from service.worker.outbox import claim
from service.worker.raising import Raising
from service.worker.tables import DELIVERY, MAILBOX
from tests.notifiers.receivers import Post
from tests.service.conftest import Caller
from tests.service.worker.cast import DORA, NOW, PATIENCE, SELLERS, Organisation


@pytest.fixture
def nudged(copilot: Organisation) -> Organisation:
    """A nudge to dora is due."""
    copilot.everybody_but(DORA)
    assert copilot.evaluate().raised == 1
    return copilot


@pytest.fixture
def channel(org: Organisation, alice: Caller, httpserver: HTTPServer) -> Organisation:
    """The organisation after it launched `copilot` without a manager, and connected Slack at /hook."""
    org.launch("copilot", {"sales": SELLERS}, manager=None)
    connect(alice, httpserver)
    return org


def connect(alice: Caller, server: HTTPServer) -> None:
    assert alice.post("/channels", {"kind": "slack", "target": server.url_for("/hook")}).status_code == 201


def listed(alice: Caller) -> list[tuple[str, str | None]]:
    rows = alice.get("/changes/copilot/reminders").get_json()["reminders"]
    return [(row["state"], row["reason"]) for row in rows]


def retry_of(failed: DeliveryFailed) -> datetime:
    assert failed.retry
    return failed.retry


def test_a_success_is_an_event_and_is_listed(nudged: Organisation, alice: Caller) -> None:
    assert nudged.deliver() == Delivered(sent=1)
    (row,) = nudged.deliveries("sent")
    (sent,) = nudged.told(DeliverySent)
    assert (sent.delivery, sent.reminder) == (row.delivery_id, row.reminder_id)
    assert (sent.channel, sent.kind, sent.attempt) == (None, "mail", 1)
    (one,) = alice.get("/changes/copilot/reminders").get_json()["reminders"]
    assert (one["state"], one["reason"], one["sent_at"][:10]) == ("sent", None, "2026-05-05")
    assert nudged.deliver(NOW + timedelta(days=1)) == Delivered()


def test_a_temporary_failure_is_tried_again_and_both_are_events(
    nudged: Organisation, alice: Caller, post: Post
) -> None:
    post.to_data = "451 4.7.1 <p12@example.org> greylisted"
    assert nudged.deliver() == Delivered(retried=1)
    assert listed(alice) == [("raised", "smtp_451")]
    (failed,) = nudged.told(DeliveryFailed)
    assert (failed.reason, failed.attempt, failed.kind) == ("smtp_451", 1, "mail")
    post.to_data = None
    assert nudged.deliver(retry_of(failed) - timedelta(seconds=1)) == Delivered()
    assert nudged.deliver(retry_of(failed)) == Delivered(sent=1)
    assert listed(alice) == [("sent", None)]
    assert nudged.told(DeliverySent)[0].attempt == 2


def test_attempts_come_ever_later_and_come_to_an_end(nudged: Organisation, alice: Caller, post: Post) -> None:
    post.to_data = "451 later"
    instant = NOW
    for attempt in range(1, 8):
        assert nudged.deliver(instant) == Delivered(retried=1)
        waited = (retry_of(nudged.told(DeliveryFailed)[-1]) - instant).total_seconds()
        longest = 30 * 2 ** (attempt - 1)
        # Recorded after the send, which took a moment.
        assert longest / 2 <= waited <= longest + PATIENCE
        instant = retry_of(nudged.told(DeliveryFailed)[-1])
    assert nudged.deliver(instant) == Delivered(failed=1)
    assert nudged.deliver(instant + timedelta(hours=2)) == Delivered()
    assert [failed.attempt for failed in nudged.told(DeliveryFailed)] == [*range(1, 9)]
    assert nudged.told(DeliveryFailed)[-1].retry is None
    assert listed(alice) == [("failed", "smtp_451")]


def test_waits_are_spread_so_that_what_failed_together_does_not_come_back_together() -> None:
    waits = [wait(4, None) for _ in range(200)]
    assert min(waits) >= 120
    assert max(waits) <= 240
    assert len({round(one) for one in waits}) > 50
    assert wait(40, None) <= 3600


def test_a_receiver_that_asks_for_patience_gets_it(channel: Organisation, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("slow down", 429, headers={"Retry-After": "1800"})
    channel.alerts(1)
    assert channel.deliver() == Delivered(retried=1)
    (failed,) = channel.told(DeliveryFailed)
    assert failed.reason == "http_429"
    assert retry_of(failed) >= NOW + timedelta(seconds=1800)


def test_a_receiver_that_asks_for_less_than_our_own_wait_is_not_stormed(
    channel: Organisation, httpserver: HTTPServer
) -> None:
    """Slack takes one message a second and asks each of fifty others to come back in one: all fifty, at once."""
    httpserver.expect_request("/hook").respond_with_data("", 503, headers={"Retry-After": "0"})
    channel.alerts(1)
    assert channel.deliver() == Delivered(retried=1)
    assert len(httpserver.log) == 1
    assert retry_of(channel.told(DeliveryFailed)[0]) >= NOW + timedelta(seconds=15)


def test_the_wait_begins_at_the_end_of_a_slow_round(
    channel: Organisation, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round of slow receivers takes minutes; a wait that began with the round would be over when the round is."""

    class Slow:
        seconds = 0.0

        def monotonic(self) -> float:
            return self.seconds

    clock = Slow()

    def refuse(_: Request) -> Response:
        clock.seconds += 600
        return Response("", 429, headers={"Retry-After": "60"})

    monkeypatch.setattr("service.worker.deliver.time", clock)
    httpserver.expect_request("/hook").respond_with_handler(refuse)
    channel.alerts(1)
    channel.deliver()
    assert retry_of(channel.told(DeliveryFailed)[0]) >= NOW + timedelta(seconds=660)


def test_a_permanent_failure_is_given_up_at_once_and_tells_no_address(
    nudged: Organisation, alice: Caller, post: Post
) -> None:
    post.to_recipient = "550 5.1.1 <p12@example.org>: no such mailbox"
    assert nudged.deliver() == Delivered(failed=1)
    (failed,) = nudged.told(DeliveryFailed)
    assert (failed.reason, failed.retry) == ("smtp_550", None)
    assert listed(alice) == [("failed", "smtp_550")]
    assert "example.org" not in alice.get("/events", limit=1000).get_data(as_text=True)


def test_a_person_without_an_address_is_a_failure_that_says_so(org: Organisation, alice: Caller, post: Post) -> None:
    org.hire(Announced("eve"))
    org.launch("copilot", {"sales": [*SELLERS, "eve"]})
    org.used(SELLERS)
    assert org.round()[1] == Delivered(failed=1)
    assert listed(alice) == [("failed", "no_address")]
    assert post.envelopes == []


@pytest.mark.parametrize("first", ["the mail", "the channel"])
def test_what_one_subscriber_got_is_sent_and_the_failure_of_the_other_stands_beside_it(
    copilot: Organisation, alice: Caller, httpserver: HTTPServer, first: str
) -> None:
    connect(alice, httpserver)
    httpserver.expect_request("/hook").respond_with_data("no_service", 404)
    copilot.alerts(1)
    earlier = DELIVERY.c.channel_id.is_(None) if first == "the mail" else DELIVERY.c.channel_id.is_not(None)
    with copilot.takehold.database.write("work", copilot.id) as connection:
        mine = DELIVERY.c.workspace_id == copilot.id
        connection.execute(update(DELIVERY).where(mine, earlier).values(due_at=NOW - timedelta(minutes=1)))
    assert copilot.deliver() == Delivered(sent=1, failed=1)
    assert listed(alice) == [("sent", "http_404")]


def test_a_channel_that_gives_up_again_and_again_is_disabled_with_an_event(
    channel: Organisation, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data("no_service", 404)
    channel.alerts(12)
    assert channel.deliver() == Delivered(failed=12)
    assert len(httpserver.log) == 10
    assert [disabled.reason for disabled in channel.told(ChannelDisabled)] == ["http_404"]
    reasons = [failed.reason for failed in channel.told(DeliveryFailed)]
    assert reasons == ["http_404"] * 10 + ["channel_disabled"] * 2
    # Nobody is left to tell, so nothing more is raised.
    channel.one_of_twelve()
    assert channel.evaluate().dropped == 1


def test_a_message_that_arrives_forgives_the_failures_before_it(channel: Organisation, httpserver: HTTPServer) -> None:
    for batch, status in enumerate((404, 200, 404)):
        httpserver.clear()
        httpserver.expect_request("/hook").respond_with_data("", status)
        channel.alerts(9 if status == 404 else 1, first=10 * batch)
        channel.deliver()
    assert channel.told(ChannelDisabled) == []


def test_an_outage_or_a_rate_limit_disables_no_channel(channel: Organisation, httpserver: HTTPServer) -> None:
    """Twenty alerts in one round, of which Slack takes the first and puts the others off."""
    httpserver.expect_ordered_request("/hook").respond_with_data("ok")
    for _ in range(19):
        httpserver.expect_ordered_request("/hook").respond_with_data("", 429, headers={"Retry-After": "1"})
    channel.alerts(20)
    assert channel.deliver() == Delivered(sent=1, retried=19)
    assert channel.told(ChannelDisabled) == []
    httpserver.clear()
    httpserver.expect_request("/hook").respond_with_data("ok")
    assert channel.deliver(NOW + timedelta(minutes=2)) == Delivered(sent=19)


def test_one_message_that_cannot_be_built_does_not_stop_the_rest(copilot: Organisation, post: Post) -> None:
    copilot.alerts(1, rule="a rule of a newer program")
    copilot.alerts(2)
    assert copilot.deliver() == Delivered(sent=2, retried=1)
    assert [failed.reason for failed in copilot.told(DeliveryFailed)] == ["internal"]
    assert len(post.envelopes) == 2


def test_messages_that_cannot_be_built_are_no_fault_of_the_channel(
    channel: Organisation, httpserver: HTTPServer
) -> None:
    channel.alerts(10, rule="a rule of a newer program")
    for hours in range(9):
        channel.deliver(NOW + timedelta(hours=hours))
    assert len([failed for failed in channel.told(DeliveryFailed) if failed.retry is None]) == 10
    assert channel.told(ChannelDisabled) == []


def test_a_message_that_nobody_survives_is_given_up_as_well(nudged: Organisation, alice: Caller, post: Post) -> None:
    for _ in range(8):
        assert claim(nudged.takehold.database, nudged.id, NOW)
        nudged.claims_run_out()
    assert nudged.deliver() == Delivered(failed=1)
    assert listed(alice) == [("failed", "abandoned")]
    assert post.envelopes == []


def test_a_message_that_left_is_recorded_although_the_log_is_busy(
    channel: Organisation, httpserver: HTTPServer, impatient: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer holds the log when the message has left. Whoever gave up here would send it a second time once
    the claim has run out."""
    refused = threading.Event()

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(impatient, name)

        @contextmanager
        def write(self, lock: Any, workspace_id: str) -> Iterator[Any]:
            try:
                with impatient.write(lock, workspace_id) as connection:
                    yield connection
            except Busy:
                refused.set()
                raise

    holder = channel.takehold.database
    channel.alerts(1)

    def take(_: Request) -> Response:
        holds = threading.Event()

        def hold() -> None:
            with holder.write("events", channel.id):
                holds.set()
                refused.wait(PATIENCE)

        threading.Thread(target=hold).start()
        assert holds.wait(PATIENCE)
        return Response("ok")

    httpserver.expect_request("/hook").respond_with_handler(take)
    monkeypatch.setattr(channel.takehold, "database", Watched())
    assert channel.deliver() == Delivered(sent=1)
    assert refused.is_set()
    assert len(channel.deliveries("sent")) == len(channel.told(DeliverySent)) == len(httpserver.log) == 1


def test_without_a_mail_server_messages_land_in_the_mailbox_sealed(nudged: Organisation, post: Post) -> None:
    without = Takehold(nudged.takehold.settings.model_copy(update={"smtp_host": None}))
    assert deliver(without, nudged.workspace, NOW) == Delivered(sent=1)
    # Kept by one who died before it was recorded, and so kept again.
    with without.database.write("work", nudged.id) as connection:
        connection.execute(update(DELIVERY).where(DELIVERY.c.workspace_id == nudged.id).values(state="due"))
    assert deliver(without, nudged.workspace, NOW) == Delivered(sent=1)
    with without.database.read() as connection:
        (row,) = connection.execute(select(MAILBOX).where(MAILBOX.c.workspace_id == nudged.id)).all()
    kept = msgspec.json.decode(without.vault.open(nudged.id, Sealed(row.key_id, row.box)))
    without.close()
    assert (kept["to"], kept["subject"]) == ("p12@example.org", "A hand with Copilot?")
    assert "Copilot" not in row.box
    assert "p12" not in row.box
    assert row.key_id == nudged.people[DORA]
    assert [sent.kind for sent in nudged.told(DeliverySent)] == ["mailbox"] * 2
    assert post.envelopes == []


def test_what_others_see_of_reminders_is_not_pushed_off_the_list_by_nudges(copilot: Organisation, bob: Caller) -> None:
    copilot.alerts(1)
    with copilot.unit(NOW + timedelta(hours=1)) as unit:
        raising = Raising(unit, {}, set(), {})
        for n in range(501):
            person = uuid4()
            nudge = Reminder(
                "never_used", copilot.change().id, copilot.role().id, person, "person", person, f"never_used:{n}", {}
            )
            raising.judge(nudge)
        raising.record()
    copilot.follow()
    seen = bob.get("/changes/copilot/reminders").get_json()
    assert [one["rule"] for one in seen["reminders"]] == ["below_plan"]
    assert seen["personal"] == 501
