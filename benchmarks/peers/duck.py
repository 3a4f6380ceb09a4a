"""DuckDB over a table of the same observations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.crowd import DAY_MS, ENOUGH, WINDOW, Crowd, Ints

_CHUNK = 1_000_000
_MEMORY = "4GB"

_STEPS = f"""
WITH used AS (SELECT DISTINCT account_id, CAST(occurred_ms // {DAY_MS} AS integer) - $first AS day FROM observation),
spans AS (
    SELECT account_id, day AS since,
        least(lag(day, $before, -{WINDOW}) OVER by_day + {WINDOW}, lead(day, 1, $days) OVER by_day) AS until
    FROM used WINDOW by_day AS (PARTITION BY account_id ORDER BY day)
),
counted AS (SELECT role, since, until FROM spans JOIN role_of USING (account_id) WHERE since < until)
SELECT role, day, CAST(sum(step) AS bigint) AS step FROM (
    SELECT role, since AS day, count(*) AS step FROM counted GROUP BY ALL
    UNION ALL SELECT role, until, -count(*) FROM counted GROUP BY ALL
) GROUP BY ALL
"""
"""Who counts from a day of use on does so until a next use takes over, or until the use that completes the number is
too old: one pass over the days of use in place of one for each window."""

_WINDOW = f"""
SELECT role, count(*) FROM (
    SELECT role, account_id FROM observation JOIN role_of USING (account_id)
    WHERE occurred_ms >= $since AND occurred_ms < $until
    GROUP BY ALL HAVING count(DISTINCT occurred_ms // {DAY_MS}) >= $enough
) GROUP BY ALL
"""
_WINDOW_ONCE = """
SELECT role, count(DISTINCT account_id) FROM observation JOIN role_of USING (account_id)
WHERE occurred_ms >= $since AND occurred_ms < $until GROUP BY ALL
"""


class Duck:
    """In memory, with as many threads as it likes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, crowd: Crowd) -> None:
        self._connection, self._crowd = connection, crowd

    def monthly(self) -> Ints:
        """[days, roles]: distinct people in the 28 days up to each day."""
        return self._series(1)

    def adopted(self) -> Ints:
        """[days, roles]: people with use on 4 days of the 28 up to each day."""
        return self._series(ENOUGH)

    def save(self, observations: Path, roles: Path) -> None:
        """Both tables as Parquet, for one that has no other way in."""
        for table, path in (("observation", observations), ("role_of", roles)):
            self._connection.execute(f"COPY {table} TO '{path}' (FORMAT parquet)")

    def of_window(self, row: int) -> tuple[list[int], list[int]]:
        """By role: both figures of one day, as an analyst would ask for them."""
        since, until = self._crowd.ms(max(0, row + 1 - WINDOW)), self._crowd.ms(row + 1)
        span = {"since": since, "until": until}
        return self._by_role(_WINDOW_ONCE, span), self._by_role(_WINDOW, span | {"enough": ENOUGH})

    def _by_role(self, statement: str, values: dict[str, int]) -> list[int]:
        found = dict(self._connection.execute(statement, values).fetchall())
        return [found.get(role, 0) for role in range(self._crowd.roles)]

    def _series(self, enough: int) -> Ints:
        first = self._crowd.ms(0) // DAY_MS
        values = {"first": first, "before": enough - 1, "days": self._crowd.days}
        found = self._connection.execute(_STEPS, values).fetchnumpy()
        steps = np.zeros((self._crowd.days + 1, self._crowd.roles), np.int64)
        steps[found["day"], found["role"]] = found["step"]
        return steps.cumsum(axis=0)[:-1]


@contextmanager
def duck(crowd: Crowd) -> Iterator[Duck]:
    """Filled in chunks from the crowd's own columns."""
    with closing(duckdb.connect(":memory:", config={"memory_limit": _MEMORY})) as connection:
        connection.execute("CREATE TABLE observation (account_id integer, feature_id tinyint, occurred_ms bigint)")
        for start in range(0, len(crowd.account), _CHUNK):
            some = slice(start, start + _CHUNK)
            columns = {"a": crowd.account[some], "f": crowd.feature[some], "ms": crowd.occurred_ms[some]}
            connection.register("columns", columns)
            connection.execute("INSERT INTO observation SELECT a, f, ms FROM columns")
        connection.register("roles", {"account": np.arange(1, crowd.people + 1), "role": crowd.role})
        as_table = "SELECT account::integer AS account_id, role::integer AS role FROM roles"
        connection.execute(f"CREATE TABLE role_of AS {as_table}")
        yield Duck(connection, crowd)
