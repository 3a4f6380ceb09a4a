from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, text, update

from events.types.reinforcement import ReminderRaised
from service.directory.announce import Announced
from service.directory.tables import PERSON
from service.organisation import create_workspace
from service.settings import Settings
from service.takehold import Takehold
from service.worker.loop import Worker, tick
from service.worker.tables import CHORE
from tests.notifiers.receivers import Post
from tests.service.worker.cast import DORA, NOW, PATIENCE, SELLERS, Organisation, eventually


@pytest.fixture
def worker(takehold: Takehold) -> Iterator[Worker]:
    """Not started yet; its clock stands at NOW when the test begins."""
    with time_machine.travel(NOW):
        yield Worker(takehold)


def failures(takehold: Takehold, task: str) -> int:
    """As any other process sees them."""
    with takehold.database.read() as connection:
        return sum(connection.scalars(select(CHORE.c.failures).where(CHORE.c.name == task)))


def test_a_tick_follows_evaluates_and_delivers_at_any_instant(fresh: Organisation, post: Post) -> None:
    fresh.everybody_but(DORA)
    before = tick(fresh.takehold, NOW - timedelta(weeks=8))["default"]
    assert (before[0].raised, before[1].sent) == (0, 0)
    evaluated, delivered = tick(fresh.takehold, NOW)["default"]
    assert (evaluated.raised, delivered.sent) == (1, 1)
    assert fresh.told(ReminderRaised)[0].due == NOW
    assert len(post.envelopes) == 1


def test_the_command_tick_says_what_it_did(
    fresh: Organisation, settings: Settings, another_process: Callable[..., Any]
) -> None:
    fresh.everybody_but(DORA)
    process = another_process(settings, "tests.service.worker.takehold", "tick", "--at", NOW.isoformat(), "--json")
    said = json.loads(process.stdout.read())
    assert said == {"default": {"raised": 1, "dropped": 0, "released": 0, "sent": 1, "failed": 0, "retried": 0}}


def test_the_command_tick_refuses_an_instant_without_a_zone() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.service.worker.takehold", "tick", "--at", "2026-05-05T10:00:00"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a time zone" in done.stderr


def test_a_worker_survives_rounds_that_fail_and_counts_them(fresh: Organisation, worker: Worker, post: Post) -> None:
    """Its table is gone for a while, as under a migration that went wrong."""
    fresh.alerts(1)
    database, before = fresh.takehold.database, failures(fresh.takehold, "deliver")

    def rename(old: str, new: str) -> None:
        with database.write("events", "default") as connection:
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    rename("delivery", "mislaid")
    worker.start()
    eventually(lambda: failures(fresh.takehold, "deliver") > before)
    rename("mislaid", "delivery")
    eventually(lambda: fresh.deliveries("sent"))
    worker.stop()
    assert len(post.envelopes) == 1


def test_a_workspace_that_fails_does_not_starve_the_others(fresh: Organisation, worker: Worker, post: Post) -> None:
    """In `default`, which comes first, dora's zone is one that this machine does not know."""
    fresh.everybody_but(DORA)
    with fresh.takehold.database.write("work", "default") as connection:
        connection.execute(
            update(PERSON).where(PERSON.c.person_id == fresh.people[DORA]).values(zone="Europe/Atlantis")
        )
    create_workspace(fresh.takehold, "elsewhere", zone="Europe/Berlin")
    other = Organisation(fresh.takehold, "elsewhere")
    other.hire(*(Announced(name, email=f"{name}@elsewhere.example") for name in [*SELLERS, "mara"]))
    other.launch("copilot", {"sales": SELLERS})
    other.everybody_but(DORA)
    before = failures(fresh.takehold, "evaluate")
    worker.start()
    eventually(lambda: other.deliveries("sent"))
    worker.stop()
    assert failures(fresh.takehold, "evaluate") > before
    assert [mail["To"] for mail in post.mails()] == ["p12@elsewhere.example"]
    assert fresh.told(ReminderRaised) == []


def test_a_worker_that_is_stopped_finishes_the_message_in_flight_and_begins_no_other(
    fresh: Organisation, worker: Worker, slow_post: Any
) -> None:
    fresh.alerts(3)
    worker.start()
    assert slow_post.arrived.wait(PATIENCE)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    eventually(worker._stopped.is_set)
    assert stopping.is_alive()
    slow_post.gate.set()
    stopping.join(PATIENCE)
    assert not stopping.is_alive()
    assert len(fresh.deliveries("sent")) == 1
    assert len(fresh.deliveries("due")) == 2
