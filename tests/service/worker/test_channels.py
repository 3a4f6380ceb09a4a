from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import update
from werkzeug import Request, Response

from events.database import Busy, Database
from events.types.reinforcement import ChannelDisabled, DeliveryFailed, DeliverySent
from service.worker.deliver import Delivered
from service.worker.tables import DELIVERY
from tests.service.conftest import Caller
from tests.service.worker.cast import NOW, PATIENCE, SELLERS, Organisation, listed, retry_of


def connect(alice: Caller, server: HTTPServer) -> None:
    assert alice.post("/channels", {"kind": "slack", "target": server.url_for("/hook")}).status_code == 201


@pytest.fixture
def channel(org: Organisation, alice: Caller, httpserver: HTTPServer) -> Organisation:
    """The organisation after it launched `copilot` without a manager, and connected Slack at /hook."""
    org.launch("copilot", {"sales": SELLERS}, manager=None)
    connect(alice, httpserver)
    return org


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


def test_messages_that_cannot_be_built_are_no_fault_of_the_channel(
    channel: Organisation, httpserver: HTTPServer
) -> None:
    channel.alerts(10, rule="a rule of a newer program")
    for hours in range(9):
        channel.deliver(NOW + timedelta(hours=hours))
    assert len([failed for failed in channel.told(DeliveryFailed) if failed.retry is None]) == 10
    assert channel.told(ChannelDisabled) == []


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
        def write(self, lock: Any, workspace_id: str, patience: float | None = None) -> Iterator[Any]:
            try:
                with impatient.write(lock, workspace_id, patience) as connection:
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
