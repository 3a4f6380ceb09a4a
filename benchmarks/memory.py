"""The most memory that web and worker ever hold under ingest, and a rebuild of the activity sets over all of them."""

from __future__ import annotations

import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice

from benchmarks.crowd import crowd
from benchmarks.crowd_stores import intern, observe
from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Figure, Report
from benchmarks.ingest import await_follower, organisation, post_all
from benchmarks.load import SIZE, batches
from benchmarks.processes import peak_megabytes
from benchmarks.server import serving_apart, stores, takehold_command

WEB_MEGABYTES = 300.0
REBUILD_MEGABYTES = 1024.0
_CLIENTS = 4
_LOOK_SECONDS = 0.05
_REBUILD_SECONDS = 1200


def run(bench: Bench) -> Report:
    """Ingest on both engines, the rebuild on SQLite; on Linux only, where the system tells what a process held."""
    report = Report([], [])
    for engine in ENGINES:
        _ingest(bench, engine, report)
    _rebuild(bench, report)
    return report


def _ingest(bench: Bench, engine: Engine, report: Report) -> None:
    count = 3 if bench.quick else 2000 if bench.large else 400
    takehold, key = organisation(bench, engine)
    with (
        closing(takehold),
        serving_apart(takehold.settings.database_url, takehold.settings.keys, processes=1) as service,
    ):
        made, stored = batches(count), 0
        # Made as they are posted: all at once they would take many times the memory that is measured.
        while some := [batch.body for batch in islice(made, 20 * _CLIENTS)]:
            stored += post_all(service.port, key, _CLIENTS, some)
        await_follower(takehold.database)
        assert stored == count * SIZE, stored
        report.checked.append(f"memory, {engine}: {stored:,} posted = acknowledged = read by the follower")
        note = f"{stored:,} observations, {_CLIENTS} clients"
        _tell(report, f"web process under ingest, {engine}", service.web, WEB_MEGABYTES, note)
        _tell(report, f"worker under ingest, {engine}", service.worker, None, note)


def _rebuild(bench: Bench, report: Report) -> None:
    if bench.quick:
        drawn = (3000, 300, 3, 40)
    else:
        drawn = (10_000_000, 100_000, 40, 180) if bench.large else (1_000_000, 20_000, 10, 180)
    here = crowd(*drawn, last_day=datetime.now(UTC).date().toordinal() - 1)
    takehold, _ = organisation(bench, "sqlite")
    settings = takehold.settings
    intern(takehold, here)
    takehold.close()
    observe("sqlite", settings.database_url, here)
    command, environment = takehold_command("rebuild", "activity"), stores(settings.database_url, settings.keys)
    # What waits is folded first, by the same command; then all of it once more, and both are compared.
    start = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peak = None
    try:
        while process.poll() is None:
            if time.monotonic() - start > _REBUILD_SECONDS:
                raise RuntimeError("the rebuild did not end")
            peak = peak_megabytes(process.pid) or peak
            time.sleep(_LOOK_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
        said = process.communicate()[0]
    assert process.returncode == 0, said
    report.checked.append(f"memory: {' '.join(said.split())}")
    took = time.monotonic() - start
    note = f"{len(here.account):,} observations, {here.days} days; folded and rebuilt in {took:,.0f} s"
    _add(report, "`takehold rebuild activity`, SQLite", peak, REBUILD_MEGABYTES, note)


def _tell(report: Report, name: str, process: int, budget: float | None, note: str) -> None:
    _add(report, name, peak_megabytes(process), budget, note)


def _add(report: Report, name: str, peak: float | None, budget: float | None, note: str) -> None:
    if peak is None:
        report.left_out.append(f"memory of {name}: this system does not tell it")
    else:
        of, peer = (budget, "the budget") if budget else (WEB_MEGABYTES, "the web's budget")
        report.figures.append(Figure(name, "MB", peak, peer, of, peak / of, 1.0 if budget else None, note))
