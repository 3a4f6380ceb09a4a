"""Followers are killed wherever they wrote anything, and meet events that they cannot apply."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import requests
from sqlalchemy import insert, select

from events.appending import append
from events.chain import link
from events.envelope import NewEvent, Who
from events.interning import intern_feature, intern_source
from events.log import head
from events.tables import EVENT, FOLLOWER
from events.types.change import ChangeLaunched, Terms
from events.types.trust import FactWithdrawn
from events.usage_log import Observation, record
from service.readmodels.changes import Changes
from service.readmodels.registry import READMODELS
from service.takehold import Takehold
from tests.events.cast import until
from tests.faults.office import facts, launch
from tests.faults.processes import ROOT, Web, Worker
from tests.faults.stores import HOME, Store, fresh_store
from tests.faults.trust import assert_trusted, followed
from tests.service.api.office import Office
from tests.service.readmodels.history import history

_TELLER = Who(actor="teller", via="api")
_SEEN_SECONDS = 60
"""How soon a stopped read model must be visible."""


def run(engine: str, full: bool) -> list[str]:
    """Deaths over 2,000 events and observations in steps of 20; then both kinds of poison. Short: over 40."""
    return [killed_at_every_boundary(engine, *((2_000, 20) if full else (40, 40))), poisoned(engine, full)]


def killed_at_every_boundary(engine: str, number: int, limit: int) -> str:
    """A follower, or a rebuild, dies before and after each commit and is started again: rebuilt = live."""
    begun = time.monotonic()
    with fresh_store(engine) as store:
        with store.opened() as takehold:
            _tell(takehold, number)
            _observe(takehold, number)
        died = subprocess.run(
            [sys.executable, "-m", "tests.faults.elsewhere", "die_often", store.url, str(limit)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=900,
            check=False,
        )
        assert died.returncode == 0, died.stderr[-2000:]
        deaths = int(died.stdout.split()[-1])
        # Two deaths a step, of the followers and of each rebuild.
        assert deaths >= 2 * (number // limit) * (1 + len(READMODELS))
        with store.opened() as takehold:
            events, observations = assert_trusted(takehold)
    return f"{deaths} deaths over {events} events and {observations} observations in {time.monotonic() - begun:.0f} s"


def poisoned(engine: str, full: bool) -> str:
    """An event that one read model cannot apply stops that one; one that is newer stops all; both can be seen."""
    with fresh_store(engine) as store:
        with store.opened() as takehold:
            launch(takehold)
        with _served(store) as web:
            begun = time.monotonic()
            with store.opened() as takehold:
                followed(takehold)
                _choke_changes(takehold)
                _seen_stopped(web, {Changes.name})
                alone = time.monotonic() - begun
                _others_go_on(takehold, web, store.key())
                begun = time.monotonic()
                newer = _append_newer(takehold)
                everybody = {model.name for model in READMODELS}
                _seen_stopped(web, everybody)
                reasons = _reasons(takehold)
                newest = time.monotonic() - begun
    assert "position" in reasons.pop(Changes.name)
    assert set(reasons) == everybody - {Changes.name}
    assert all(
        "version 99 is newer than this program" in why and f"position {newer}" in why for why in reasons.values()
    )
    assert not full or max(alone, newest) < _SEEN_SECONDS
    return f"one poisoned read model seen after {alone:.1f} s, a newer event after {newest:.1f} s; the others went on"


@contextmanager
def _served(store: Store) -> Iterator[Web]:
    web, worker = Web(store), Worker(store)
    try:
        for process in (web, worker):
            process.start()
        for process in (web, worker):
            process.ready()
        yield web
    finally:
        for process in (web, worker):
            process.end()


def _tell(takehold: Takehold, number: int) -> None:
    """A history that every read model has something to do with, facts withdrawn from it among them."""
    chance = random.Random(number)
    sealed = takehold.vault.seal(HOME, "by mistake")
    told = [NewEvent(stream=s, event=e, occurred_at=at) for s, e, at in history(cast(Office, SimpleNamespace()))]
    with takehold.database.write("events", HOME) as connection:
        recorded = append(connection, HOME, [*told, *facts(chance, number)], _TELLER)
        taken_back = [
            NewEvent(
                stream=one.stream,
                event=FactWithdrawn(event_id=one.event_id, reason=sealed),
                occurred_at=one.occurred_at,
            )
            for one in chance.sample(recorded[len(told) :], number // 10)
        ]
        append(connection, HOME, taken_back, _TELLER)


def _observe(takehold: Takehold, number: int) -> None:
    chance, begin = random.Random(number), datetime(2026, 3, 1, tzinfo=UTC)
    with takehold.database.write("usage", HOME) as connection:
        source = intern_source(connection, HOME, "copilot").number
        features = [intern_feature(connection, HOME, "copilot", name) for name in ("chat", "search")]
        seen = [
            Observation(
                source,
                chance.randrange(1, 50),
                chance.choice(features),
                str(index),
                int((begin + timedelta(minutes=chance.randrange(20_000))).timestamp() * 1000),
            )
            for index in range(number)
        ]
        record(connection, HOME, seen, int((begin + timedelta(days=15)).timestamp() * 1000))


def _choke_changes(takehold: Takehold) -> None:
    """A change is launched under the id of another, which no command would record."""
    with takehold.database.read() as connection:
        launched = connection.execute(select(EVENT.c.stream).where(EVENT.c.type == ChangeLaunched.wire)).first()
    assert launched is not None
    terms = Terms(name="Twice", go_live=date(2026, 3, 2), zone="UTC", target_rate=0.8, target_by=date(2026, 9, 1))
    twice = ChangeLaunched(change=launched.stream, key="twice", terms=terms)
    with takehold.database.write("events", HOME) as connection:
        append(connection, HOME, [NewEvent(stream=uuid4(), event=twice, occurred_at=datetime.now(UTC))], _TELLER)


def _append_newer(takehold: Takehold) -> int:
    """An event as a newer program would append it; its position."""
    with takehold.database.write("events", HOME) as connection:
        append(connection, HOME, facts(random.Random(1), 1), _TELLER)
        position, previous, at = head(connection, HOME)
        row: dict[str, Any] = dict(
            connection.execute(select(EVENT).where(EVENT.c.workspace_id == HOME, EVENT.c.position == position))
            .one()
            ._mapping
        )
        row |= {"position": position + 1, "stream": uuid4(), "stream_version": 1, "event_id": uuid4()}
        row |= {"schema_version": 99, "recorded_at": at}
        connection.execute(insert(EVENT).values(**row | {"hash": link(previous, row)}))
    return position + 1


def _seen_stopped(web: Web, expected: set[str]) -> None:
    """Waits until those are told as stopped, to people and to Prometheus."""
    seen: dict[str, set[str]] = {"health": set(), "metrics": set()}
    for _ in until(lambda: seen["health"] == seen["metrics"] == expected, _SEEN_SECONDS):
        ready = requests.get(f"{web.url}/health/ready", timeout=30)
        # A stopped read model makes nothing unready: there is much that does not need it.
        assert ready.status_code == 200
        seen["health"] = set(ready.json()["stopped"])
        lines = requests.get(f"{web.url}/metrics", timeout=30).text.splitlines()
        gauges = [line for line in lines if line.startswith("takehold_follower_stopped{") and line.endswith(" 1.0")]
        seen["metrics"] = {line.split('follower="')[1].split('"')[0] for line in gauges}
        time.sleep(0.05)


def _others_go_on(takehold: Takehold, web: Web, key: str) -> None:
    """What is recorded afterwards reaches every other read model, and is chained to what came before."""
    step = {
        "id": "s1",
        "person": "p1",
        "course": "basics",
        "status": "completed",
        "occurred_at": "2026-03-02T09:00:00Z",
    }
    answer = requests.post(
        f"{web.url}/api/v1/trainings", json={"events": [step]}, headers={"Authorization": f"Bearer {key}"}, timeout=30
    )
    assert (answer.status_code, answer.json()["stored"]) == (200, 1)
    names = {model.name for model in READMODELS} - {Changes.name}
    for _ in until(lambda: not _behind(takehold, names)):
        time.sleep(0.05)


def _behind(takehold: Takehold, names: set[str]) -> set[str]:
    with takehold.database.read() as connection:
        last = head(connection, HOME)[0]
        rows = connection.execute(select(FOLLOWER).where(FOLLOWER.c.workspace_id == HOME)).all()
    return {row.name for row in rows if row.name in names and row.position < last}


def _reasons(takehold: Takehold) -> dict[str, str]:
    with takehold.database.read() as connection:
        rows = connection.execute(select(FOLLOWER.c.name, FOLLOWER.c.stopped).where(FOLLOWER.c.stopped.is_not(None)))
        return {row.name: row.stopped for row in rows}
