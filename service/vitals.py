"""What `takehold doctor` looks at in the stores' own rows: followers, workers, leases, months, backups, clocks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, func, select

from events.partitions import unmade
from events.tables import EVENT
from service.lag import lags
from service.settings import Settings
from service.worker.chores import BACKUP, STORE, TASKS
from service.worker.clock import store_now
from service.worker.lease import LEASE_TIME
from service.worker.tables import CHORE, LEASE

_SKEW = timedelta(seconds=5)
_LATE = timedelta(seconds=60)
"""A worker follows every second, and a request helps along what it recorded itself."""
_UNSEEN = timedelta(seconds=120)
"""Rounds come at most 30 s apart and are told of at most every 30 s; twice that is no chance."""
_BACKUP_AGE = timedelta(days=7)


@dataclass(frozen=True)
class Finding:
    """One thing looked at. note: nothing is wrong, and yet whoever runs it should know."""

    name: str
    ok: bool
    detail: str
    note: bool = False


def vitals(connection: Connection, workspaces: Iterable[str], now: datetime) -> list[Finding]:
    """Everything, in one snapshot; `now` by this machine's clock."""
    clock = store_now(connection)
    chores = {(row.workspace_id, row.name): row for row in connection.execute(select(CHORE)).all()}
    return [
        _clock(connection, clock, now),
        *_followers(connection, clock),
        *(_worker(chores, workspace, clock) for workspace in workspaces),
        *_leases(connection, clock),
        *_months(connection, now),
        _backup(connection, chores.get((STORE, BACKUP)), clock),
    ]


def heads(settings: Settings) -> Finding:
    """Where signed heads of the log are kept outside."""
    kept = [str(place) for place in (settings.heads_file, settings.heads_webhook and "webhook") if place]
    if not kept:
        return Finding("signed heads", True, "kept nowhere outside; a log that was cut would pass for whole", note=True)
    file = settings.heads_file
    if file and not os.access(file if file.exists() else file.parent, os.W_OK):
        return Finding("signed heads", False, f"{file} cannot be written")
    return Finding("signed heads", True, f"kept outside: {', '.join(kept)}")


def _clock(connection: Connection, clock: datetime, now: datetime) -> Finding:
    if connection.dialect.name == "sqlite":
        return Finding("clock", True, "this machine's, for all processes")
    skew = (now - clock).total_seconds()
    return Finding("clock", abs(skew) <= _SKEW.total_seconds(), f"{skew:+.1f} s against the database's")


def _followers(connection: Connection, now: datetime) -> list[Finding]:
    found = lags(connection)
    bad = [lag for lag in found if lag.stopped or lag.seconds(now) > _LATE.total_seconds()]
    findings = [
        Finding(
            f"follower {lag.follower} of {lag.workspace_id}",
            False,
            f"{lag.behind:,} behind, the oldest for {_told(timedelta(seconds=lag.seconds(now)))}"
            + (f"; stopped: {lag.stopped}; mend it, then run: takehold rebuild {lag.follower}" if lag.stopped else ""),
        )
        for lag in bad
    ]
    if findings:
        return findings
    waiting = max((lag.behind for lag in found), default=0)
    oldest = max((lag.seconds(now) for lag in found), default=0.0)
    return [
        Finding("followers", True, f"{len(found)} follow; at most {waiting:,} behind, the oldest for {oldest:.0f} s")
    ]


def _worker(chores: dict[tuple[str, str], Row[*tuple[object, ...]]], workspace: str, now: datetime) -> Finding:
    name = f"worker for {workspace}"
    told, ok = [], True
    for task in TASKS:
        row = chores.get((workspace, task))
        if row is None or row.at is None:
            ok = False
            told.append(f"{task}: never" + (f", failed {row.failures} times ({row.detail})" if row else ""))
            continue
        age = now - row.at
        ok = ok and age <= _UNSEEN
        told.append(f"{task}: {_told(age)} ago" + (f", failed {row.failures} times" if row.failures else ""))
    return Finding(name, ok, "; ".join(told))


def _leases(connection: Connection, now: datetime) -> list[Finding]:
    findings = []
    for row in connection.execute(select(LEASE).order_by(LEASE.c.workspace_id, LEASE.c.task)):
        left = row.until - now
        # One taken by a clock that ran ahead keeps every worker out until then.
        ok = left <= LEASE_TIME + _SKEW
        age = _told(max(timedelta(), LEASE_TIME - left))
        detail = f"held by {row.holder}, taken {age} ago" if left > timedelta() else f"free, since {_told(-left)}"
        findings.append(Finding(f"lease {row.task} of {row.workspace_id}", ok, detail))
    return findings


def _months(connection: Connection, now: datetime) -> list[Finding]:
    if connection.dialect.name == "sqlite":
        return []
    name = "months of use"
    lacking, left = unmade(connection, now)
    if lacking:
        why = "no worker could make it: see takehold_worker_failures of partition, and whether its user owns usage"
        return [Finding(name, False, f"not there: {', '.join(lacking)}; {why}")]
    if left:
        return [Finding(name, True, f"usage_default holds rows of {', '.join(left)} and keeps it", note=True)]
    return [Finding(name, True, "this one and the next are there")]


def _backup(connection: Connection, row: Row[*tuple[object, ...]] | None, now: datetime) -> Finding:
    if row is None:
        oldest = connection.scalar(select(func.min(EVENT.c.recorded_at)))
        # Nobody has a week to lose yet.
        young = oldest is None or now - oldest <= _BACKUP_AGE
        return Finding(
            "backup", young, "none was verified yet; run: takehold backup FILE, then with --verify", note=True
        )
    age = now - row.at
    return Finding("backup", age <= _BACKUP_AGE, f"the last verified, {row.detail}, is of {_told(age)} ago")


def _told(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
