"""Usage over HTTP, durable and deduplicated, beside rows that are merely inserted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from sqlalchemy import func, select

from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Figure, Report, compare, paired, seconds
from benchmarks.load import SIZE, Batch, batches
from benchmarks.peers import copy, each, executemany
from benchmarks.server import Client, serving
from events.activity import NAME, unpack
from events.database import Database
from events.tables import ACTIVITY, FOLLOWER, USAGE
from events.usage_log import last_seq
from service.organisation import create_workspace, issue_key
from service.settings import Settings
from service.takehold import Takehold

CLIENTS = (1, 4)
BUDGET = {"sqlite": 2.0, "postgres": 3.0}
_PEER = {"sqlite": "executemany", "postgres": "COPY binary"}
_FOLLOW_SECONDS = 120


def run(bench: Bench) -> Report:
    """Both engines, one client and four."""
    report = Report([], [])
    for engine in ENGINES:
        figures, checked = _engine(bench, engine)
        report.figures.extend(figures)
        report.checked.append(checked)
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


def _engine(bench: Bench, engine: Engine) -> tuple[list[Figure], str]:
    rounds, count = (1, 3) if bench.quick else (8, 60)
    takehold, key = organisation(bench, engine)
    plain = bench.fresh(engine)
    inserting = executemany(engine, plain, USAGE) if engine == "sqlite" else copy(plain, USAGE)
    made = batches(count * rounds * len(CLIENTS))
    acknowledged = 0
    figures = []
    try:
        with inserting as insert, serving(takehold.settings.database_url, takehold.settings.keys) as port:
            for clients in CLIENTS:
                work = [list(islice(made, count)) for _ in range(rounds)]

                def ours(number: int, clients: int = clients, work: list[list[Batch]] = work) -> float:
                    nonlocal acknowledged
                    start = time.perf_counter()
                    acknowledged += post_all(port, key, clients, [batch.body for batch in work[number]])
                    took = time.perf_counter() - start
                    if not bench.quick:
                        # Else our follower would still be at work while the peer is measured.
                        await_follower(takehold.database)
                    return took

                def theirs(number: int, work: list[list[Batch]] = work) -> float:
                    return seconds(lambda: each(insert, (batch.rows for batch in work[number])))

                name = f"ingest over HTTP, {engine}, {clients} client{'s' if clients > 1 else ''}"
                pairs = paired(rounds, ours, theirs)
                figures.append(compare(name, _PEER[engine], pairs, "rows/s", count * SIZE, BUDGET[engine]))
            await_follower(takehold.database)
        return figures, _complete(takehold.database, engine, acknowledged, count * rounds * len(CLIENTS) * SIZE)
    finally:
        takehold.close()


def _complete(database: Database, engine: Engine, acknowledged: int, posted: int) -> str:
    """Raises AssertionError unless posted = acknowledged = stored = counted in the activity sets."""
    with database.read() as connection:
        stored = connection.scalar(select(func.count()).select_from(USAGE))
        rows = connection.execute(select(ACTIVITY.c.accounts, ACTIVITY.c.counts))
        counted = sum(int(unpack(row.accounts, row.counts)[1].sum()) for row in rows)
    assert posted == acknowledged == stored == counted, (posted, acknowledged, stored, counted)
    return f"ingest, {engine}: {posted:,} posted = acknowledged = stored = counted in the activity sets"
