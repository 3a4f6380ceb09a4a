"""Monthly users and "adopted = 4 of 28 days" by day and role, beside bare arithmetic, beside databases made for such
questions, and beside plain SQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Protocol

import numpy as np

from benchmarks.crowd import Crowd, Ints, Kernel, crowd
from benchmarks.crowd_stores import CHANGE, SOURCE, fill, fill_plain
from benchmarks.distinct import sql
from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Report, compare, paired, seconds
from benchmarks.ingest import organisation
from benchmarks.peers.clickhouse import clickhouse
from benchmarks.peers.duck import duck
from benchmarks.peers.environments import NotThere
from benchmarks.server import Client, web_alone
from events.activity import advance_activity
from service.commands.changes import load_change
from service.intake.store import Use, store
from service.queries.adoption import ChangeUsage
from service.queries.view import view
from service.takehold import Takehold

BUDGET = 3.0
"""The same answer through the API may take so many times the bare arithmetic."""

FASTER_THAN_DUCKDB = 40
FASTER_THAN_CLICKHOUSE = 12

Series = tuple[Ints, Ints]
"""Monthly users and adopted, each [days, roles]."""


def run(bench: Bench) -> Report:
    """On SQLite; the plain SQL on both engines, which at the large size would take the rest of the day."""
    if bench.quick:
        drawn = (20_000, 300, 3, 40)
    else:
        drawn = (10_000_000, 100_000, 40, 180) if bench.large else (1_000_000, 20_000, 10, 180)
    here = crowd(*drawn, last_day=datetime.now(UTC).date().toordinal() - 1)
    takehold, key = organisation(bench, "sqlite", role="viewer")
    report = Report([], [])
    try:
        fill(takehold, here)
        # Without a worker: it would raise and fail to send reminders to thousands whom no directory knows, and what the
        # web process keeps is dropped with each.
        with web_alone(takehold.settings.database_url, takehold.settings.keys, processes=1) as (port, _):

            def ask() -> Series:
                return _over_http(port, key, here)

            kernel = Kernel(here)
            first = seconds(ask)
            note = f"{_size(here)}; the first time, with nothing kept, {first * 1000:,.0f} ms"
            rounds = 1 if bench.quick else 6
            through = partial(_through_function, takehold, here)
            _beside(report, rounds, here, "query function", through, "bare kernel", kernel, None)
            _beside(report, rounds, here, "HTTP", ask, "bare kernel", kernel, BUDGET, note)
            one_by_one = partial(_role_by_role, port, key, here)
            _beside(report, rounds, here, "HTTP role by role", one_by_one, "bare kernel", kernel, None)
            use = partial(_use, takehold)
            _beside(report, rounds, here, "HTTP after use came in", ask, "bare kernel", kernel, None, before=use)
            _beside_databases(bench, report, here, ask)
            for engine in ENGINES:
                if bench.large:
                    report.left_out.append(f"adoption: COUNT(DISTINCT) on {engine}, measured at the default size")
                else:
                    _beside_sql(bench, report, here, ask, engine)
        return report
    finally:
        takehold.close()


def _over_http(port: int, key: str, crowd: Crowd) -> Series:
    """Every role in one answer: both series, and all else the API says about adoption."""
    return _columns(one["series"] for one in _get(port, key, f"adoption/roles?{_span(crowd)}")["roles"])


def _role_by_role(port: int, key: str, crowd: Crowd) -> Series:
    """The same by one request a role."""
    names = (f"role{number}" for number in range(crowd.roles))
    return _columns(_get(port, key, f"adoption?role={name}&{_span(crowd)}")["series"] for name in names)


def _use(takehold: Takehold) -> None:
    """Somebody uses it today, and the worker follows: what the web process kept of everybody's use is out of date."""
    now = time.time_ns() // 1_000_000
    assert store(takehold, "default", SOURCE, [Use(str(now), CHANGE, "feature1", "newcomer", now)], now) == [True]
    assert advance_activity(takehold.database, "default", takehold.workspace().zone)


