"""The least that any program must do to store rows durably: the floor we are measured against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

from sqlalchemy import Table

from benchmarks.engines import Engine, plain_postgres, plain_sqlite

Insert = Callable[[Sequence[tuple[object, ...]]], None]
"""Stores rows, in the order of the table's columns, in one durable transaction."""

_POSTGRES_TYPES = {
    "BIGINT": "int8",
    "INTEGER": "int4",
    "VARCHAR": "text",
    "TEXT": "text",
    "BLOB": "bytea",
    "CHAR": "uuid",
    "DATETIME": "timestamptz",
}


def each(insert: Insert, calls: Iterable[Sequence[tuple[object, ...]]]) -> None:
    """One transaction after the other."""
    for rows in calls:
        insert(rows)


@contextmanager
def executemany(engine: Engine, url: str, table: Table) -> Iterator[Insert]:
    """One prepared statement for all rows of a call."""
    names = [column.name for column in table.columns]
    mark = "?" if engine == "sqlite" else "%s"
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
    if engine == "sqlite":
        with closing(plain_sqlite(url)) as plain:

            def insert(rows: Sequence[tuple[object, ...]]) -> None:
                plain.execute("BEGIN IMMEDIATE")
                plain.executemany(statement, rows)
                plain.execute("COMMIT")

            yield insert
        return
    with closing(plain_postgres(url)) as server:

        def insert_there(rows: Sequence[tuple[object, ...]]) -> None:
            server.cursor().executemany(statement, rows)
            server.commit()

        yield insert_there


@contextmanager
def copy(url: str, table: Table) -> Iterator[Insert]:
    """PostgreSQL's fastest form: COPY, binary."""
    names = ", ".join(column.name for column in table.columns)
    types = [_POSTGRES_TYPES[str(column.type).partition("(")[0]] for column in table.columns]
    with closing(plain_postgres(url)) as server:

        def insert(rows: Sequence[tuple[object, ...]]) -> None:
            with server.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)") as into:
                into.set_types(types)
                for row in rows:
                    into.write_row(row)
            server.commit()

        yield insert
