from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pytest_httpserver import HTTPServer
from sqlalchemy import insert, update
from werkzeug import Request, Response

from events.database import Database
from events.envelope import new_id
from events.types.reinforcement import DeliverySent
from service.settings import Settings
from service.worker.outbox import claim, finish
from service.worker.tables import DELIVERY
from tests.notifiers.receivers import Post
from tests.service.conftest import Caller
from tests.service.worker.cast import NOW, SELLERS, Organisation

OTHER = "tests.service.worker.another_process"


def fill(org: Organisation, count: int) -> set[str]:
    rows = [
        {
            "workspace_id": org.id,
            "delivery_id": new_id(),
            "reminder_id": uuid4(),
            "subscriber": "somebody",
            "cause": f"cause {n}",
            "state": "due",
            "due_at": NOW,
            "epoch": 0,
            "attempts": 0,
        }
        for n in range(count)
    ]
    with org.takehold.database.write("work", org.id) as connection:
        connection.execute(insert(DELIVERY), rows)
    return {str(row["delivery_id"]) for row in rows}


def test_what_is_due_longest_goes_first_and_what_is_not_due_waits(org: Organisation) -> None:
    fill(org, 3)
    first, second, third = (row.delivery_id for row in org.deliveries())
    with org.takehold.database.write("work", org.id) as connection:
        for id, minutes in ((first, -1), (second, -2), (third, 1)):
            due = NOW + timedelta(minutes=minutes)
            connection.execute(update(DELIVERY).where(DELIVERY.c.delivery_id == id).values(due_at=due))
    claims = [claim(org.takehold.database, org.id, NOW) for _ in range(3)]
    assert [one and one.delivery for one in claims] == [second, first, None]


def test_what_another_workspace_has_due_is_nobody_s_business_here(org: Organisation) -> None:
    fill(org, 1)
    assert claim(org.takehold.database, f"not {org.id}", NOW) is None


def test_eight_threads_claim_each_delivery_exactly_once(org: Organisation) -> None:
    ids, claims = fill(org, 200), []

    def claim_all() -> None:
        while claimed := claim(org.takehold.database, org.id, NOW):
            claims.append(str(claimed.delivery))

    threads = [threading.Thread(target=claim_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 200
    assert set(claims) == ids


def test_two_processes_claim_each_delivery_exactly_once(
    org: Organisation, shared_settings: Settings, another_process: Callable[..., Any]
) -> None:
    ids = fill(org, 200)
    processes = [another_process(shared_settings, OTHER, "claim_all", org.id) for _ in range(2)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 2
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    claims = [process.stdout.readline().split() for process in processes]
    assert len(claims[0]) + len(claims[1]) == 200
    assert set(claims[0]) | set(claims[1]) == ids


def test_a_claim_that_ran_out_is_taken_again_and_the_late_finisher_settles_nothing(org: Organisation) -> None:
    fill(org, 1)
    late = claim(org.takehold.database, org.id, NOW)
    assert late
    assert claim(org.takehold.database, org.id, NOW) is None
    org.claims_run_out()
    successor = claim(org.takehold.database, org.id, NOW)
    assert successor
    assert (successor.delivery, successor.epoch, successor.attempt) == (late.delivery, late.epoch + 1, 2)
    with org.unit() as unit:
        assert not finish(unit, late, {"state": "sent"})
    assert org.deliveries()[0].state == "claimed"
    with org.unit() as unit:
        assert finish(unit, successor, {"state": "sent"})
        assert not finish(unit, successor, {"state": "failed"})
    assert org.deliveries()[0].state == "sent"


def test_others_can_write_while_a_slow_receiver_is_waited_for(
    copilot: Organisation, alice: Caller, httpserver: HTTPServer, impatient: Database
) -> None:
    """On SQLite one open transaction keeps every writer out; on PostgreSQL it would hold the delivery's row."""

    def take(_: Request) -> Response:
        with impatient.write("events", copilot.id):
            pass
        with impatient.write("work", copilot.id) as connection:
            here = DELIVERY.c.workspace_id == copilot.id
            connection.execute(update(DELIVERY).where(here).values(cause=DELIVERY.c.cause))
        return Response("ok")

    httpserver.expect_request("/hook").respond_with_handler(take)
    alice.post("/channels", {"kind": "slack", "target": httpserver.url_for("/hook")})
    copilot.alerts(1)
    assert copilot.deliver().sent == 2


def test_who_dies_between_claim_and_finish_loses_nothing_and_the_id_stays(copilot: Organisation, post: Post) -> None:
    copilot.alerts(1)
    abandoned = claim(copilot.takehold.database, copilot.id, NOW)
    assert abandoned
    assert copilot.deliver().sent == 0
    copilot.claims_run_out()
    assert copilot.deliver().sent == 1
    assert [mail["Message-ID"] for mail in post.mails()] == [f"<{abandoned.delivery}@example.com>"]
    assert [(sent.delivery, sent.attempt) for sent in copilot.told(DeliverySent)] == [(abandoned.delivery, 2)]


def test_a_message_sent_after_its_claim_ran_out_is_recorded_by_the_successor_alone(
    org: Organisation, alice: Caller, httpserver: HTTPServer
) -> None:
    """The claimant is overtaken while it sends: its successor has the delivery, and what it records stands alone."""
    claims = []

    def overtake(_: Request) -> Response:
        org.claims_run_out()
        claims.append(claim(org.takehold.database, org.id, NOW))
        return Response("ok")

    httpserver.expect_request("/hook").respond_with_handler(overtake)
    alice.post("/channels", {"kind": "slack", "target": httpserver.url_for("/hook")})
    org.launch("copilot", {"sales": SELLERS}, manager=None)
    org.alerts(1)
    org.deliver()
    (successor,) = claims
    assert successor
    assert org.told(DeliverySent) == []
    (row,) = org.deliveries()
    assert (row.delivery_id, row.epoch) == (successor.delivery, successor.epoch)
