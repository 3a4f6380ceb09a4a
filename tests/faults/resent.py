"""The same ids again and again, from many at once, and after a year: each is stored once."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from flask import Flask
from sqlalchemy import func, select

from events.log import read
from events.tables import USAGE
from events.types.training import TrainingRecorded
from service.app import create_app
from service.organisation import issue_key
from service.takehold import Takehold
from tests.faults.office import PEOPLE, launch
from tests.faults.stores import HOME, fresh_store
from tests.faults.trust import assert_trusted
from tests.service.conftest import Caller

THREADS, TIMES, BATCH = 32, 5, 100
_NOW = datetime.now(UTC).replace(microsecond=0)
_YEAR, _MONTH, _TOO_LONG = timedelta(days=365), timedelta(days=30), timedelta(days=40)


def run(engine: str, full: bool) -> list[str]:
    """10,000 ids five times by 32 threads; short: 500."""
    number = 10_000 if full else 500
    with fresh_store(engine) as store, store.opened() as takehold:
        launch(takehold)
        app = create_app(takehold)
        key = issue_key(takehold, HOME, "admin")
        return [_facts(takehold, app, key, number), _uses(takehold, app, key, number)]


def _facts(takehold: Takehold, app: Flask, key: str, number: int) -> str:
    begun = time.monotonic()
    steps = [_step(index) for index in range(number)]
    told, busy = _send_all(app, key, "/trainings", _copies(steps))
    assert told == {"stored": number, "duplicate": (TIMES - 1) * number, "rejected": 0}
    with time_machine.travel(_NOW + _YEAR):
        again, _ = _send_all(app, key, "/trainings", [steps])
        assert again == {"stored": 0, "duplicate": number, "rejected": 0}
        others = [step | {"status": "failed"} for step in steps]
        refused = _answers(app, key, "/trainings", _batches(others))[0]
    reasons = Counter(item["reason"] for answer in refused for item in answer["items"])
    assert reasons == {"id_taken": number}
    assert _trainings(takehold) == {step["course"]: "completed" for step in steps}
    events, _ = assert_trusted(takehold)
    return (
        f"{number} facts sent {TIMES} times by {THREADS} threads and after a year: {number} stored, {busy} busy, "
        f"{number} of other content refused, {events} events in {time.monotonic() - begun:.0f} s"
    )


def _uses(takehold: Takehold, app: Flask, key: str, number: int) -> str:
    begun = time.monotonic()
    uses = [_use(index) for index in range(number)]
    told, busy = _send_all(app, key, "/usage", _copies(uses))
    assert told == {"stored": number, "duplicate": (TIMES - 1) * number, "rejected": 0}
    with time_machine.travel(_NOW + _MONTH):
        again, _ = _send_all(app, key, "/usage", [uses])
        # The same use is known by source, id and instant; the first that was told of it stands.
        altered, _ = _send_all(app, key, "/usage", [[use | {"count": 7} for use in uses]])
    assert again == altered == {"stored": 0, "duplicate": number, "rejected": 0}
    with time_machine.travel(_NOW + _TOO_LONG):
        late = _answers(app, key, "/usage", _batches(uses))[0]
    assert Counter(item["reason"] for answer in late for item in answer["items"]) == {"too_old": number}
    with takehold.database.read() as connection:
        mine = USAGE.c.workspace_id == HOME
        rows, actions = connection.execute(select(func.count(), func.sum(USAGE.c.count)).where(mine)).one()
    assert (rows, actions) == (number, number)
    assert assert_trusted(takehold)[1] == number
    return (
        f"{number} observations sent {TIMES} times by {THREADS} threads and after 30 days: {number} stored, "
        f"{busy} busy, all too old after {_TOO_LONG.days} days, in {time.monotonic() - begun:.0f} s"
    )


def _step(index: int) -> dict[str, Any]:
    person, course = PEOPLE[index % len(PEOPLE)], f"c{index}"
    return {"id": f"s{index}", "person": person, "course": course, "status": "completed", "occurred_at": _at(index)}


def _use(index: int) -> dict[str, Any]:
    actor = PEOPLE[index % len(PEOPLE)]
    return {"id": f"u{index}", "app": "copilot", "feature": "chat", "actor": actor, "occurred_at": _at(index)}


def _at(index: int) -> str:
    return (_NOW - timedelta(seconds=index)).isoformat()


def _copies(items: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    """The items in other orders, so that batches that hold the same id are not the same."""
    return [random.Random(number).sample(items, len(items)) for number in range(TIMES)]


def _batches(items: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def _send_all(
    app: Flask, key: str, path: str, copies: Sequence[Sequence[dict[str, Any]]]
) -> tuple[dict[str, int], int]:
    """Sends all copies at once; the sums of the answers, and how often an answer was busy."""
    batches = [batch for copy in copies for batch in _batches(copy)]
    random.Random(len(batches)).shuffle(batches)
    answers, busy = _answers(app, key, path, batches)
    names = ("stored", "duplicate", "rejected")
    return {name: sum(answer[name] for answer in answers) for name in names}, busy


def _answers(
    app: Flask, key: str, path: str, batches: Sequence[Sequence[dict[str, Any]]]
) -> tuple[list[dict[str, Any]], int]:
    def send(batch: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], int]:
        caller, busy = Caller(app.test_client(), key), 0
        while (answer := caller.post(path, {"events": batch})).status_code == 503:
            busy += 1
            assert busy < 100, "it never came to its turn"
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.get_json()
        return body, busy

    with ThreadPoolExecutor(THREADS) as pool:
        done = list(pool.map(send, batches))
    return [body for body, _ in done], sum(busy for _, busy in done)


def _trainings(takehold: Takehold) -> dict[str, str]:
    """Course -> status of every training that was recorded; each course once."""
    found: dict[str, str] = {}
    position = 0
    with takehold.database.read() as connection:
        while events := read(connection, HOME, position, 1000, types=[TrainingRecorded.wire]):
            position = events[-1].position
            for one in events:
                assert isinstance(one.event, TrainingRecorded)
                assert one.event.course not in found
                found[one.event.course] = one.event.status
    return found
