"""On PostgreSQL the usage log has a table for each month of use (UTC), so that what is forgotten gives its space back.

Such a table takes the keys that begin with an instant of its month. DEFAULT takes all others: keys without a time, and
those of months that have no table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from psycopg.errors import QueryCanceled
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, OperationalError

from events.database import Busy, Database

DEFAULT = "usage_default"
_OURS = re.compile(r"usage_[1-9][0-9]{3}_(0[1-9]|1[0-2])")
_SECONDS = 1.5
"""At most, for each of up to three statements: all who read or write the log queue up behind one who wants it alone,
and are told to come back later after LOCK_SECONDS. With less than the second after which PostgreSQL ends an autovacuum
that is in the way, a large table could never be had."""


def make_ahead(database: Database, now: datetime) -> list[str]:
    """Makes the tables of the running month and the next two, where they are missing; which it made. Raises Busy.

    A month that DEFAULT holds rows of already, because no worker ran when it began or a clock was far ahead, is left to
    DEFAULT: it takes them just as well until they are forgotten, while moving them would keep everybody waiting.
    """
    if database.engine.dialect.name == "sqlite":
        return []
    made = []
    today = now.astimezone(UTC).date().replace(day=1)
    for month in _months(today, _next(_next(today))):
        # PostgreSQL looks through DEFAULT again, while everybody waits; after this it is in memory.
        with database.read() as connection:
            if month in _there(connection) or _holds_rows(connection, DEFAULT, _within(month)):
                continue
        with _alone(database) as connection:
            # Several workers saw that it is missing; the first of them made it.
            if month not in _there(connection):
                _make(connection, month)
                made.append(_name(month))
    return made


def drop_past(database: Database, before: datetime) -> list[str]:
    """Drops the tables of months that were over before an instant and are empty by now; which it dropped. Raises Busy.

    The newest observation of a workspace is never forgotten, so what it lies in is never empty and seqs go on after it.
    """
    if database.engine.dialect.name == "sqlite":
        return []
    dropped = []
    with database.read() as connection:
        # Else another worker could drop one between its name and the look at it.
        keep_months(connection)
        past = [month for month in _there(connection) if _next(month) <= before.astimezone(UTC).date()]
        # Where many rows were deleted it takes a while to see that none is left.
        empty = [month for month in past if not _holds_rows(connection, _name(month))]
    for month in empty:
        with _alone(database) as connection:
            # An import may have told of that month since, or another worker dropped it.
            if month in _there(connection) and not _holds_rows(connection, _name(month)):
                connection.execute(text(f"DROP TABLE {_name(month)}"))
                dropped.append(_name(month))
    return dropped


def make_room(connection: Connection, first: date, last: date) -> None:
    """Makes the tables of months that many rows are about to come for; inside a write transaction, on an empty log."""
    if connection.dialect.name == "sqlite":
        return
    there = _there(connection)
    for month in _months(first, last):
        if month not in there:
            _make(connection, month)


def unmade(connection: Connection, now: datetime) -> tuple[list[str], list[str]]:
    """Names of the tables that are not there for the running month and the next; on PostgreSQL.

    First those that nothing is known to keep from being made, then those that DEFAULT is left with.
    """
    today = now.astimezone(UTC).date()
    missing = [month for month in _months(today, _next(today)) if month not in _there(connection)]
    left = [month for month in missing if _holds_rows(connection, DEFAULT, _within(month))]
    return [_name(month) for month in missing if month not in left], [_name(month) for month in left]


def keep_months(connection: Connection) -> None:
    """Keeps every table there is until the transaction ends, for one that reads for long; before it reads anything.

    A table that is dropped is gone for older snapshots as well.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(text("LOCK TABLE ONLY usage IN ACCESS SHARE MODE"))


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """A transaction in which nobody else reads or writes the usage log. Raises Busy when that cannot be had soon."""
    try:
        with database.write("work", "", _SECONDS) as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{int(_SECONDS * 1000)}ms'"))
            # It keeps apart several workers, and those who insert, who hold it to their commit. The whole before any
            # part, for that is the order in which they ask as well.
            connection.execute(text("LOCK TABLE ONLY usage IN ACCESS EXCLUSIVE MODE"))
            yield connection
    except IntegrityError:
        raise Busy("DEFAULT has just taken a row of the month") from None
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled):
            raise Busy("it would keep everybody waiting") from None
        raise


def _make(connection: Connection, month: date) -> None:
    first, end = _bounds(month)
    connection.execute(text(f"CREATE TABLE {_name(month)} PARTITION OF usage FOR VALUES FROM ('{first}') TO ('{end}')"))


def _there(connection: Connection) -> list[date]:
    """Months that have a table, oldest first; not what somebody attached under a name of their own."""
    names = connection.scalars(
        text("SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'usage'::regclass")
    )
    return sorted(date.fromisoformat(f"{name[6:].replace('_', '-')}-01") for name in names if _OURS.fullmatch(name))


def _holds_rows(connection: Connection, table: str, which: str = "true") -> bool:
    return bool(connection.scalar(text(f"SELECT EXISTS (SELECT FROM {table} WHERE {which})")))


def _within(month: date) -> str:
    first, end = _bounds(month)
    return f"k >= '{first}' AND k < '{end}'"


def _bounds(month: date) -> tuple[str, str]:
    """The first keys of a month and of the next, as PostgreSQL reads them."""
    first, end = (datetime(one.year, one.month, 1, tzinfo=UTC).timestamp() for one in (month, _next(month)))
    return rf"\x{int(first * 1000):012x}", rf"\x{int(end * 1000):012x}"


def _name(month: date) -> str:
    return f"usage_{month:%Y_%m}"


def _months(first: date, last: date) -> Iterator[date]:
    """The first day of each month from the one of a day to that of another."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = _next(month)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
