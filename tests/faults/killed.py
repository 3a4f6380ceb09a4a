"""Web and worker processes are killed without a word while clients write: what was acknowledged is there, once."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import select

from events.log import read
from events.tables import SOURCE, USAGE
from events.types.adkar import Assessed, StageRecorded
from events.types.change import MemberPlaced
from events.types.training import TrainingRecorded
from events.usage_log import dedupe_key
from service.directory.people import find
from service.takehold import Takehold
from tests.events.cast import until
from tests.faults.clients import Client
from tests.faults.insisting import Crowd, Sender
from tests.faults.office import PEOPLE, launch
from tests.faults.processes import Process, Web, Worker
from tests.faults.stores import HOME, Store, fresh_store
from tests.faults.trust import assert_trusted

_SECONDS = 900
"""Bound of a run, however slow the machine; the full form takes about a third of it."""


def run(engine: str, full: bool) -> list[str]:
    """200 kills over at least 50,000 acknowledgements; short: 4 over 2,000."""
    kills, acknowledgements = (200, 50_000) if full else (4, 2_000)
    with fresh_store(engine) as store:
        with store.opened() as takehold:
            launch(takehold)
        key, clients = store.key(), list[Client]()

        def gather(addresses: Sequence[str]) -> Sequence[Client]:
            clients.extend(Client(number, addresses, key) for number in range(8))
            return clients

        begun = time.monotonic()
        crowd = write_and_kill(store, gather, kills, acknowledgements, webs=2 if full else 1)
        seconds = time.monotonic() - begun
        with store.opened() as takehold:
            _assert_each_once(takehold, clients)
            events, observations = assert_trusted(takehold)
    unanswered, busy = crowd.total("unanswered"), crowd.total("busy")
    assert unanswered or not full, "no request was hit by a kill"
    return [
        f"{kills} kills in {seconds:.0f} s, {crowd.total('acknowledged')} acknowledged, {unanswered} requests "
        f"unanswered, {busy} busy; stored once: {events} events, {observations} observations"
    ]


def write_and_kill(
    store: Store, gather: Callable[[Sequence[str]], Sequence[Sender]], kills: int, acknowledgements: int, webs: int
) -> Crowd:
    """Kills web and worker processes under senders, until so much is acknowledged at least.

    gather: makes the senders, given the addresses of the web processes. Raises AssertionError for a wrong answer.
    """
    served = [Web(store) for _ in range(webs)]
    worker = Worker(store)
    everybody: list[Web | Worker] = [*served, worker]
    for process in everybody:
        process.start()
    try:
        for process in everybody:
            process.ready()
        with Crowd(gather([web.url for web in served])) as crowd:
            _kill(everybody, kills, crowd)
            _go_on(crowd, acknowledgements, _SECONDS)
    finally:
        for process in everybody:
            process.end()
    assert crowd.wrong() == []
    assert crowd.total("acknowledged") >= acknowledgements
    return crowd


def _kill(everybody: list[Web | Worker], kills: int, crowd: Crowd) -> None:
    chance = random.Random(20260302)
    for number in range(kills):
        victim = everybody[number % len(everybody)]
        if chance.random() < 0.8:
            # The others are killed while they start.
            victim.ready()
        _go_on(crowd, crowd.total("acknowledged") + 1, seconds=120)
        time.sleep(chance.random() * 0.1)
        _kill_one(victim, only_child=number % 4 == 2)


def _go_on(crowd: Crowd, acknowledged: int, seconds: float) -> None:
    """Waits until so much is acknowledged, or something is wrong."""
    for _ in until(lambda: crowd.total("acknowledged") >= acknowledged or bool(crowd.wrong()), seconds):
        time.sleep(0.01)


def _kill_one(victim: Process, only_child: bool) -> None:
    # Its parent starts another child by itself.
    if only_child and victim.kill_child():
        return
    victim.kill()
    victim.start()


def _assert_each_once(takehold: Takehold, clients: Sequence[Client]) -> None:
    _assert_uses(takehold, clients)
    stored: Counter[object] = Counter()
    ids: dict[str, str] = {}
    with takehold.database.read() as connection:
        people = {id: name for name, id in find(connection, takehold.vault, HOME, PEOPLE).items()}
        position = 0
        while events := read(connection, HOME, position, 1000):
            position = events[-1].position
            for one in events:
                match one.event:
                    case Assessed(method=method):
                        stored[method] += 1
                        ids[method] = str(one.event_id)
                    case StageRecorded():
                        at = one.occurred_at.isoformat()
                        stored[at] += 1
                        ids[at] = str(one.event_id)
                    case TrainingRecorded(course=course):
                        stored[course] += 1
                    case MemberPlaced(person=person, start=start):
                        stored[people[person], start] += 1
    for client in clients:
        acknowledged: list[object] = [*client.told, *client.courses, *client.places]
        for name in acknowledged:
            times = stored.pop(name, 0)
            assert times == 1, f"{name} was acknowledged and is there {times} times"
        assert {name: ids[name] for name in client.told} == client.told
        assert [name for name in client.lost if stored.pop(name, 0) > 1] == []
    # Nothing is left: nobody sent it, or it was answered that nothing was stored.
    assert stored == {}


def _assert_uses(takehold: Takehold, clients: Sequence[Client]) -> None:
    with takehold.database.read() as connection:
        source = connection.scalar(select(SOURCE.c.source_id).where(SOURCE.c.workspace_id == HOME))
        kept = [bytes(k) for k in connection.scalars(select(USAGE.c.k).where(USAGE.c.workspace_id == HOME))]
    assert source is not None
    sent = {
        dedupe_key(source, name, int(at.timestamp()) * 1000) for client in clients for name, at in client.uses.items()
    }
    assert len(kept) == len(set(kept)) == len(sent)
    assert set(kept) == sent
