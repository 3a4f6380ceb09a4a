"""Monthly users and "adopted = 4 of 28 days" by day and role, beside bare arithmetic and beside plain SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from time import perf_counter

import numpy as np

from benchmarks.crowd import Crowd, Ints, Kernel, crowd
from benchmarks.crowd_stores import CHANGE, fill, fill_plain
from benchmarks.distinct import sql
from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Report, compare, paired, seconds
from benchmarks.ingest import organisation
from benchmarks.server import Client, serving
from service.commands.changes import load_change
from service.queries.adoption import ChangeUsage
from service.queries.view import view
from service.takehold import Takehold

BUDGET = 3.0
"""The same answer through the API may take so many times the bare arithmetic."""

Series = tuple[Ints, Ints]
"""Monthly users and adopted, each [days, roles]."""


def run(bench: Bench) -> Report:
    """On SQLite; the plain SQL on both engines."""
    if bench.quick:
        drawn = (20_000, 300, 3, 40)
    else:
        drawn = (10_000_000, 100_000, 40, 180) if bench.large else (1_000_000, 20_000, 10, 180)
    here = crowd(*drawn, last_day=datetime.now(UTC).date().toordinal() - 1)
    takehold, key = organisation(bench, "sqlite", role="viewer")
    report = Report([], [])
    try:
        fill(takehold, here)
        with serving(takehold.settings.database_url, takehold.settings.keys) as port:
            _beside_kernel(bench, report, here, "query function", lambda: _through_function(takehold, here), None)
            _beside_kernel(bench, report, here, "HTTP", lambda: _over_http(port, key, here), BUDGET)
            for engine in ENGINES:
                _beside_sql(bench, report, here, lambda: _over_http(port, key, here), engine)
        return report
    finally:
        takehold.close()


def _over_http(port: int, key: str, crowd: Crowd) -> Series:
    """One request a role; each answers both series, and all else the API says about adoption."""
    # Connected anew: while the peers are filled and measured, the server closes a connection that says nothing.
    client = Client(port, key)
    last = date.fromordinal(crowd.first_day + crowd.days - 1)
    span = f"from={date.fromordinal(crowd.first_day)}&to={last}"
    answers = [client.get(f"/changes/{CHANGE}/adoption?role=role{n}&{span}")["series"] for n in range(crowd.roles)]
    client.close()
    monthly, adopted = ([[point[name] for point in series] for series in answers] for name in ("mau", "adopted"))
    return np.array(monthly).T, np.array(adopted).T


def _through_function(takehold: Takehold, crowd: Crowd) -> Series:
    """The query as a page asks it: loaded once, then every role."""
    days = range(crowd.first_day, crowd.first_day + crowd.days)
    with takehold.database.read() as connection:
        seen = view(connection, takehold.workspace())
        change = load_change(connection, "default", CHANGE)
        usage = ChangeUsage(seen, change)
        answers = [usage.days(role, days) for role in change.roles.values()]
    monthly = [[day.mau for day in series] for series in answers]
    adopted = [[day.point.adopted for day in series] for series in answers]
    return np.array(monthly).T, np.array(adopted).T


def _size(crowd: Crowd) -> str:
    return f"{len(crowd.account):,} observations, {crowd.people:,} people, {crowd.roles} roles, {crowd.days} days"


def _beside_kernel(
    bench: Bench, report: Report, crowd: Crowd, way: str, ask: Callable[[], Series], budget: float | None
) -> None:
    kernel = Kernel(crowd)
    start = perf_counter()
    answers = ask()
    first = perf_counter() - start
    for mine, bare in zip(answers, (kernel.monthly(), kernel.adopted()), strict=True):
        assert np.array_equal(mine, bare)
    report.checked.append(f"adoption: {way} = bare kernel, {crowd.days} days x {crowd.roles} roles, both series")
    pairs = paired(
        1 if bench.quick else 6,
        lambda _: seconds(ask),
        lambda _: seconds(lambda: (kernel.monthly(), kernel.adopted())),
    )
    name = f"MAU and adopted series, all roles, {way}"
    note = f"{_size(crowd)}; the first time, with nothing kept, {first * 1000:,.0f} ms"
    report.figures.append(compare(name, "bare kernel", pairs, "ms", budget=budget, note=note))


def _beside_sql(bench: Bench, report: Report, crowd: Crowd, ask: Callable[[], Series], engine: Engine) -> None:
    url = bench.fresh(engine)
    fill_plain(engine, url, crowd)
    # Each with a whole window behind it; every day costs about the same, so all days cost days / 3 times as much.
    days = [crowd.days // 4, crowd.days // 2, crowd.days - 1]
    with sql(engine, url, crowd) as plain:

        def of_all_days() -> list[tuple[list[int], list[int]]]:
            return [(plain.monthly(day), plain.adopted(day)) for day in days]

        monthly, adopted = ask()
        assert of_all_days() == [(monthly[day].tolist(), adopted[day].tolist()) for day in days]
        report.checked.append(f"adoption: HTTP = COUNT(DISTINCT) on {engine}, {len(days)} days x {crowd.roles} roles")
        scale = crowd.days / len(days)
        pairs = paired(1 if bench.quick else 4, lambda _: seconds(ask), lambda _: seconds(of_all_days) * scale)
    name = "MAU and adopted series, all roles, HTTP"
    note = f"the peer: {len(days)} of {crowd.days} days measured, scaled"
    report.figures.append(compare(name, f"COUNT(DISTINCT), {engine}", pairs, "ms", note=note))
