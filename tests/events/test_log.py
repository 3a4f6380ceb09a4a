"""The contract of the event log, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, StatementError

from events.appending import Conflict, append
from events.database import Database
from events.envelope import Who
from events.log import head, last_of, position_at, read, stream_of
from events.types.people import PersonConfirmed, PersonRegistered
from tests.events.cast import CHAMPION, HOME, NOON, fact, rows_of, tell

ALICE = UUID("00000000-0000-4000-8000-00000000a11c")
BOB = UUID("00000000-0000-4000-8000-000000000b0b")


@contextmanager
def undone(database: Database) -> Iterator[Connection]:
    """A transaction that is rolled back."""
    with suppress(KeyError), database.write("events", HOME) as connection:
        yield connection
        raise KeyError("changed my mind")


def test_positions_have_no_gaps_over_several_appends_even_after_one_was_rolled_back(database: Database) -> None:
    tell(database, fact(), fact())
    with undone(database) as connection:
        assert [one.position for one in append(connection, HOME, [fact(), fact()], CHAMPION)] == [3, 4]
    told = tell(database, fact(), fact(), fact())
    assert [one.position for one in told] == [3, 4, 5]
    assert [row.position for row in rows_of(database)] == [1, 2, 3, 4, 5]


def test_several_appends_in_one_transaction_follow_each_other(database: Database) -> None:
    with database.write("events", HOME) as connection:
        append(connection, HOME, [fact(ALICE)], CHAMPION)
        append(connection, HOME, [fact(ALICE)], CHAMPION)
    assert [(row.position, row.stream_version) for row in rows_of(database)] == [(1, 1), (2, 2)]


def test_every_stream_counts_its_own_versions(database: Database) -> None:
    tell(database, fact(ALICE), fact(BOB), fact(ALICE))
    tell(database, fact(BOB), fact(ALICE))
    with database.read() as connection:
        alices, bobs = stream_of(connection, HOME, ALICE), stream_of(connection, HOME, BOB)
        assert stream_of(connection, HOME, uuid4()) == []
    assert [(one.position, one.stream_version) for one in alices] == [(1, 1), (3, 2), (5, 3)]
    assert [(one.position, one.stream_version) for one in bobs] == [(2, 1), (4, 2)]


def test_the_last_event_of_each_stream_is_found_and_only_of_this_workspace(database: Database) -> None:
    told = tell(database, fact(ALICE), fact(BOB), fact(ALICE), fact())
    tell(database, fact(ALICE), fact(ALICE), fact(ALICE), workspace="elsewhere")
    with database.read() as connection:
        assert last_of(connection, HOME, [ALICE, BOB, uuid4()]) == {ALICE: told[2], BOB: told[1]}
        assert last_of(connection, HOME, []) == {}


def test_what_is_read_is_what_append_returned(database: Database) -> None:
    told = tell(database, fact(ALICE, PersonRegistered(person=ALICE)), fact(BOB))
    with database.read() as connection:
        assert read(connection, HOME) == told
        assert stream_of(connection, HOME, ALICE) == told[:1]
        assert head(connection, HOME) == (2, told[1].hash, told[1].recorded_at)


def test_reading_goes_on_after_a_position_and_stops_at_the_limit_the_types_and_the_stream(database: Database) -> None:
    registered, confirmed = PersonRegistered(person=ALICE), PersonConfirmed(person=ALICE)
    tell(database, fact(ALICE, registered), fact(BOB), fact(ALICE, confirmed), fact(BOB), fact(ALICE))
    with database.read() as connection:
        assert [one.position for one in read(connection, HOME, after=2, limit=2)] == [3, 4]
        assert [one.event for one in read(connection, HOME, types=["person.registered", "person.confirmed"])] == [
            registered,
            confirmed,
        ]
        assert [one.position for one in read(connection, HOME, after=1, stream=ALICE)] == [3, 5]
        assert read(connection, HOME, after=5) == []


def test_a_stream_that_is_not_at_the_expected_version_takes_nothing(database: Database) -> None:
    tell(database, fact(ALICE))
    with pytest.raises(Conflict, match="version 1, expected 0"), database.write("events", HOME) as connection:
        append(connection, HOME, [fact(BOB), fact(ALICE)], CHAMPION, {ALICE: 0})
    with pytest.raises(Conflict, match="version 0, expected 1"), database.write("events", HOME) as connection:
        append(connection, HOME, [fact(ALICE)], CHAMPION, {BOB: 1})
    assert len(rows_of(database)) == 1


def test_a_stream_at_the_expected_version_takes_the_events(database: Database) -> None:
    with database.write("events", HOME) as connection:
        append(connection, HOME, [fact(ALICE), fact(ALICE)], CHAMPION, {ALICE: 0})
    with database.write("events", HOME) as connection:
        append(connection, HOME, [fact(ALICE)], CHAMPION, {ALICE: 2, BOB: 0})
    assert [row.stream_version for row in rows_of(database)] == [1, 2, 3]


def test_appending_nothing_is_allowed_and_stores_nothing(database: Database) -> None:
    assert tell(database) == []
    assert rows_of(database) == []


UPSERT = (
    "INSERT INTO event SELECT * FROM event WHERE true"
    " ON CONFLICT (workspace_id, position) DO UPDATE SET actor = 'somebody else'"
)
OWN_WAY = {"sqlite": "INSERT OR REPLACE INTO event SELECT * FROM event", "postgresql": "TRUNCATE event"}


def test_the_database_itself_refuses_to_change_a_fact(database: Database) -> None:
    tell(database, fact())
    before = rows_of(database)
    for change in (
        "UPDATE event SET actor = 'somebody else'",
        "UPDATE event SET data = '{}' WHERE position = 1",
        "DELETE FROM event",
        UPSERT,
        OWN_WAY[database.engine.dialect.name],
    ):
        with pytest.raises(DBAPIError, match="events are never changed"), database.write("events", HOME) as connection:
            connection.execute(text(change))
        assert rows_of(database) == before


def test_another_workspace_has_positions_versions_and_ids_of_its_own_and_is_not_seen(database: Database) -> None:
    shared = fact(ALICE, event_id=uuid4())
    tell(database, shared, fact(ALICE))
    told = tell(database, shared, workspace="elsewhere")
    assert [(one.position, one.stream_version, one.workspace_id) for one in told] == [(1, 1, "elsewhere")]
    with database.read() as connection:
        assert len(read(connection, HOME)) == 2
        assert read(connection, "elsewhere") == told
        assert stream_of(connection, "elsewhere", ALICE) == told
        assert position_at(connection, "nowhere", datetime.now(UTC)) == 0
        assert head(connection, "nowhere")[0] == 0


def test_recorded_at_never_steps_back_when_the_clock_does(database: Database) -> None:
    instants = []
    for clock in (NOON, NOON - timedelta(hours=1), NOON + timedelta(microseconds=1)):
        with time_machine.travel(clock, tick=False):
            instants += [one.recorded_at for one in tell(database, fact())]
    assert instants == [NOON, NOON, NOON + timedelta(microseconds=1)]
    assert [row.recorded_at for row in rows_of(database)] == instants


def test_the_position_at_an_instant_is_the_last_one_recorded_up_to_it(database: Database) -> None:
    for minutes in (0, 10):
        with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
            tell(database, fact(), fact())
    with database.read() as connection:
        asked = {
            timedelta(microseconds=-1): 0,
            timedelta(0): 2,
            timedelta(minutes=10, microseconds=-1): 2,
            timedelta(minutes=10): 4,
            timedelta(days=1): 4,
        }
        assert {since: position_at(connection, HOME, NOON + since) for since in asked} == asked
        # 13:00 in Berlin is noon in UTC.
        berlin = datetime.fromisoformat("2026-03-02T13:00:00+01:00")
        assert position_at(connection, HOME, berlin) == 2


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="no zone"):
        fact(at=datetime(2026, 3, 2, 12))  # noqa: DTZ001
    with database.read() as connection, pytest.raises(StatementError):
        position_at(connection, HOME, datetime(2026, 3, 2, 12))  # noqa: DTZ001


def test_instants_keep_their_microseconds(database: Database) -> None:
    at = datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC)
    tell(database, fact(at=at))
    assert rows_of(database)[0].occurred_at == at


def test_an_event_keeps_who_said_it_how_it_came_and_what_caused_it(database: Database) -> None:
    importer = Who(actor="system", via="import", import_id=uuid4(), correlation=uuid4(), causation=uuid4())
    with database.write("events", HOME) as connection:
        append(connection, HOME, [fact()], importer)
    tell(database, fact())
    imported, said = rows_of(database)
    assert {name: getattr(imported, name) for name in vars(importer)} == vars(importer)
    assert {name: getattr(said, name) for name in vars(CHAMPION)} == vars(CHAMPION)
    assert imported.app_version == version("takehold")