def _get(port: int, key: str, path: str) -> Any:
    # Connected anew: while the peers are filled and measured, the server closes a connection that says nothing.
    client = Client(port, key)
    try:
        return client.get(f"/changes/{CHANGE}/{path}")
    finally:
        client.close()


def _span(crowd: Crowd) -> str:
    last = date.fromordinal(crowd.first_day + crowd.days - 1)
    return f"from={date.fromordinal(crowd.first_day)}&to={last}"


def _columns(answers: Iterable[Any]) -> Series:
    told = list(answers)
    monthly, adopted = ([[point[name] for point in series] for series in told] for name in ("mau", "adopted"))
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


class _Peer(Protocol):
    def monthly(self) -> Ints: ...

    def adopted(self) -> Ints: ...


def _beside(
    report: Report,
    rounds: int,
    crowd: Crowd,
    way: str,
    ask: Callable[[], Series],
    name: str,
    peer: _Peer,
    budget: float | None,
    note: str = "",
    before: Callable[[], object] = lambda: None,
) -> None:
    """before: what happens each time before we are asked, and takes none of our time."""

    def mine(_: int) -> float:
        before()
        return seconds(ask)

    def theirs() -> Series:
        return peer.monthly(), peer.adopted()

    before()
    for own, other in zip(ask(), theirs(), strict=True):
        assert np.array_equal(own, other), name
    report.checked.append(f"adoption: {way} = {name}, {crowd.days} days x {crowd.roles} roles, both series")
    pairs = paired(rounds, mine, lambda _: seconds(theirs))
    figure = f"MAU and adopted series, all roles, {way}"
    report.figures.append(compare(figure, name, pairs, "ms", budget=budget, note=note))


def _beside_databases(bench: Bench, report: Report, crowd: Crowd, ask: Callable[[], Series]) -> None:
    rounds = 1 if bench.quick else 6
    with duck(crowd) as ducks:
        _beside(report, rounds, crowd, "HTTP", ask, "DuckDB", ducks, 1 / FASTER_THAN_DUCKDB)
        _beside_windows(report, 1 if bench.quick else 4, crowd, ask, "COUNT(DISTINCT), DuckDB", ducks.of_window)
        try:
            if not bench.peers:
                raise NotThere("not asked for")
            with clickhouse(crowd, ducks, bench.folder) as states:
                _beside(report, rounds, crowd, "HTTP", ask, "chdb, bitmap states", states, 1 / FASTER_THAN_CLICKHOUSE)
        except NotThere as reason:
            report.left_out.append(f"adoption: chdb, {reason}")


def _beside_windows(
    report: Report,
    rounds: int,
    crowd: Crowd,
    ask: Callable[[], Series],
    name: str,
    of_window: Callable[[int], tuple[list[int], list[int]]],
) -> None:
    # Each with a whole window behind it; every day costs about the same, so all days cost days / 3 times as much.
    days = [crowd.days // 4, crowd.days // 2, crowd.days - 1]

    def theirs() -> list[tuple[list[int], list[int]]]:
        return [of_window(day) for day in days]

    monthly, adopted = ask()
    assert theirs() == [(monthly[day].tolist(), adopted[day].tolist()) for day in days]
    report.checked.append(f"adoption: HTTP = {name}, {len(days)} days x {crowd.roles} roles")
    scale = crowd.days / len(days)
    pairs = paired(rounds, lambda _: seconds(ask), lambda _: seconds(theirs) * scale)
    note = f"the peer: {len(days)} of {crowd.days} days measured, scaled"
    report.figures.append(compare("MAU and adopted series, all roles, HTTP", name, pairs, "ms", note=note))


def _beside_sql(bench: Bench, report: Report, crowd: Crowd, ask: Callable[[], Series], engine: Engine) -> None:
    url = bench.fresh(engine)
    fill_plain(engine, url, crowd)
    with sql(engine, url, crowd) as plain:
        rounds = 1 if bench.quick else 4
        name = f"COUNT(DISTINCT), {engine}"
        _beside_windows(report, rounds, crowd, ask, name, lambda day: (plain.monthly(day), plain.adopted(day)))
