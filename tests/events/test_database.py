"""What a store promises to readers and writers, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from events.appending import append
from events.connect import open_database
from events.database import Database
from events.log import read
from events.tables import EVENT
from tests.events.cast import CHAMPION, HOME, fact, tell


@pytest.mark.parametrize("url", ["", "mysql://host/name", "takehold.db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///"):
        open_database(url)


def test_a_reader_sees_one_snapshot_whatever_is_committed_meanwhile(database: Database) -> None:
    tell(database, fact())
    count = select(func.count()).select_from(EVENT)
    with database.read() as connection:
        assert connection.scalar(count) == 1
        tell(database, fact())
        assert connection.scalar(count) == 1
    with database.read() as connection:
        assert connection.scalar(count) == 2


def test_a_reader_does_not_see_what_is_not_committed_and_does_not_wait_for_it(database: Database) -> None:
    with database.write("events", HOME) as connection:
        append(connection, HOME, [fact()], CHAMPION)
        with database.read() as reader:
            assert read(reader, HOME) == []


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), database.read() as connection:
        connection.execute(text("DELETE FROM follower"))


def test_a_reader_after_a_writer_that_failed_and_a_writer_after_a_reader_that_failed_find_a_clean_connection(
    database: Database,
) -> None:
    with pytest.raises(DBAPIError), database.write("events", HOME) as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    with pytest.raises(DBAPIError), database.read() as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    assert len(tell(database, fact())) == 1
    with database.read() as connection:
        assert len(read(connection, HOME)) == 1


def test_housekeeping_loses_nothing(database: Database) -> None:
    tell(database, fact())
    database.maintain()
    tell(database, fact())
    with database.read() as connection:
        assert len(read(connection, HOME)) == 2


def test_a_closed_store_can_be_opened_again(database_url: str) -> None:
    for expected in (1, 2):
        database = open_database(database_url)
        tell(database, fact())
        with database.read() as connection:
            assert len(read(connection, HOME)) == expected
        database.close()


def test_on_postgresql_writers_of_other_workspaces_and_other_logs_do_not_wait(
    database: Database, impatient: Database
) -> None:
    if database.engine.dialect.name == "sqlite":
        # One file has one writer.
        return
    with database.write("events", HOME), impatient.write("usage", HOME), impatient.write("events", "elsewhere"):
        tell(impatient, fact(), workspace="a third")
