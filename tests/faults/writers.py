"""Many writers who hold their transactions open, a reader that tails the log, and a rebuild under way meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event

import requests

from events.followers import Overtaken
from events.log import head, read
from service.readmodels.rebuilding import rebuild
from service.readmodels.sources import Source, sources
from service.takehold import Takehold
from tests.events.cast import until
from tests.faults.elsewhere import WRITER
from tests.faults.office import launch
from tests.faults.processes import ROOT, Web, Worker
from tests.faults.stores import HOME, ZONE, Store, fresh_store
from tests.faults.trust import assert_trusted, in_silence

PROCESSES, THREADS = 2, 8
_LOCK_SECONDS = 5
_SLACK_SECONDS = 3
"""For everything else that a request does on two busy cores."""


def run(engine: str, full: bool) -> list[str]:
    """16 writers of 200 transactions of 100 events; short: 10 of 20. Then a holder of the lock that is stopped."""
    transactions, events = (200, 100) if full else (10, 20)
    return [crowd(engine, transactions, events), held(engine, full)]


def crowd(engine: str, transactions: int, events: int) -> str:
    """Nobody misses an event, positions have no gaps, and what is rebuilt meanwhile equals what is live."""
    total = PROCESSES * THREADS * transactions * events
    with fresh_store(engine) as store, store.opened() as takehold:
        worker = Worker(store)
        worker.start()
        try:
            worker.ready()
            begun = time.monotonic()
            done = Event()
            with ThreadPoolExecutor(2) as pool, _written(store, transactions, events) as writers:
                tail = pool.submit(_tail, takehold, done)
                rebuilds = pool.submit(_rebuild_again_and_again, takehold, done)
                turn = _ended(writers, done)
                done.set()
                missed = total - tail.result()
                number = rebuilds.result()
            seconds = time.monotonic() - begun
        finally:
            worker.end()
        assert missed == 0, f"{missed} events were missed"
        assert number, "no rebuild ended while they wrote"
        assert assert_trusted(takehold)[0] >= total
    return (
        f"{PROCESSES * THREADS} writers, {total} events in {seconds:.0f} s, 0 missed, {number} rebuilds meanwhile "
        f"equal to live, longest wait for a turn {turn:.1f} s"
    )


def held(engine: str, full: bool) -> str:
    """A process holds the lock and is stopped: whoever asks is told to come back, and soon."""
    with fresh_store(engine) as store:
        with store.opened() as takehold:
            launch(takehold)
        web, key = Web(store), store.key()
        web.start()
        try:
            web.ready()
            headers = {"Authorization": f"Bearer {key}"}
            # The first use of a key in a day is written down, which is a write like any other.
            assert requests.get(f"{web.url}/api/v1/changes", headers=headers, timeout=30).ok
            with _stopped_holder(store), ThreadPoolExecutor(8) as pool:
                begun = time.monotonic()
                asked = [pool.submit(_post_person, web.url, headers, number) for number in range(8)]
                read_meanwhile = requests.get(f"{web.url}/api/v1/changes", headers=headers, timeout=30)
                answers = [one.result() for one in asked]
                seconds = time.monotonic() - begun
            assert read_meanwhile.ok, read_meanwhile.text
            for answer in answers:
                assert (answer.status_code, answer.json().get("code")) == (503, "busy"), answer.text
                assert int(answer.headers["Retry-After"]) >= 1
            after = _post_person(web.url, headers, 0)
            assert after.ok, after.text
            assert not full or seconds < _LOCK_SECONDS + _SLACK_SECONDS, f"the last answer came after {seconds:.1f} s"
        finally:
            web.end()
    return f"the lock held by a stopped process: {len(answers)} of {len(answers)} answered 503 within {seconds:.1f} s"


def _post_person(url: str, headers: dict[str, str], number: int) -> requests.Response:
    people = [{"external_id": f"new{number}"}]
    return requests.post(f"{url}/api/v1/people", json=people, headers=headers, timeout=60)


@contextmanager
def _written(store: Store, transactions: int, events: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of writers, begun once all of them are ready."""
    command = [sys.executable, "-m", "tests.faults.elsewhere", "write", store.url, str(THREADS)]
    processes = [
        subprocess.Popen(
            [*command, str(transactions), str(events), str(seed)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.close()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()


def _ended(writers: list[subprocess.Popen[str]], done: Event) -> float:
    """Waits for the writers; the longest time that one took for its turn, in seconds."""
    turns = []
    try:
        for writer in writers:
            assert writer.wait(timeout=1800) == 0, "a writer failed"
            assert writer.stdout
            turns.append(float(writer.stdout.read().split()[-1]))
    except BaseException:
        # Or those who watch would wait for what never comes.
        done.set()
        raise
    return max(turns)


def _tail(takehold: Takehold, done: Event) -> int:
    """Reads as every reader does, `position > checkpoint`; how many of the writers' it saw, once they are done."""
    last = seen = 0
    while True:
        ended = done.is_set()
        with takehold.database.read() as connection:
            found = read(connection, HOME, last, 1000)
        assert [one.position for one in found] == list(range(last + 1, last + 1 + len(found))), "a gap"
        if found:
            # The worker may sign a head among them.
            last, seen = found[-1].position, seen + sum(one.actor == WRITER for one in found)
        elif ended:
            return seen
        else:
            Event().wait(0.002)


def _rebuild_again_and_again(takehold: Takehold, done: Event) -> int:
    """Rebuilds a read model until the writers are done; how many times it was compared and equal."""
    source: Source = sources(ZONE)["members"]
    number = 0
    for _ in until(lambda: done.is_set() or _begun(takehold), 120):
        Event().wait(0.002)
    while not done.is_set():
        with suppress(Overtaken):
            rebuilt = rebuild(takehold.database, HOME, source, in_silence)
            assert rebuilt.differing == 0, f"rebuilt differs from live: {rebuilt}"
            number += rebuilt.position > 0
    return number


def _begun(takehold: Takehold) -> bool:
    with takehold.database.read() as connection:
        return head(connection, HOME)[0] > 0


@contextmanager
def _stopped_holder(store: Store) -> Iterator[None]:
    """A process that holds the lock of the event log and does not run."""
    holder = subprocess.Popen(
        [sys.executable, "-m", "tests.events.another_process", "hold", store.url, "events"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == "ready\n"
            os.kill(holder.pid, signal.SIGSTOP)
            yield
        finally:
            holder.kill()
