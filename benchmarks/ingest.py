"""Usage over HTTP, durable and deduplicated, beside rows that are merely inserted and beside servers of others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice

from sqlalchemy import func, select

from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Report, compare, in_turns
from benchmarks.floors import copy, executemany
from benchmarks.ingest_sides import Floor, Peers, Served, Side
from benchmarks.load import SIZE, batches
from benchmarks.server import Client, serving_apart
from events.activity import NAME, unpack
from events.database import Database
from events.tables import ACTIVITY, FOLLOWER, USAGE
from events.usage_log import last_seq
from service.organisation import create_workspace, issue_key
from service.settings import Settings
from service.takehold import Takehold

SHAPES = {1: (1, 4), 2: (4,)}
"""By web processes: clients."""
_BUDGET = {"sqlite": 2.0, "postgres": 3.0}
_FOLLOW_SECONDS = 120


def run(bench: Bench) -> Report:
    """Both engines; one web process with one client and with four, two processes with four."""
    report = Report([], [])
    with ExitStack() as stack:
        peers = Peers(bench, stack, report)
        for engine in ENGINES:
            _engine(bench, engine, peers, report)
        report.checked.extend(peers.complete())
    return report


def organisation(bench: Bench, engine: Engine, role: str = "app") -> tuple[Takehold, str]:
    """An empty workspace and a key to it; the caller closes the service."""
    takehold = Takehold(Settings(database_url=bench.fresh(engine), keys_url=bench.keys()))
    create_workspace(takehold)
    return takehold, issue_key(takehold, "default", role, "app")


def post_all(port: int, key: str, clients: int, bodies: Sequence[bytes]) -> int:
    """Posts batches, dealt out to so many connections at once; how many observations were acknowledged as stored."""

    def post(mine: Sequence[bytes]) -> int:
        client = Client(port, key)
        try:
            return sum(client.post_gzip("/usage", body)["stored"] for body in mine)
        finally:
            client.close()

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(post, [bodies[number::clients] for number in range(clients)]))


def await_follower(database: Database) -> None:
    """Until all that is stored is in the activity sets."""
    deadline = time.monotonic() + _FOLLOW_SECONDS
    while time.monotonic() < deadline:
        with database.read() as connection:
            place = connection.scalar(select(FOLLOWER.c.position).where(FOLLOWER.c.name == NAME))
            if place == last_seq(connection, "default"):
                return
        time.sleep(0.02)
    raise RuntimeError("the follower did not catch up")


def _engine(bench: Bench, engine: Engine, peers: Peers, report: Report) -> None:
    rounds, count = (1, 3) if bench.quick else (8, 60)
    takehold, key = organisation(bench, engine)
    plain = bench.fresh(engine)
    inserting = executemany(engine, plain, USAGE) if engine == "sqlite" else copy(plain, USAGE)
    total = count * rounds * sum(map(len, SHAPES.values()))
    made, acknowledged = batches(total), 0
    try:
        with inserting as insert:
            floor = Floor("executemany" if engine == "sqlite" else "COPY binary", _BUDGET[engine], insert)
            for processes, crowds in SHAPES.items():
                with serving_apart(takehold.settings.database_url, takehold.settings.keys, processes) as service:

                    def post(clients: int, bodies: Sequence[bytes], port: int = service.port) -> int:
                        return post_all(port, key, clients, bodies)

                    def follow() -> None:
                        if not bench.quick:
                            await_follower(takehold.database)

                    ours = Served(post, follow)
                    for clients in crowds:
                        work = [list(islice(made, count)) for _ in range(rounds)]
                        sides: list[Side] = [floor, *peers.sides]
                        runs = [ours.prepare(work, clients), *(side.prepare(work, clients) for side in sides)]
                        taken = in_turns(rounds, runs)
                        name = f"ingest over HTTP, {engine}, {_many(processes, 'process')}, {_many(clients, 'client')}"
                        for place, side in enumerate(sides, start=1):
                            pairs = [(times[0], times[place]) for times in taken]
                            report.figures.append(
                                compare(name, side.name, pairs, "rows/s", count * SIZE, side.budget, side.note)
                            )
                    await_follower(takehold.database)
                    acknowledged += ours.stored
        report.checked.append(_complete(takehold.database, engine, acknowledged, total * SIZE))
    finally:
        takehold.close()


def _many(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}{'es' if what.endswith('s') else 's'}"


def _complete(database: Database, engine: Engine, acknowledged: int, posted: int) -> str:
    """Raises AssertionError unless posted = acknowledged = stored = counted in the activity sets."""
    with database.read() as connection:
        stored = connection.scalar(select(func.count()).select_from(USAGE))
        rows = connection.execute(select(ACTIVITY.c.accounts, ACTIVITY.c.counts))
        counted = sum(int(unpack(row.accounts, row.counts)[1].sum()) for row in rows)
    assert posted == acknowledged == stored == counted, (posted, acknowledged, stored, counted)
    return f"ingest, {engine}: {posted:,} posted = acknowledged = stored = counted in the activity sets"
