"""How long after the acknowledgement a use shows in adoption, while ingest runs at half of its peak."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from threading import Event, Thread

from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Figure, Report, seconds
from benchmarks.ingest import organisation, post_all
from benchmarks.load import SIZE, batches
from benchmarks.server import Client, serving

BUDGET_SECONDS = 2.0
_PEOPLE = 20
_PEAK_BATCHES = 60
_GIVE_UP_SECONDS = 60
_POLL_SECONDS = 0.02


def run(bench: Bench) -> Report:
    """Both engines, SQLite alone when quick. Every use is its person's first, so the account must be linked as well."""
    report = Report([], [])
    bodies = [batch.body for batch in batches(12 if bench.quick else _PEAK_BATCHES + 1400)]
    for engine in ENGINES[:1] if bench.quick else ENGINES:
        report.figures.append(_engine(bench, engine, bodies))
        report.checked.append(f"lag, {engine}: adoption rose by one with every use")
    return report


def _engine(bench: Bench, engine: Engine, bodies: Sequence[bytes]) -> Figure:
    probes = 1 if bench.quick else 12
    takehold, key = organisation(bench, engine, role="admin")
    takehold.close()
    first = 4 if bench.quick else _PEAK_BATCHES
    peak, rest = bodies[:first], bodies[first:]
    with serving(takehold.settings.database_url, takehold.settings.keys) as port:
        client = Client(port, key)
        _launch(client)
        half = len(peak) * SIZE / seconds(lambda: post_all(port, key, 1, peak)) / 2
        lags = []
        with _flood(port, key, rest, half) as posted:
            for number in range(probes):
                lags.append(_lag(client, number))
                # Rounds of the follower begin every second; uses come at all points in between.
                time.sleep(0.13 * (number % 3))
            rate = posted()
        client.close()
    note = f"slowest of {probes}, median {median(lags):.2f} s; ingest ran at {rate:,.0f} rows/s, wanted {half:,.0f}"
    slowest = max(lags)
    name = f"lag from acknowledged to visible, {engine}"
    return Figure(name, "s", slowest, "the budget", BUDGET_SECONDS, slowest / BUDGET_SECONDS, budget=1.0, note=note)


def _launch(client: Client) -> None:
    people = [{"external_id": f"probe{n}", "name": f"Probe {n}"} for n in range(_PEOPLE)]
    assert client.post("/people", people)["stored"] == _PEOPLE
    today = datetime.now(UTC).date()
    client.post(
        "/changes",
        {
            "key": "probed",
            "name": "Probed",
            "go_live": str(today - timedelta(days=60)),
            "target": {"rate": 0.8, "by": str(today + timedelta(days=60))},
            "adoption": {"features": [{"app": "probed"}]},
        },
    )
    client.post("/changes/probed/roles", {"key": "all", "name": "All"})
    for n in range(_PEOPLE):
        client.put(f"/changes/probed/roles/all/members/probe{n}", {"from": str(today - timedelta(days=90))})


def _lag(client: Client, number: int) -> float:
    """Seconds from the acknowledged use of one more person, yesterday, to a reading of adoption that counts it."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    use = {"id": f"use{number}", "app": "probed", "feature": "any", "actor": f"probe{number}"}
    assert client.post("/usage", {"events": [use | {"occurred_at": noon.isoformat()}]})["stored"] == 1
    start = time.perf_counter()
    ask = f"/changes/probed/adoption?role=all&from={noon.date()}&to={noon.date()}"
    while (took := time.perf_counter() - start) < _GIVE_UP_SECONDS:
        if client.get(ask)["series"][0]["dau"] == number + 1:
            return time.perf_counter() - start
        time.sleep(_POLL_SECONDS)
    raise RuntimeError(f"not visible after {took:.0f} s")


@contextmanager
def _flood(port: int, key: str, work: Sequence[bytes], rate: float) -> Iterator[Callable[[], float]]:
    """Posts batches at `rate` rows a second until told to stop or out of work; yields a way to ask the rate reached."""
    stop, done = Event(), 0
    start = time.perf_counter()
    ended = start

    def post() -> None:
        nonlocal done, ended
        client = Client(port, key)
        for number, body in enumerate(work):
            if stop.wait(max(0.0, start + number * SIZE / rate - time.perf_counter())):
                break
            client.post_gzip("/usage", body)
            done, ended = number + 1, time.perf_counter()
        client.close()

    thread = Thread(target=post)
    thread.start()
    try:
        yield lambda: done * SIZE / (ended - start)
    finally:
        stop.set()
        thread.join()
