"""ClickHouse (chdb) over bitmaps by day and feature that it keeps as states, as one who knows it would keep them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.crowd import DAY_MS, ENOUGH, WINDOW, Crowd, Ints
from benchmarks.peers.duck import Duck
from benchmarks.peers.environments import python_of

_END_SECONDS = 30
_MEMORY = 4 * 2**30

_FILL = (
    "CREATE DATABASE bench ENGINE = Atomic",
    "CREATE TABLE bench.activity (day UInt16, feature UInt8, users AggregateFunction(groupBitmap, UInt32))"
    " ENGINE = AggregatingMergeTree ORDER BY (day, feature)",
    "INSERT INTO bench.activity SELECT intDiv(occurred_ms, {day_ms}) - {first}, feature_id,"
    " groupBitmapState(toUInt32(account_id)) FROM file('{observations}', Parquet) GROUP BY 1, 2",
    "CREATE TABLE bench.role_of (account UInt32, role UInt16) ENGINE = MergeTree ORDER BY account",
    "INSERT INTO bench.role_of SELECT account_id, role FROM file('{roles}', Parquet)",
    "CREATE TABLE bench.members (role UInt16, accounts AggregateFunction(groupBitmap, UInt32))"
    " ENGINE = AggregatingMergeTree ORDER BY role",
    "INSERT INTO bench.members SELECT role, groupBitmapState(account) FROM bench.role_of GROUP BY role",
    "OPTIMIZE TABLE bench.activity FINAL",
    "SET max_memory_usage = {memory}",
)

_DAILY = "SELECT day, groupBitmapMergeState(users) AS users FROM bench.activity GROUP BY day"

_MONTHLY = f"""
SELECT last, role, bitmapAndCardinality(seen, accounts) FROM (
    SELECT last, groupBitmapMergeState(users) AS seen FROM ({_DAILY})
    ARRAY JOIN range(day, least(day + {WINDOW}, {{days}})) AS last GROUP BY last
) AS windows CROSS JOIN (SELECT role, groupBitmapMergeState(accounts) AS accounts FROM bench.members GROUP BY role) AS m
"""

_ADOPTED = f"""
SELECT tupleElement(edge, 1) AS day, role, sum(tupleElement(edge, 2)) FROM (
    SELECT account, arrayJoin(arrayFilter(s -> s.1 < s.2, arrayMap(
        i -> (days[i], least(days[i - {ENOUGH - 1}] + {WINDOW}, if(i = length(days), {{days}}, days[i + 1]))),
        range({ENOUGH}, length(days) + 1)))) AS span
    FROM (
        SELECT account, arraySort(groupArray(toUInt32(day))) AS days
        FROM (SELECT day, arrayJoin(bitmapToArray(users)) AS account FROM ({_DAILY}))
        GROUP BY account HAVING length(days) >= {ENOUGH}
    )
) AS spans INNER JOIN bench.role_of AS r ON r.account = spans.account
ARRAY JOIN [(span.1, 1), (span.2, -1)] AS edge GROUP BY day, role
"""
"""Spans in which somebody counts, as DuckDB is asked for them, from the days of each in an array."""


class ClickHouse:
    """In a process of its own, because its pins are not ours."""

    def __init__(self, process: subprocess.Popen[str], crowd: Crowd) -> None:
        self._process, self._crowd = process, crowd

    def monthly(self) -> Ints:
        """[days, roles]: distinct people in the 28 days up to each day."""
        return self._placed(self.query(_MONTHLY.format(days=self._crowd.days)))[:-1]

    def adopted(self) -> Ints:
        """[days, roles]: people with use on 4 days of the 28 up to each day."""
        return self._placed(self.query(_ADOPTED.format(days=self._crowd.days))).cumsum(axis=0)[:-1]

    def query(self, statement: str) -> list[Sequence[int | str]]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(statement) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"chdb ended on: {statement}")
        rows: list[Sequence[int | str]] = json.loads(answer)
        return rows

    def _placed(self, rows: list[Sequence[int | str]]) -> Ints:
        placed = np.zeros((self._crowd.days + 1, self._crowd.roles), np.int64)
        if rows:
            # Its 64-bit numbers come as text.
            day, role, value = np.array(rows).astype(np.int64).T
            placed[day, role] = value
        return placed


@contextmanager
def clickhouse(crowd: Crowd, duck: Duck, folder: Path) -> Iterator[ClickHouse]:
    """Filled with what DuckDB holds. Raises NotThere."""
    python, home = python_of("chdb"), folder / "chdb"
    home.mkdir()
    observations, roles = home / "observations.parquet", home / "roles.parquet"
    duck.save(observations, roles)
    command = [str(python), str(Path(__file__).parent / "chdb_loop.py"), str(home / "store")]
    process = subprocess.Popen(command, env=os.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        theirs = ClickHouse(process, crowd)
        first = crowd.ms(0) // DAY_MS
        told = {"day_ms": DAY_MS, "first": first, "observations": observations, "roles": roles, "memory": _MEMORY}
        for statement in _FILL:
            theirs.query(statement.format(**told))
        yield theirs
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
