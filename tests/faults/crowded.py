"""Three web processes and two workers on one store, and eight clients that write without pause."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import requests

from tests.faults.office import PEOPLE, launch
from tests.faults.processes import Web, Worker
from tests.faults.stores import Store, fresh_store
from tests.faults.trust import assert_trusted

CLIENTS = 8
_FAIR_SECONDS = 20


def run(engine: str, full: bool) -> list[str]:
    """Eight clients for 20 s; short: 15 writes each, and nothing is said about who got how many turns."""
    with fresh_store(engine) as store:
        with store.opened() as takehold:
            launch(takehold)
        with _served(store) as addresses:
            key = store.key()
            start = Barrier(CLIENTS)
            begun = time.monotonic()
            with ThreadPoolExecutor(CLIENTS) as pool:
                clients = [
                    pool.submit(_write, number, addresses, key, start, None if full else 15)
                    for number in range(CLIENTS)
                ]
                answers = [client.result() for client in clients]
            seconds = time.monotonic() - begun
        with store.opened() as takehold:
            events, observations = assert_trusted(takehold)
    total = sum(answers, Counter[str]())
    assert set(total) <= {"written", "busy"}, total
    turns = [answer["written"] for answer in answers]
    assert min(turns) > 0
    assert events + observations >= sum(turns)
    if full and engine == "sqlite":
        assert 2 * min(turns) >= max(turns), f"turns of the clients: {turns}"
    return [
        f"3 web, 2 worker, {CLIENTS} clients: {total['written']} writes in {seconds:.0f} s, {total['busy']} busy, "
        f"slowest {min(turns)}, fastest {max(turns)}, nobody saw a lock; {events} events, {observations} observations"
    ]


@contextmanager
def _served(store: Store) -> Iterator[Sequence[str]]:
    webs, workers = [Web(store) for _ in range(3)], [Worker(store) for _ in range(2)]
    everybody: list[Web | Worker] = [*webs, *workers]
    try:
        for process in everybody:
            process.start()
        for process in everybody:
            process.ready()
        yield [web.url for web in webs]
    finally:
        for process in everybody:
            process.end()


def _write(number: int, addresses: Sequence[str], key: str, start: Barrier, writes: int | None) -> Counter[str]:
    """Facts and observations in turn, each to the next address; what they were answered with."""
    told: Counter[str] = Counter()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    start.wait()
    begun = time.monotonic()
    for index in itertools.count():
        if index == writes or (writes is None and time.monotonic() - begun > _FAIR_SECONDS):
            return told
        url = f"{addresses[(number + index) % len(addresses)]}/api/v1"
        item = {"id": f"{number}-{index}", "occurred_at": "2026-03-02T09:00:00Z"}
        if index % 2:
            body = {"person": PEOPLE[number], "course": "basics", "status": "completed"}
            answer = session.post(f"{url}/trainings", json={"events": [item | body]}, timeout=60)
        else:
            item["occurred_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            use = {"app": "copilot", "feature": "chat", "actor": PEOPLE[number]}
            answer = session.post(f"{url}/usage", json={"events": [item | use]}, timeout=60)
        if answer.ok and answer.json()["stored"] == 1:
            told["written"] += 1
        elif answer.status_code == 503 and answer.json()["code"] == "busy":
            told["busy"] += 1
        else:
            told[f"{answer.status_code} {answer.text}"] += 1
    raise AssertionError("never comes here")
