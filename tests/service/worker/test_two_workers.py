"""Whole workers in processes of their own, over one store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer

from events.types.reinforcement import DeliveryFailed, DeliverySent
from service.settings import Settings
from tests.notifiers.receivers import Post
from tests.service.worker.cast import NOW, PATIENCE, Organisation, eventually

OTHER = "tests.service.worker.another_process"


def started(start: Callable[..., Any], settings: Settings, count: int = 2) -> list[Any]:
    """Workers that begin together."""
    workers = [start(settings, OTHER, "work", NOW.isoformat()) for _ in range(count)]
    for say, answer in (("", "ready\n"), ("go\n", "works\n")):
        for worker in workers:
            worker.stdin.write(say)
            worker.stdin.flush()
        assert [worker.stdout.readline() for worker in workers] == [answer] * count
    return workers


def ids(post: Post) -> Counter[str]:
    return Counter(str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in post.mails())


def test_two_workers_send_sixty_messages_exactly_once(
    fresh: Organisation, settings: Settings, another_process: Callable[..., Any], post: Post, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data("ok")
    alice = fresh.caller("admin")
    assert alice.post("/channels", {"kind": "slack", "target": httpserver.url_for("/hook")}).status_code == 201
    fresh.alerts(30)
    assert len(fresh.deliveries("due")) == 60
    workers = started(another_process, settings)
    eventually(lambda: len(fresh.deliveries("sent")) == 60)
    for worker in workers:
        worker.stdin.close()
        assert worker.wait(PATIENCE) == 0
    mailed = {str(row.delivery_id) for row in fresh.deliveries() if row.person_id}
    assert ids(post) == Counter(mailed)
    assert len(httpserver.log) == 30
    sent = fresh.told(DeliverySent)
    assert len(sent) == len({one.delivery for one in sent}) == 60
    assert {one.attempt for one in sent} == {1}
    assert fresh.told(DeliveryFailed) == []


def test_a_worker_killed_while_it_sends_loses_nothing_and_repeats_only_what_was_in_flight(
    fresh: Organisation, settings: Settings, another_process: Callable[..., Any], post: Post, slow_post: Any
) -> None:
    fresh.alerts(12)
    first, second = started(another_process, settings)
    eventually(lambda: len(fresh.deliveries("claimed")) == 2 and len(post.envelopes) == 2, "both are sending")
    first.kill()
    first.wait(PATIENCE)
    slow_post.gate.set()
    eventually(lambda: len(fresh.deliveries("sent")) == 11)
    (in_flight,) = fresh.deliveries("claimed")
    fresh.claims_run_out()
    eventually(lambda: len(fresh.deliveries("sent")) == 12)
    second.stdin.close()
    assert second.wait(PATIENCE) == 0
    arrived = ids(post)
    assert arrived.keys() == {str(row.delivery_id) for row in fresh.deliveries()}
    assert arrived.pop(str(in_flight.delivery_id)) == 2
    assert set(arrived.values()) == {1}
    sent = fresh.told(DeliverySent)
    assert len(sent) == len({one.delivery for one in sent}) == 12
    assert {one.delivery for one in sent if one.attempt == 2} == {in_flight.delivery_id}
