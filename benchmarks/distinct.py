"""What an analyst would write instead: COUNT(DISTINCT) over the raw rows, each day's trailing window anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Protocol

from benchmarks.crowd import DAY_MS, ENOUGH, WINDOW, Crowd
from benchmarks.engines import Engine, plain_postgres, plain_sqlite

_FROM = (
    "FROM usage u JOIN role_of r ON r.account_id = u.account_id"
    " WHERE u.workspace_id = 'default' AND u.k >= {mark} AND u.k < {mark}"
)
"""By key, which begins with the time: the primary key serves it, no other index would serve it better."""

_MONTHLY = f"SELECT r.role, count(DISTINCT u.account_id) {_FROM} GROUP BY r.role"
_ADOPTED = (
    f"SELECT role, count(*) FROM (SELECT r.role AS role, u.account_id {_FROM}"
    f" GROUP BY r.role, u.account_id HAVING count(DISTINCT u.occurred_ms / {DAY_MS}) >= {ENOUGH}) adopted GROUP BY role"
)


class _Connection(Protocol):
    def execute(self, statement: Any, values: Sequence[Any]) -> Any: ...


class Sql:
    """One statement answers all roles of one day."""

    def __init__(self, connection: _Connection, mark: str, crowd: Crowd) -> None:
        self._connection, self._crowd = connection, crowd
        self._monthly, self._adopted = _MONTHLY.format(mark=mark), _ADOPTED.format(mark=mark)

    def monthly(self, row: int) -> list[int]:
        """By role: distinct people in the 28 days that end with a day."""
        return self._by_role(self._monthly, row)

    def adopted(self, row: int) -> list[int]:
        """By role: people with use on 4 days of the 28 that end with a day."""
        return self._by_role(self._adopted, row)

    def _by_role(self, statement: str, row: int) -> list[int]:
        ends = (self._crowd.ms(max(0, row + 1 - WINDOW)), self._crowd.ms(row + 1))
        found = dict(self._connection.execute(statement, [ms.to_bytes(6, "big") for ms in ends]).fetchall())
        return [found.get(role, 0) for role in range(self._crowd.roles)]


@contextmanager
def sql(engine: Engine, url: str, crowd: Crowd) -> Iterator[Sql]:
    """Over the tables that `fill_plain` filled."""
    with closing(plain_sqlite(url) if engine == "sqlite" else plain_postgres(url)) as connection:
        yield Sql(connection, "?" if engine == "sqlite" else "%s", crowd)
